import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { SignInForm, tenantQuery, type Session } from "../../features/session/index.ts";
import { RequestFailed } from "../../fhir/client.ts";
import { useTenant } from "../../fhir/tenant.ts";
import { Banner } from "../../ui/Banner.tsx";
import { setSession } from "../sessionChannel.ts";
import { ProductMark } from "../shell/ProductMark.tsx";

/** The door. After signing in the person is where they were going. */
export function SignInPage() {
  const { t } = useTranslation();
  const tenant = useTenant();
  const client = useQueryClient();
  const navigate = useNavigate();
  const router = useRouter();
  const { next, ended } = useSearch({ from: "/sign-in" });
  const facts = useQuery(tenantQuery(tenant));
  const unknown = facts.error instanceof RequestFailed && facts.error.status === 404;

  useEffect(() => {
    document.title = `${t("signIn.title")} · ${t("product")}`;
  }, [t]);

  function enter(session: Session) {
    setSession(client, tenant, session);
    // Only a path of this app: the address of another site must not ride along in the link.
    if (next?.startsWith("/") && !next.startsWith("//")) router.history.replace(`/${tenant}/app${next}`);
    else void navigate({ to: "/patients", replace: true });
  }

  return (
    <main className="flex min-h-full items-center justify-center p-4">
      <div className="forced-border w-full max-w-[25rem] rounded border bg-surface p-6">
        <div className="mb-5 flex items-center gap-3">
          <ProductMark className="size-9" />
          <div>
            <h1 className="text-page leading-tight">{t("signIn.to", { tenant: facts.data?.name ?? tenant })}</h1>
            <p className="m-0 text-dense text-muted">{t("signIn.tagline")}</p>
          </div>
        </div>
        {ended ? <Banner tone="info" role="status" className="mb-4" title={t("signIn.ended")} /> : null}
        {unknown ? (
          <Banner tone="warning" role="alert" title={t("signIn.unknownTenant")}>
            {t("signIn.unknownTenantDetail")}
          </Banner>
        ) : (
          <SignInForm onSignedIn={enter} />
        )}
      </div>
    </main>
  );
}
