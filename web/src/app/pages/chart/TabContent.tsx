import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useLayoutEffect, useRef, type ReactNode, type UIEvent } from "react";
import { useTranslation } from "react-i18next";

import { AllergiesTab } from "../../../features/allergies/index.ts";
import { EncountersTab } from "../../../features/encounters/index.ts";
import { ImmunizationsTab } from "../../../features/immunizations/index.ts";
import { MedicationsTab, type MedicationFilter } from "../../../features/medications/index.ts";
import { ProblemsTab, type ProblemFilter } from "../../../features/problems/index.ts";
import { PANELS, ResultsTab, type PanelChoice } from "../../../features/results/index.ts";
import type { Chart } from "../../../fhir/chart.api.ts";
import type { ChartSearch, ChartTab } from "../../chartTabs.ts";
import { SummaryTab } from "./SummaryTab.tsx";
import { rememberedScroll, rememberTab } from "./tabMemory.ts";

interface TabContentProps {
  patient: string;
  tab: ChartTab;
  chart: Chart;
  onRetry: () => void;
  details: ReactNode;
  /** Whether the summary has to carry what the right panel would show. */
  glance: boolean;
}

const MEDICATION_FILTERS: readonly MedicationFilter[] = ["active", "held", "stopped", "all"];
const PROBLEM_FILTERS: readonly ProblemFilter[] = ["active", "past", "all"];
const PANEL_CHOICES: readonly PanelChoice[] = ["every", ...PANELS];

function oneOf<Value extends string>(values: readonly Value[], value: string | undefined, otherwise: Value): Value {
  return values.find((one) => one === value) ?? otherwise;
}

/** What stands under the chosen tab. Its filters are in the URL. */
export function TabContent({ patient, tab, chart, onRetry, details, glance }: TabContentProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search = useSearch({ from: "/signed-in/p/$patientId/$tab" });
  const box = useRef<HTMLDivElement>(null);
  const place = (next: ChartSearch) => void navigate({ to: "/p/$patientId/$tab", params: { patientId: patient, tab }, search: next });

  useLayoutEffect(() => {
    const scroller = box.current?.querySelector("[data-scroll]");
    if (scroller) scroller.scrollTop = rememberedScroll(patient, tab);
  }, [patient, tab]);
  useEffect(() => {
    rememberTab(patient, tab, { search, scroll: box.current?.querySelector("[data-scroll]")?.scrollTop ?? 0 });
  }, [patient, tab, search]);
  function scrolled(event: UIEvent) {
    const target = event.target;
    if (target instanceof HTMLElement && target.dataset["scroll"] !== undefined) rememberTab(patient, tab, { search, scroll: target.scrollTop });
  }

  const tabs: Record<ChartTab, () => ReactNode> = {
    summary: () => <SummaryTab patient={patient} chart={chart} onRetry={onRetry} details={details} glance={glance} />,
    encounters: () => <EncountersTab patient={patient} />,
    problems: () => (
      <ProblemsTab panel={chart.problems} onRetry={onRetry} filter={oneOf(PROBLEM_FILTERS, search.show, "active")} onFilter={(show) => place({ show })} />
    ),
    medications: () => (
      <MedicationsTab panel={chart.medications} onRetry={onRetry} filter={oneOf(MEDICATION_FILTERS, search.show, "active")} onFilter={(show) => place({ show })} />
    ),
    allergies: () => <AllergiesTab panel={chart.allergies} onRetry={onRetry} />,
    results: () => (
      <ResultsTab
        patient={patient}
        choice={{ view: search.view ?? "latest", panel: oneOf(PANEL_CHOICES, search.panel, "every"), analyte: search.analyte }}
        onChoose={({ view, panel, analyte }) =>
          place({ view: view === "all" ? "all" : undefined, panel: panel === "every" ? undefined : panel, analyte })
        }
      />
    ),
    immunizations: () => <ImmunizationsTab panel={chart.immunizations} onRetry={onRetry} />,
  };
  return (
    <div
      ref={box}
      key={tab}
      onScrollCapture={scrolled}
      id="tab-panel"
      role="tabpanel"
      aria-labelledby={`tab-${tab}`}
      className="print-flow flex min-h-0 flex-1 flex-col"
    >
      <h2 className="sr-only">{t(`chart.tab.${tab}`)}</h2>
      {tabs[tab]()}
    </div>
  );
}
