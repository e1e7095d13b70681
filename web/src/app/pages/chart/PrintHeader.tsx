import { useTranslation } from "react-i18next";

import type { Patient } from "../../../fhir/chart.api.ts";
import { dateText, timeText } from "../../../fhir/dates.ts";
import { useTenant } from "../../../fhir/tenant.ts";
import { useSession } from "../../sessionContext.ts";

/** Whose record a printed page is, who printed it and when. */
export function PrintHeader({ patient }: { patient: Patient }) {
  const { t } = useTranslation();
  const { user } = useSession();
  const tenant = useTenant();
  const now = new Date().toISOString();
  return (
    <p aria-hidden className="print-only m-0 border-b pb-1 text-label">
      {patient.displayName} · {t("patient.birthDate")} {dateText(patient.birthDate)} · {t("patient.mrn")} {patient.mrn} · {tenant} ·{" "}
      {t("chart.printed", { when: `${dateText(now)} ${timeText(now)}`, who: user.displayName })}
    </p>
  );
}
