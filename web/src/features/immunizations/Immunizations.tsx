import { useTranslation } from "react-i18next";

import type { Immunization } from "../../fhir/chart.api.ts";
import { conceptText } from "../../fhir/concept.ts";
import { dateIso, dateText } from "../../fhir/dates.ts";
import { ListPanel } from "../../fhir/ListPanel.tsx";
import type { Panel } from "../../fhir/panel.ts";
import { StatusText } from "../../fhir/StatusText.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { DataTable, type Column } from "../../ui/DataTable.tsx";
import { EmptyState } from "../../ui/PanelStates.tsx";

/** Every vaccine given or refused. */
export function ImmunizationsTab({ panel, onRetry }: { panel: Panel<Immunization[]>; onRetry: () => void }) {
  const { t } = useTranslation();
  const columns: Column<Immunization>[] = [
    { id: "date", header: t("column.date"), width: "7.25rem", cell: (row) => dateIso(row.occurrenceDateTime) || row.occurrenceString || t("state.notRecorded") },
    { id: "vaccine", header: t("immunizations.vaccine"), rowHeader: true, cell: (row) => <span title={conceptText(row.vaccineCode)}>{conceptText(row.vaccineCode) || t("immunizations.unnamed")}</span> },
    { id: "status", header: t("column.status"), width: "7rem", cell: (row) => <Badge tone={row.status === "completed" ? "ok" : "warning"}>{row.status === "completed" ? t("immunizations.given") : <StatusText code={row.status} />}</Badge> },
    { id: "lot", header: t("immunizations.lot"), width: "7rem", hide: "md", cell: (row) => row.lotNumber ?? "–" },
    { id: "manufacturer", header: t("immunizations.manufacturer"), width: "10rem", hide: "lg", cell: (row) => row.manufacturer?.display ?? "–" },
    { id: "place", header: t("immunizations.place"), width: "11rem", hide: "lg", cell: (row) => row.location?.display ?? "–" },
  ];
  return (
    <ListPanel panel={panel} failed={t("immunizations.failed")} onRetry={onRetry}>
      {(rows) =>
        rows.length > 0 ? (
          <DataTable caption={t("immunizations.title")} columns={columns} rows={rows} rowKey={(row) => row.id} />
        ) : (
          <EmptyState title={t("immunizations.none")}>{t("immunizations.noneDetail")}</EmptyState>
        )
      }
    </ListPanel>
  );
}

/** The latest vaccines at a glance. */
export function ImmunizationLines({ panel, max, onRetry }: { panel: Panel<Immunization[]>; max: number; onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <ListPanel panel={panel} failed={t("immunizations.failed")} onRetry={onRetry} compact>
      {(rows) =>
        rows.length === 0 ? (
          <EmptyState compact title={t("immunizations.none")} />
        ) : (
          <ul className="m-0 list-none p-0">
            {rows.slice(0, max).map((row) => (
              <li key={row.id} className="flex items-baseline gap-2 border-b px-3 py-1 text-dense last:border-b-0">
                <span className="w-24 shrink-0 text-muted">{dateText(row.occurrenceDateTime) || row.occurrenceString}</span>
                <span className="min-w-0 flex-1 truncate" title={conceptText(row.vaccineCode)}>
                  {conceptText(row.vaccineCode) || t("immunizations.unnamed")}
                </span>
                {row.status === "completed" ? null : (
                  <Badge tone="warning">
                    <StatusText code={row.status} />
                  </Badge>
                )}
              </li>
            ))}
          </ul>
        )
      }
    </ListPanel>
  );
}
