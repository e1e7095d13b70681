import { useTranslation } from "react-i18next";

import type { Allergy, AllergyRecord } from "../../fhir/chart.api.ts";
import { conceptCode, conceptsText, conceptText, withoutKind } from "../../fhir/concept.ts";
import { dateIso } from "../../fhir/dates.ts";
import type { Panel } from "../../fhir/panel.ts";
import { ListPanel, RestrictedNote } from "../../fhir/ListPanel.tsx";
import { StatusText } from "../../fhir/StatusText.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { DataTable, type Column } from "../../ui/DataTable.tsx";
import { EmptyState } from "../../ui/PanelStates.tsx";
import { bannerState, isCurrent, isDrug, worstSeverity } from "./allergyRules.ts";

/** Every allergy on record, the inactive ones too. */
export function AllergiesTab({ panel, onRetry }: { panel: Panel<AllergyRecord>; onRetry: () => void }) {
  const { t } = useTranslation();
  const columns: Column<Allergy>[] = [
    { id: "substance", header: t("allergies.substance"), rowHeader: true, cell: (row) => withoutKind(conceptText(row.code)) || t("allergies.substanceUnknown") },
    {
      id: "kind",
      header: t("allergies.kind"),
      width: "8rem",
      cell: (row) => <Badge tone={isDrug(row) ? "critical" : "warning"}>{kindText(row, t("allergies.kindDrug"), t("allergies.kindOther"), t("allergies.kindUnknown"))}</Badge>,
    },
    { id: "reaction", header: t("allergies.reaction"), hide: "sm", cell: (row) => withoutKind(conceptsText(row.reaction.flatMap((one) => one.manifestation))) || "–" },
    {
      id: "severity",
      header: t("allergies.severity"),
      width: "6rem",
      hide: "sm",
      cell: (row) => {
        const severity = worstSeverity(row);
        return severity ? t(`severity.${severity}`) : "–";
      },
    },
    { id: "risk", header: t("allergies.risk"), width: "5.5rem", hide: "md", cell: (row) => row.criticality ?? "–" },
    { id: "status", header: t("column.status"), width: "6.5rem", cell: (row) => <StatusText code={conceptCode(row.clinicalStatus)} /> },
    { id: "recorded", header: t("column.recorded"), width: "7.25rem", hide: "md", cell: (row) => dateIso(row.recordedDate) || "–" },
  ];
  return (
    <ListPanel panel={panel} failed={t("allergies.failed")} failedDetail={t("allergies.failedDetail")} onRetry={onRetry}>
      {(record) => (
        <>
          <RestrictedNote />
          {record.allergies.length > 0 ? (
            <DataTable
              caption={t("allergies.title")}
              columns={columns}
              rows={record.allergies.toSorted((a, b) => Number(isCurrent(b)) - Number(isCurrent(a)))}
              rowKey={(row) => row.id}
              muted={(row) => !isCurrent(row)}
            />
          ) : (
            <EmptyState title={bannerState(record).kind === "none" ? t("allergies.none") : t("allergies.notRecorded")}>
              {bannerState(record).kind === "none" ? null : t("allergies.notRecordedDetail")}
            </EmptyState>
          )}
        </>
      )}
    </ListPanel>
  );
}

function kindText(allergy: Allergy, drug: string, other: string, unknown: string): string {
  if (isDrug(allergy)) return drug;
  if (allergy.category.length === 0) return unknown;
  return allergy.category.includes("food") || allergy.category.includes("environment") ? allergy.category.join(", ") : other;
}
