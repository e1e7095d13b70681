import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useState } from "react";

import { TenantContext } from "../fhir/tenant.ts";
import { makeQueryClient } from "./queryClient.ts";
import { makeRouter } from "./router.tsx";
import { setSession } from "./sessionChannel.ts";

/** The staff app of one tenant, whose name stands first in the URL. */
export function App({ tenant }: { tenant: string }) {
  const [client] = useState(() => {
    const made = makeQueryClient(() => setSession(made, tenant, null));
    return made;
  });
  const [router] = useState(() => makeRouter(tenant));
  return (
    <TenantContext value={tenant}>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </TenantContext>
  );
}
