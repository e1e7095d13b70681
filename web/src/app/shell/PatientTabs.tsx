import { useQueries } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useTranslation } from "react-i18next";

import { patientQuery, type PatientBrief } from "../../fhir/chart.api.ts";
import { dateText } from "../../fhir/dates.ts";
import { familyName, initials } from "../../fhir/names.ts";
import { AgeText } from "../../fhir/PersonText.tsx";
import { useTenant } from "../../fhir/tenant.ts";
import { Badge } from "../../ui/Badge.tsx";
import { cx } from "../../ui/cx.ts";
import { chartClosed, useOpenCharts } from "../openCharts.ts";

/** The charts open in this browser tab. Two patients of the same family name warn about each other. */
export function PatientTabs() {
  const { t } = useTranslation();
  const tenant = useTenant();
  const charts = useOpenCharts(tenant);
  const navigate = useNavigate();
  const { patientId: current } = useParams({ strict: false });
  const patients = useQueries({ queries: charts.map((chart) => ({ ...patientQuery(tenant, chart.patient), staleTime: 5 * 60_000 })) });
  if (charts.length === 0) return null;

  const families = patients.map((query) => (query.data ? familyName(query.data.name) : ""));
  const alike = (index: number) => Boolean(families[index]) && families.filter((family) => family === families[index]).length > 1;

  function close(patient: string) {
    const at = charts.findIndex((chart) => chart.patient === patient);
    const next = charts[at + 1] ?? charts[at - 1];
    chartClosed(tenant, patient);
    if (patient !== current) return;
    if (next) void navigate({ to: "/p/$patientId/$tab", params: { patientId: next.patient, tab: next.tab } });
    else void navigate({ to: "/patients" });
  }

  return (
    <nav aria-label={t("shell.openCharts")} className="no-print flex shrink-0 gap-1 overflow-x-auto border-b bg-raised px-2 pt-1 max-md:hidden">
      {charts.map((chart, index) => (
        <Tab
          key={chart.patient}
          patient={chart.patient}
          tab={chart.tab}
          brief={patients[index]?.data ?? null}
          alike={alike(index)}
          current={chart.patient === current}
          onClose={() => close(chart.patient)}
        />
      ))}
    </nav>
  );
}

interface TabProps {
  patient: string;
  tab: string;
  brief: PatientBrief | null;
  alike: boolean;
  current: boolean;
  onClose: () => void;
}

function Tab({ patient, tab, brief, alike, current, onClose }: TabProps) {
  const { t } = useTranslation();
  const name = brief?.displayName || t("patient.noName");
  return (
    <span className={cx("flex min-w-0 items-center rounded-t border border-b-0 pr-0.5", alike ? "max-w-[30rem] shrink-0" : "max-w-80", current ? "bg-surface" : "border-transparent bg-transparent hover:bg-surface/60")}>
      <Link
        to="/p/$patientId/$tab"
        params={{ patientId: patient, tab }}
        aria-current={current ? "page" : undefined}
        title={`${name}, ${dateText(brief?.birthDate)}`}
        className="flex min-w-0 items-center gap-2 rounded px-2 py-1 text-dense -outline-offset-2"
      >
        <span aria-hidden className={cx("flex size-5 shrink-0 items-center justify-center rounded-full text-label font-semibold", hues[hueOf(patient)])}>
          {initials(name)}
        </span>
        {/* Of two patients with one family name the whole name must be read. */}
        <span className={cx(alike ? "whitespace-nowrap" : "truncate", current && "font-semibold")}>{name}</span>
        <span className="whitespace-nowrap text-muted">
          {brief ? <AgeText birthDate={brief.birthDate} /> : null}
          <span className="max-lg:hidden"> · {dateText(brief?.birthDate)}</span>
        </span>
        {alike ? (
          <Badge tone="warning" title={t("shell.nameAlertDetail")}>
            {t("shell.nameAlert")}
          </Badge>
        ) : null}
      </Link>
      <button
        type="button"
        aria-label={t("action.closeChart", { name })}
        onClick={onClose}
        className="flex size-6 shrink-0 items-center justify-center rounded text-muted hover:bg-raised hover:text-text"
      >
        <X aria-hidden className="size-3.5" />
      </button>
    </span>
  );
}

const hues = [
  "bg-accent-bg text-accent",
  "bg-ok-bg text-ok",
  "bg-info-bg text-info",
  "bg-sensitive-bg text-sensitive",
  "bg-warning-bg text-warning",
] as const;

/** The same patient always has the same colour, so that the eye notices a switch. */
function hueOf(patient: string): number {
  let sum = 0;
  for (const letter of patient) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  return sum % hues.length;
}
