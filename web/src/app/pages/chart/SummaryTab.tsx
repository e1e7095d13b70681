import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { EncounterLines } from "../../../features/encounters/index.ts";
import { ImmunizationLines } from "../../../features/immunizations/index.ts";
import { MedicationLines } from "../../../features/medications/index.ts";
import { ProblemLines } from "../../../features/problems/index.ts";
import { TrendLines } from "../../../features/results/index.ts";
import type { Chart } from "../../../fhir/chart.api.ts";
import { Card } from "../../../ui/Card.tsx";
import type { ChartTab } from "../../chartTabs.ts";
import { CareTeamLines } from "./CareTeamLines.tsx";

interface SummaryTabProps {
  patient: string;
  chart: Chart;
  onRetry: () => void;
  details: ReactNode;
  glance: boolean;
}

/** The patient on one page. */
export function SummaryTab({ patient, chart, onRetry, details, glance }: SummaryTabProps) {
  const { t } = useTranslation();
  const column = "flex min-w-0 flex-col gap-2";
  return (
    // A region that scrolls can be reached with the keyboard.
    <div data-scroll="summary" role="region" aria-label={t("chart.tab.summary")} tabIndex={0} className="print-flow @container min-h-0 flex-1 overflow-auto bg-bg p-2 -outline-offset-2">
      <div className="grid grid-cols-1 items-start gap-2 @min-[38rem]:grid-cols-2">
        <div className={column}>
          {glance ? (
            <Card title={t("problems.active")} link={<TabLink patient={patient} tab="problems" what={t("problems.title")} />}>
              <ProblemLines panel={chart.problems} max={8} onRetry={onRetry} />
            </Card>
          ) : null}
          <Card title={t("encounters.recent")} link={<TabLink patient={patient} tab="encounters" what={t("encounters.title")} />}>
            <EncounterLines panel={chart.encounters} max={8} onRetry={onRetry} />
          </Card>
          {glance ? (
            <Card title={t("results.recent")} link={<TabLink patient={patient} tab="results" what={t("results.title")} />}>
              <TrendLines panel={chart.trends} category="laboratory" max={10} onRetry={onRetry} />
            </Card>
          ) : null}
          <Card title={t("immunizations.recent")} link={<TabLink patient={patient} tab="immunizations" what={t("immunizations.title")} />}>
            <ImmunizationLines panel={chart.immunizations} max={6} onRetry={onRetry} />
          </Card>
        </div>
        <div className={column}>
          {glance ? (
            <Card title={t("medications.active")} link={<TabLink patient={patient} tab="medications" what={t("medications.title")} />}>
              <MedicationLines panel={chart.medications} max={8} onRetry={onRetry} />
            </Card>
          ) : null}
          <Card title={t("vitals.recent")}>
            <TrendLines panel={chart.trends} category="vital-signs" max={10} onRetry={onRetry} />
          </Card>
          <Card title={t("careTeam.title")}>
            <CareTeamLines panel={chart.careTeam} onRetry={onRetry} />
          </Card>
          {details}
        </div>
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
