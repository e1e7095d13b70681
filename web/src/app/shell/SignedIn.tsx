import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { sessionQuery } from "../../features/session/index.ts";
import { useTenant } from "../../fhir/tenant.ts";
import { FailedState } from "../../ui/PanelStates.tsx";
import { SessionContext } from "../sessionContext.ts";
import { followOtherTabs, setSession } from "../sessionChannel.ts";
import { Shell } from "./Shell.tsx";

/** Lets signed-in people through; others go to the door and come back to the same address. */
export function SignedIn() {
  const { t } = useTranslation();
  const tenant = useTenant();
  const client = useQueryClient();
  const navigate = useNavigate();
  const router = useRouter();
  const session = useQuery(sessionQuery(tenant));
  const { refetch } = session;
  const known = useRef<string | null>(null);
  const user = session.data?.user.id ?? null;
  const nobody = session.data === null;

  useEffect(() => followOtherTabs(tenant, () => void refetch()), [tenant, refetch]);
  useEffect(() => {
    if (!nobody) return;
    // Read here and now: a person is sent to the door once, with the address they were at.
    const { href } = router.state.location;
    const here = href.startsWith(router.basepath) ? href.slice(router.basepath.length) || "/" : href;
    void navigate({ to: "/sign-in", search: signInSearch(here, known.current !== null), replace: true });
  }, [nobody, navigate, router]);
  useEffect(() => {
    if (session.data === undefined) return;
    // Somebody else signed in with another tab: nothing of the one before may stay.
    if (known.current !== null && known.current !== user) {
      client.removeQueries({ predicate: (query) => query.queryKey[2] !== "session" && query.queryKey[2] !== "tenant" });
    }
    if (known.current !== user) setSession(client, tenant, session.data, false);
    known.current = user;
  }, [client, session.data, tenant, user]);

  if (session.data) {
    return (
      <SessionContext value={session.data}>
        <Shell key={session.data.user.id} />
      </SessionContext>
    );
  }
  if (session.isError) {
    return (
      <main className="mx-auto max-w-lg p-8">
        <h1 className="sr-only">{t("product")}</h1>
        <FailedState title={t("signIn.failed")} detail="" onRetry={() => void session.refetch()} />
      </main>
    );
  }
  return null;
}

function signInSearch(here: string, ended: boolean): { next?: string; ended?: boolean } {
  const next = here === "/" || here === "/patients" ? {} : { next: here };
  return ended ? { ...next, ended } : next;
}
