import type { QueryClient } from "@tanstack/react-query";

import type { Session } from "../features/session/index.ts";
import { keys } from "../fhir/keys.ts";
import { loadPreferences } from "../ui/preferences.ts";
import { forgetCharts } from "./openCharts.ts";

const CHANNEL = "osler.session";

/**
 * One browser has one session cookie for all its tabs. When a person signs in or out in one of them, what the others
 * hold belongs to somebody else and is dropped at once.
 */
export function setSession(client: QueryClient, tenant: string, session: Session | null, announce = true): void {
  const before = client.getQueryData<Session | null>(keys.session(tenant));
  if (before?.user.id !== session?.user.id || session === null) {
    void client.cancelQueries();
    client.removeQueries({ predicate: (query) => query.queryKey[2] !== "session" && query.queryKey[2] !== "tenant" });
    forgetCharts();
  }
  client.setQueryData(keys.session(tenant), session);
  loadPreferences(session?.user.id ?? "");
  if (announce) {
    const channel = new BroadcastChannel(CHANNEL);
    channel.postMessage({ tenant });
    channel.close();
  }
}

/** Asks the server again who is signed in whenever another tab says that this has changed. */
export function followOtherTabs(tenant: string, askAgain: () => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.addEventListener("message", (event: MessageEvent<{ tenant: string }>) => {
    if (event.data.tenant === tenant) askAgain();
  });
  return () => channel.close();
}
