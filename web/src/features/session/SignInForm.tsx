import { useQuery } from "@tanstack/react-query";
import { useRef, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";

import { useTenant } from "../../fhir/tenant.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { signIn, tenantQuery, type Session, type SignInAnswer } from "./session.api.ts";

const DEMO_USERS = ["physician", "nurse", "ma", "front.desk", "consultant", "biller", "compliance", "admin"];

/** Name and password; what is missing is said beside its field, what was refused above both. */
export function SignInForm({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
  const { t } = useTranslation();
  const tenant = useTenant();
  const facts = useQuery(tenantQuery(tenant));
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Exclude<SignInAnswer, { outcome: "in" }> | null>(null);
  const nameField = useRef<HTMLInputElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    setRefusal(null);
    if (!username.trim()) return nameField.current?.focus();
    if (!password) return passwordField.current?.focus();
    setBusy(true);
    const answer = await signIn(tenant, username.trim(), password);
    setBusy(false);
    if (answer.outcome === "in") return onSignedIn(answer.session);
    setRefusal(answer);
    setPassword("");
    setTried(false);
    passwordField.current?.focus();
  }

  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4" aria-label={t("signIn.title")}>
      {refusal ? (
        <Banner tone="critical" role="alert" title={t(`signIn.${refusal.outcome}`)}>
          {refusal.outcome === "refused" ? t("signIn.refusedDetail") : null}
          {refusal.reference ? t("state.reference", { reference: refusal.reference }) : null}
        </Banner>
      ) : null}
      <Field
        ref={nameField}
        label={t("signIn.username")}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        value={username}
        onChange={(event) => setUsername(event.target.value)}
        error={tried && !username.trim() ? t("signIn.usernameMissing") : undefined}
      />
      <Field
        ref={passwordField}
        label={t("signIn.password")}
        name="password"
        type="password"
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        error={tried && !password ? t("signIn.passwordMissing") : undefined}
      />
      <Button kind="primary" type="submit" disabled={busy} className="h-9">
        {busy ? t("signIn.busy") : t("signIn.submit")}
      </Button>
      {facts.data?.demo ? (
        <section aria-label={t("signIn.demoTitle")} className="rounded border bg-raised px-3 py-2.5 text-dense">
          <p className="m-0 font-medium">{t("signIn.demoTitle")}</p>
          <p className="m-0 mt-0.5 text-muted">{t("signIn.demoDetail")}</p>
          <div className="mt-2 flex flex-wrap gap-1">
            {DEMO_USERS.map((user) => (
              <button
                key={user}
                type="button"
                onClick={() => {
                  setUsername(user);
                  passwordField.current?.focus();
                }}
                className="min-h-6 rounded border border-control bg-surface px-1.5 text-dense hover:bg-accent-bg"
              >
                {user}
              </button>
            ))}
          </div>
          <p className="m-0 mt-2 text-muted">
            {t("signIn.demoPassword")} <code className="text-text select-all">osler-demo-2026!</code>
          </p>
        </section>
      ) : null}
    </form>
  );
}
