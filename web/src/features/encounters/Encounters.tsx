import { useTranslation } from "react-i18next";

import { encountersQuery, type Encounter } from "../../fhir/chart.api.ts";
import { conceptsText, withoutKind } from "../../fhir/concept.ts";
import { dateIso, dateText, timeText } from "../../fhir/dates.ts";
import { ListPanel } from "../../fhir/ListPanel.tsx";
import { PagingNote } from "../../fhir/PagingNote.tsx";
import type { Panel } from "../../fhir/panel.ts";
import { StatusText } from "../../fhir/StatusText.tsx";
import { useTenant } from "../../fhir/tenant.ts";
import { usePagedList } from "../../fhir/usePagedList.ts";
import { Badge } from "../../ui/Badge.tsx";
import { DataTable, type Column } from "../../ui/DataTable.tsx";
import { EmptyState } from "../../ui/PanelStates.tsx";

function practitioners(encounter: Encounter): string {
  return encounter.participant.map((one) => one.individual?.display).filter(Boolean).join(", ");
}

function place(encounter: Encounter): string {
  return encounter.location.find((one) => one.location?.display)?.location?.display ?? encounter.serviceProvider?.display ?? "";
}

/** Every visit, newest first. */
export function EncountersTab({ patient }: { patient: string }) {
  const { t } = useTranslation();
  const list = usePagedList(encountersQuery(useTenant(), patient));
  const columns: Column<Encounter>[] = [
    {
      id: "date",
      header: t("column.date"),
      className: "w-40 whitespace-nowrap @max-[32rem]:w-26",
      cell: (row) => (
        <>
          {dateIso(row.period?.start) || t("state.notRecorded")} <span className="text-muted @max-[32rem]:hidden">{timeText(row.period?.start)}</span>
        </>
      ),
    },
    { id: "type", header: t("encounters.type"), rowHeader: true, cell: (row) => withoutKind(conceptsText(row.type)) || row.class?.display || t("encounters.unnamed") },
    { id: "class", header: t("encounters.class"), width: "7rem", hide: "md", cell: (row) => row.class?.display ?? <StatusText code={row.class?.code} /> },
    { id: "reason", header: t("encounters.reason"), hide: "md", cell: (row) => withoutKind(conceptsText(row.reasonCode)) || "–" },
    { id: "with", header: t("encounters.with"), width: "11rem", hide: "lg", cell: (row) => practitioners(row) || "–" },
    { id: "place", header: t("encounters.place"), width: "11rem", hide: "lg", cell: (row) => place(row) || "–" },
    { id: "status", header: t("column.status"), width: "6.5rem", hide: "sm", cell: (row) => <Badge tone={row.status === "in-progress" ? "info" : "neutral"}><StatusText code={row.status} /></Badge> },
  ];
  return (
    <ListPanel panel={list.panel} failed={t("encounters.failed")} onRetry={list.retry}>
      {({ items, total }) =>
        items.length === 0 ? (
          <EmptyState title={t("encounters.none")}>{t("encounters.noneDetail")}</EmptyState>
        ) : (
          <>
            <PagingNote shown={items.length} total={total} list={list} noun="encounters" />
            <DataTable caption={t("encounters.title")} columns={columns} rows={items} total={total} rowKey={(row) => row.id} onEndReached={list.loadMore} />
          </>
        )
      }
    </ListPanel>
  );
}

/** The latest visits at a glance. */
export function EncounterLines({ panel, max, onRetry }: { panel: Panel<{ items: Encounter[]; total: number }>; max: number; onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <ListPanel panel={panel} failed={t("encounters.failed")} onRetry={onRetry} compact>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState compact title={t("encounters.none")} />
        ) : (
          <ul className="m-0 list-none p-0">
            {items.slice(0, max).map((row) => (
              <li key={row.id} className="flex items-baseline gap-2 border-b px-3 py-1 text-dense last:border-b-0">
                <span className="w-24 shrink-0 text-muted">{dateText(row.period?.start)}</span>
                <span className="min-w-0 flex-1 truncate">
                  {withoutKind(conceptsText(row.type)) || row.class?.display || t("encounters.unnamed")}
                  {row.reasonCode.length > 0 ? <span className="text-muted"> · {withoutKind(conceptsText(row.reasonCode))}</span> : null}
                </span>
                <span className="max-w-[35%] truncate text-label text-muted max-sm:hidden">{practitioners(row)}</span>
              </li>
            ))}
          </ul>
        )
      }
    </ListPanel>
  );
}
