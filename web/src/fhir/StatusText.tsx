import { useTranslation } from "react-i18next";

/** A FHIR status code in words. A code nobody has put into words is shown as it is, never hidden. */
export function StatusText({ code }: { code: string | null | undefined }) {
  const { t, i18n } = useTranslation();
  if (!code) return <>{t("state.notRecorded")}</>;
  const key = `status.${code}`;
  return <>{i18n.exists(key) ? t(key as "status.active") : code}</>;
}
