import { useTranslation } from "react-i18next";

import type { Medication } from "../../fhir/chart.api.ts";
import { conceptsText, withoutKind } from "../../fhir/concept.ts";
import { dateIso } from "../../fhir/dates.ts";
import { ListPanel, RestrictedNote } from "../../fhir/ListPanel.tsx";
import type { Panel } from "../../fhir/panel.ts";
import { StatusText } from "../../fhir/StatusText.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { DataTable, type Column } from "../../ui/DataTable.tsx";
import { EmptyState } from "../../ui/PanelStates.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import type { Tone } from "../../ui/tone.ts";
import { groupOf, medicationName, sigText, type MedicationGroup } from "./medicationRules.ts";

export type MedicationFilter = MedicationGroup | "all";

const tones: Record<MedicationGroup, Tone> = { active: "ok", held: "warning", stopped: "neutral" };

interface MedicationsTabProps {
  panel: Panel<Medication[]>;
  filter: MedicationFilter;
  onFilter: (filter: MedicationFilter) => void;
  onRetry: () => void;
}

export function MedicationsTab({ panel, filter, onFilter, onRetry }: MedicationsTabProps) {
  const { t } = useTranslation();
  const columns: Column<Medication>[] = [
    { id: "medication", header: t("medications.medication"), rowHeader: true, cell: (row) => <span title={medicationName(row)}>{medicationName(row) || t("medications.unnamed")}</span> },
    { id: "sig", header: t("medications.sig"), hide: "sm", cell: (row) => sigText(row, t) || <span className="text-muted">{t("state.notRecorded")}</span> },
    { id: "status", header: t("column.status"), width: "6rem", cell: (row) => <Badge tone={tones[groupOf(row)]}><StatusText code={row.status} /></Badge> },
    { id: "start", header: t("medications.start"), width: "7.25rem", cell: (row) => dateIso(row.authoredOn) || "–" },
    { id: "prescriber", header: t("medications.prescriber"), width: "10rem", hide: "lg", cell: (row) => row.requester?.display ?? "–" },
    { id: "reason", header: t("medications.reason"), hide: "lg", cell: (row) => withoutKind(conceptsText(row.reasonCode)) || "–" },
    { id: "refills", header: t("medications.refills"), width: "4.5rem", align: "right", hide: "md", cell: (row) => row.dispenseRequest?.numberOfRepeatsAllowed ?? "–" },
  ];
  return (
    <ListPanel panel={panel} failed={t("medications.failed")} onRetry={onRetry}>
      {(medications) => {
        const count = (group: MedicationGroup) => String(medications.filter((one) => groupOf(one) === group).length);
        const rows = filter === "all" ? medications : medications.filter((one) => groupOf(one) === filter);
        return (
          <>
            <div className="border-b px-3 py-1.5">
              <SegmentedControl
                label={t("medications.filter")}
                value={filter}
                onChange={onFilter}
                options={[
                  { value: "active", label: t("filter.active"), count: count("active") },
                  { value: "held", label: t("filter.held"), count: count("held") },
                  { value: "stopped", label: t("filter.stopped"), count: count("stopped") },
                  { value: "all", label: t("filter.all"), count: String(medications.length) },
                ]}
              />
            </div>
            <RestrictedNote />
            {rows.length > 0 ? (
              <DataTable caption={t("medications.title")} columns={columns} rows={rows} rowKey={(row) => row.id} muted={(row) => groupOf(row) === "stopped"} />
            ) : (
              <EmptyState title={medications.length === 0 ? t("medications.none") : t("medications.noneInFilter")}>
                {medications.length === 0 ? t("medications.noneDetail") : null}
              </EmptyState>
            )}
          </>
        );
      }}
    </ListPanel>
  );
}

/** The medications taken now, at a glance. */
export function MedicationLines({ panel, max, onRetry }: { panel: Panel<Medication[]>; max: number; onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <ListPanel panel={panel} failed={t("medications.failed")} onRetry={onRetry} compact>
      {(medications) => {
        const active = medications.filter((one) => groupOf(one) === "active");
        return (
          <>
            {active.length === 0 ? <EmptyState compact title={medications.length === 0 ? t("medications.none") : t("medications.noneActive")} /> : null}
            <ul className="m-0 list-none p-0">
              {active.slice(0, max).map((medication) => (
                <li key={medication.id} className="border-b px-3 py-1 text-dense last:border-b-0">
                  <p className="m-0 truncate" title={medicationName(medication)}>
                    {medicationName(medication) || t("medications.unnamed")}
                  </p>
                  {sigText(medication, t) ? (
                    <p className="m-0 truncate text-label text-muted" title={sigText(medication, t)}>
                      {sigText(medication, t)}
                    </p>
                  ) : null}
                </li>
              ))}
            </ul>
            <p className="m-0 border-t px-3 py-1 text-label text-muted">{t("state.mayBeRestricted")}</p>
          </>
        );
      }}
    </ListPanel>
  );
}
