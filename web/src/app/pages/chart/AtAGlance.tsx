import { memo } from "react";
import { useTranslation } from "react-i18next";

import { groupOf, MedicationLines } from "../../../features/medications/index.ts";
import { isActive, ProblemLines } from "../../../features/problems/index.ts";
import { TrendLines } from "../../../features/results/index.ts";
import type { Chart } from "../../../fhir/chart.api.ts";
import { Card } from "../../../ui/Card.tsx";
import { TabLink } from "./SummaryTab.tsx";

const LINES = 6;

interface AtAGlanceProps {
  patient: string;
  chart: Chart;
  onRetry: () => void;
  onLeave?: () => void;
}

/** What one looks for most: at most six lines each, and the way to the rest. */
export const AtAGlance = memo(function AtAGlance({ patient, chart, onRetry, onLeave }: AtAGlanceProps) {
  const { t } = useTranslation();
  const medications = chart.medications.state === "ready" ? chart.medications.data.filter((one) => groupOf(one) === "active").length : 0;
  const problems = chart.problems.state === "ready" ? chart.problems.data.filter(isActive).length : 0;
  const count = (total: number) => (total > LINES ? t("chart.ofTotal", { shown: LINES, total }) : String(total || ""));
  return (
    <>
      <Card title={t("medications.active")} count={count(medications)} link={<TabLink patient={patient} tab="medications" what={t("medications.title")} onLeave={onLeave} />}>
        <MedicationLines panel={chart.medications} max={LINES} onRetry={onRetry} />
      </Card>
      <Card title={t("problems.active")} count={count(problems)} link={<TabLink patient={patient} tab="problems" what={t("problems.title")} onLeave={onLeave} />}>
        <ProblemLines panel={chart.problems} max={LINES} onRetry={onRetry} />
      </Card>
      <Card title={t("results.recent")} link={<TabLink patient={patient} tab="results" what={t("results.title")} onLeave={onLeave} />}>
        <TrendLines panel={chart.trends} category="laboratory" max={LINES} onRetry={onRetry} />
      </Card>
    </>
  );
});
