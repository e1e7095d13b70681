import { lazy, Suspense, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";

import { resultsQuery } from "../../fhir/chart.api.ts";
import { ListPanel } from "../../fhir/ListPanel.tsx";
import { PagingNote } from "../../fhir/PagingNote.tsx";
import { useTenant } from "../../fhir/tenant.ts";
import { usePagedList } from "../../fhir/usePagedList.ts";
import { EmptyState } from "../../ui/PanelStates.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { panelOfCode, PANELS, type LabPanel } from "./panels.ts";
import { analyteCode, countByPanel, groupByAnalyte, isValid } from "./resultRules.ts";
import { AllResultsTable, AnalyteTable } from "./ResultTables.tsx";

const AnalyteDrawer = lazy(() => import("./AnalyteDrawer.tsx"));

export type ResultView = "latest" | "all";
export type PanelChoice = LabPanel | "every";

export interface ResultChoice {
  view: ResultView;
  panel: PanelChoice;
  analyte?: string | undefined;
}

interface ResultsTabProps {
  patient: string;
  choice: ResultChoice;
  onChoose: (choice: ResultChoice) => void;
}

/** Laboratory results by panel: the newest of each analyte with its course, or every result ever, newest first. */
export function ResultsTab({ patient, choice, onChoose }: ResultsTabProps) {
  const { t } = useTranslation();
  const list = usePagedList(resultsQuery(useTenant(), patient));
  const items = list.panel.state === "ready" ? list.panel.data.items : undefined;
  const analytes = useMemo(() => (items ? groupByAnalyte(items) : []), [items]);
  const counts = useMemo(() => countByPanel(analytes), [analytes]);
  // Courses and "newest of each" are only whole when every page is here, so the rest follows without being asked for.
  const { loadMore } = list;
  useEffect(() => loadMore(), [items, loadMore]);

  const inPanel = (panel: LabPanel) => choice.panel === "every" || panel === choice.panel;
  const shownAnalytes = analytes.filter((analyte) => inPanel(analyte.panel));
  const byCode = useMemo(() => new Map(analytes.map((analyte) => [analyte.code, analyte])), [analytes]);
  const open = choice.analyte ? byCode.get(choice.analyte) : undefined;

  return (
    <ListPanel panel={list.panel} failed={t("results.failed")} onRetry={list.retry}>
      {({ items: results, total }) =>
        results.length === 0 ? (
          <EmptyState title={t("results.none")}>{t("results.noneDetail")}</EmptyState>
        ) : (
          <>
            <div className="flex flex-wrap items-center justify-between gap-2 border-b px-3 py-1.5">
              <SegmentedControl
                label={t("results.panel")}
                value={choice.panel}
                onChange={(panel) => onChoose({ ...choice, panel })}
                options={[
                  { value: "every", label: t("results.every"), count: String(analytes.length) },
                  ...PANELS.map((panel) => ({ value: panel, label: t(`results.panels.${panel}`), count: String(counts[panel]) })),
                ]}
              />
              <SegmentedControl
                label={t("results.view")}
                value={choice.view}
                onChange={(view) => onChoose({ ...choice, view })}
                options={[
                  { value: "latest", label: t("results.latest") },
                  { value: "all", label: t("results.all") },
                ]}
              />
            </div>
            <PagingNote shown={results.length} total={total} list={list} noun="results" />
            {shownAnalytes.length === 0 ? (
              <EmptyState title={t("results.noneInPanel")} />
            ) : choice.view === "latest" ? (
              <AnalyteTable analytes={shownAnalytes} onOpen={(analyte) => onChoose({ ...choice, analyte })} />
            ) : (
              <AllResultsTable
                results={results.filter((result) => isValid(result) && inPanel(panelOfCode(analyteCode(result))))}
                total={choice.panel === "every" ? total : undefined}
                byCode={byCode}
                onOpen={(analyte) => onChoose({ ...choice, analyte })}
              />
            )}
            {open ? (
              <Suspense>
                <AnalyteDrawer analyte={open} complete={list.complete} onClose={() => onChoose({ ...choice, analyte: undefined })} />
              </Suspense>
            ) : null}
          </>
        )
      }
    </ListPanel>
  );
}
