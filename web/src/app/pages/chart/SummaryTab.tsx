import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { EncounterLines } from "../../../features/encounters/index.ts";
import { MedicationLines } from "../../../features/medications/index.ts";
import { ProblemLines } from "../../../features/problems/index.ts";
import { TrendLines } from "../../../features/results/index.ts";
import type { Chart } from "../../../fhir/chart.api.ts";
import { Card } from "../../../ui/Card.tsx";
import type { ChartTab } from "../../chartTabs.ts";
import { useMediaQuery } from "../../../ui/useMediaQuery.ts";
import { CareTeamLines } from "./CareTeamLines.tsx";

interface SummaryTabProps {
  patient: string;
  chart: Chart;
  onRetry: () => void;
  details: ReactNode;
}

/** The patient on one page. */
export function SummaryTab({ patient, chart, onRetry, details }: SummaryTabProps) {
  const { t } = useTranslation();
  const wide = useMediaQuery("(min-width: 1280px)");
  return (
    // A region that scrolls can be reached with the keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div data-scroll="summary" role="region" aria-label={t("chart.tab.summary")} tabIndex={0} className="print-flow @container min-h-0 flex-1 overflow-auto bg-bg p-2 -outline-offset-2">
      <div className="grid grid-cols-1 items-start gap-2 @min-[38rem]:grid-cols-2">
        <Card title={t("encounters.recent")} link={<TabLink patient={patient} tab="encounters" what={t("encounters.title")} />}>
          <EncounterLines panel={chart.encounters} max={8} onRetry={onRetry} />
        </Card>
        <Card title={t("vitals.recent")}>
          <TrendLines panel={chart.trends} category="vital-signs" max={8} onRetry={onRetry} />
        </Card>
        {wide ? null : (
          <>
            <Card title={t("problems.active")} link={<TabLink patient={patient} tab="problems" what={t("problems.title")} />}>
              <ProblemLines panel={chart.problems} max={8} onRetry={onRetry} />
            </Card>
            <Card title={t("medications.active")} link={<TabLink patient={patient} tab="medications" what={t("medications.title")} />}>
              <MedicationLines panel={chart.medications} max={8} onRetry={onRetry} />
            </Card>
          </>
        )}
        <Card title={t("results.recent")} link={<TabLink patient={patient} tab="results" what={t("results.title")} />}>
          <TrendLines panel={chart.trends} category="laboratory" max={10} onRetry={onRetry} />
        </Card>
        <Card title={t("careTeam.title")}>
          <CareTeamLines panel={chart.careTeam} onRetry={onRetry} />
        </Card>
        {details}
      </div>
    </div>
  );
}

/** From a card to its tab. */
export function TabLink({ patient, tab, what, onLeave }: { patient: string; tab: ChartTab; what: string; onLeave?: (() => void) | undefined }) {
  const { t } = useTranslation();
  return (
    <Link
      to="/p/$patientId/$tab"
      params={{ patientId: patient, tab }}
      onClick={onLeave}
      className="no-print inline-flex min-h-6 items-center rounded px-1 text-dense text-accent hover:underline"
    >
      {t("action.viewAll")}
      <span className="sr-only"> {what}</span>
    </Link>
  );
}
