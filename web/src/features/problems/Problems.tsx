import { useTranslation } from "react-i18next";

import type { Problem } from "../../fhir/chart.api.ts";
import { conceptCode, conceptText, withoutKind } from "../../fhir/concept.ts";
import { dateIso, dateText } from "../../fhir/dates.ts";
import { ListPanel } from "../../fhir/ListPanel.tsx";
import { mapPanel, type Panel } from "../../fhir/panel.ts";
import { StatusText } from "../../fhir/StatusText.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { DataTable, type Column } from "../../ui/DataTable.tsx";
import { EmptyState } from "../../ui/PanelStates.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";

export type ProblemFilter = "active" | "past" | "all";

/** A problem the patient has now: active, recurrent or relapsed, or not said otherwise. */
export function isActive(problem: Problem): boolean {
  const status = conceptCode(problem.clinicalStatus);
  const verification = conceptCode(problem.verificationStatus);
  if (verification === "entered-in-error" || verification === "refuted") return false;
  return status === "" ? !problem.abatementDateTime : ["active", "recurrence", "relapse"].includes(status);
}

interface ProblemsTabProps {
  panel: Panel<Problem[]>;
  filter: ProblemFilter;
  onFilter: (filter: ProblemFilter) => void;
  onRetry: () => void;
}

export function ProblemsTab({ panel, filter, onFilter, onRetry }: ProblemsTabProps) {
  const { t } = useTranslation();
  const columns: Column<Problem>[] = [
    { id: "problem", header: t("problems.problem"), rowHeader: true, cell: (row) => withoutKind(conceptText(row.code)) || t("problems.unnamed") },
    { id: "status", header: t("column.status"), width: "7rem", cell: (row) => <Badge tone={isActive(row) ? "info" : "neutral"}><StatusText code={conceptCode(row.clinicalStatus)} /></Badge> },
    { id: "onset", header: t("problems.onset"), width: "7.25rem", cell: (row) => dateIso(row.onsetDateTime) || "–" },
    { id: "ended", header: t("problems.ended"), width: "7.25rem", hide: "sm", cell: (row) => dateIso(row.abatementDateTime) || "–" },
    { id: "recorded", header: t("column.recorded"), width: "7.25rem", hide: "md", cell: (row) => dateIso(row.recordedDate) || "–" },
  ];
  return (
    <ListPanel panel={panel} failed={t("problems.failed")} onRetry={onRetry}>
      {(problems) => {
        const active = problems.filter(isActive);
        const past = problems.filter((problem) => !isActive(problem));
        const rows = { active, past, all: problems }[filter];
        return (
          <>
            <div className="flex items-center gap-2 border-b px-3 py-1.5">
              <SegmentedControl
                label={t("problems.filter")}
                value={filter}
                onChange={onFilter}
                options={[
                  { value: "active", label: t("filter.active"), count: String(active.length) },
                  { value: "past", label: t("filter.past"), count: String(past.length) },
                  { value: "all", label: t("filter.all"), count: String(problems.length) },
                ]}
              />
            </div>
            {rows.length > 0 ? (
              <DataTable caption={t("problems.title")} columns={columns} rows={rows} rowKey={(row) => row.id} muted={(row) => !isActive(row)} />
            ) : (
              <EmptyState title={problems.length === 0 ? t("problems.none") : t("problems.noneInFilter")}>
                {problems.length === 0 ? t("problems.noneDetail") : null}
              </EmptyState>
            )}
          </>
        );
      }}
    </ListPanel>
  );
}

/** The active problems at a glance. */
export function ProblemLines({ panel, max, onRetry }: { panel: Panel<Problem[]>; max: number; onRetry: () => void }) {
  const { t } = useTranslation();
  const active = mapPanel(panel, (problems) => problems.filter(isActive));
  return (
    <ListPanel panel={active} failed={t("problems.failed")} onRetry={onRetry} compact>
      {(problems) =>
        problems.length === 0 ? (
          <EmptyState compact title={panel.state === "ready" && panel.data.length > 0 ? t("problems.noneActive") : t("problems.none")} />
        ) : (
          <ul className="m-0 list-none p-0">
            {problems.slice(0, max).map((problem) => (
              <li key={problem.id} className="flex items-baseline gap-2 border-b px-3 py-1 text-dense last:border-b-0">
                <span className="min-w-0 flex-1 truncate" title={conceptText(problem.code)}>
                  {withoutKind(conceptText(problem.code)) || t("problems.unnamed")}
                </span>
                <span className="text-label whitespace-nowrap text-muted">{problem.onsetDateTime ? t("problems.since", { date: dateText(problem.onsetDateTime) }) : ""}</span>
              </li>
            ))}
          </ul>
        )
      }
    </ListPanel>
  );
}
