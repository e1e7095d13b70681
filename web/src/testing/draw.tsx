import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import axe from "axe-core";
import type { ReactNode } from "react";

import { TenantContext } from "../fhir/tenant.ts";

/** Draws a component as a page of the tenant `demo` would. */
export function draw(node: ReactNode) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return render(
    <TenantContext value="demo">
      <QueryClientProvider client={client}>{node}</QueryClientProvider>
    </TenantContext>,
  );
}

/** What axe finds wrong in a drawn component. Contrast and regions need a real browser and a whole page: the browser tests look at those. */
export async function axeOf(container: Element): Promise<string[]> {
  const found = await axe.run(container, { rules: { "color-contrast": { enabled: false }, region: { enabled: false } } });
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
}
