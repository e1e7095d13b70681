import { QueryCache, QueryClient } from "@tanstack/react-query";

import { RequestFailed, SignedOut } from "../fhir/client.ts";

/** Server state lives only here, and nowhere longer than the session that asked for it. */
export function makeQueryClient(onSignedOut: () => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (error instanceof SignedOut) onSignedOut();
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 20_000,
        gcTime: 5 * 60_000,
        retry: (failures, error) => failures < 1 && !(error instanceof SignedOut) && !(error instanceof RequestFailed && error.status < 500),
        retryDelay: 400,
        networkMode: "always",
      },
    },
  });
}
