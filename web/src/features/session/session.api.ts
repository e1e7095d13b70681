import { queryOptions } from "@tanstack/react-query";

import { RequestFailed, send } from "../../fhir/client.ts";
import { keys } from "../../fhir/keys.ts";

export interface Session {
  user: { id: string; username?: string; displayName: string; roles: string[] };
}

export interface TenantFacts {
  name: string;
  demo: boolean;
}

export type SignInAnswer = { outcome: "in"; session: Session } | { outcome: "refused" | "waiting" | "failed"; reference?: string | undefined };

/** Who is signed in here; null for nobody. */
export function sessionQuery(tenant: string) {
  return queryOptions({
    queryKey: keys.session(tenant),
    queryFn: async ({ signal }): Promise<Session | null> => {
      const response = await send(tenant, "auth/me", { signal });
      if (response.status === 401) return null;
      if (!response.ok) throw new RequestFailed(response.status, response.headers.get("X-Request-Id") ?? undefined);
      return (await response.json()) as Session;
    },
    staleTime: 30_000,
    refetchOnWindowFocus: "always",
  });
}

/** What may be said of a tenant before anyone has signed in. */
export function tenantQuery(tenant: string) {
  return queryOptions({
    queryKey: keys.tenant(tenant),
    queryFn: async ({ signal }): Promise<TenantFacts> => {
      const response = await send(tenant, "auth/tenant", { signal });
      if (!response.ok) throw new RequestFailed(response.status, response.headers.get("X-Request-Id") ?? undefined);
      return (await response.json()) as TenantFacts;
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

export async function signIn(tenant: string, username: string, password: string): Promise<SignInAnswer> {
  const response = await send(tenant, "auth/sign-in", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ username, password }),
  }).catch((failure: unknown) => {
    if (failure instanceof TypeError) return null;
    throw failure;
  });
  if (response === null) return { outcome: "failed" };
  if (response.ok) return { outcome: "in", session: (await response.json()) as Session };
  const reference = response.headers.get("X-Request-Id") ?? undefined;
  if (response.status === 401 || response.status === 403) return { outcome: "refused" };
  return { outcome: response.status === 429 ? "waiting" : "failed", reference };
}

/** Ends the session on the server; true when the server says so. */
export async function signOut(tenant: string): Promise<boolean> {
  const response = await send(tenant, "auth/sign-out", { method: "POST" });
  return response.ok || response.status === 401;
}
