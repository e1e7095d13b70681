import { createContext, use } from "react";

import type { Session } from "../features/session/index.ts";

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("only a signed-in person's pages have a session");
  return session;
}
