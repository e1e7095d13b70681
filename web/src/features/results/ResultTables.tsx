import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";

import type { Result } from "../../fhir/chart.api.ts";
import { conceptText } from "../../fhir/concept.ts";
import { dateIso, timeText } from "../../fhir/dates.ts";
import { flagOf } from "../../fhir/flags.ts";
import { Badge } from "../../ui/Badge.tsx";
import { DataTable, type Column } from "../../ui/DataTable.tsx";
import { Sparkline } from "../../ui/Sparkline.tsx";
import { FlagText } from "./FlagText.tsx";
import { analyteCode, courseOf, isPreliminary, rangeText, resultDate, shortName, valueText, type Analyte } from "./resultRules.ts";
import { useCourseSummary } from "./useCourseSummary.ts";

type Open = (code: string) => void;

/** The newest result of each analyte. */
export function AnalyteTable({ analytes, onOpen }: { analytes: Analyte[]; onOpen: Open }) {
  const { t } = useTranslation();
  const columns = useResultColumns<Analyte>((row) => row.latest, (row) => row, onOpen);
  return <DataTable caption={t("results.captionLatest")} columns={columns} rows={analytes} rowKey={(row) => row.code} />;
}

interface AllResultsProps {
  results: Result[];
  total?: number | undefined;
  byCode: Map<string, Analyte>;
  onOpen: Open;
}

/** Every result, newest first. */
export function AllResultsTable({ results, total, byCode, onOpen }: AllResultsProps) {
  const { t } = useTranslation();
  const columns = useResultColumns<Result>((row) => row, (row) => byCode.get(analyteCode(row)), onOpen);
  return <DataTable caption={t("results.captionAll")} columns={columns} rows={results} rowKey={(row) => row.id} {...(total ? { total } : {})} />;
}

function useResultColumns<Row>(resultOf: (row: Row) => Result, analyteOf: (row: Row) => Analyte | undefined, onOpen: Open): Column<Row>[] {
  const { t } = useTranslation();
  const summary = useCourseSummary();
  return [
    { id: "analyte", header: t("results.analyte"), rowHeader: true, cell: (row) => <AnalyteName result={resultOf(row)} onOpen={onOpen} t={t} /> },
    { id: "value", header: t("results.value"), align: "right", className: "w-24 @max-[32rem]:w-36", cell: (row) => <Value result={resultOf(row)} /> },
    { id: "unit", header: t("results.unit"), width: "7.5rem", hide: "sm", className: "truncate", cell: (row) => <span className="text-muted" title={valueText(resultOf(row)).unit}>{valueText(resultOf(row)).unit}</span> },
    { id: "flag", header: t("results.flag"), width: "3.5rem", hide: "sm", cell: (row) => <FlagText flag={flagOf(resultOf(row))} /> },
    { id: "range", header: t("results.range"), width: "7rem", align: "right", hide: "md", cell: (row) => rangeText(resultOf(row)) || "–" },
    { id: "trend", header: t("results.trend"), width: "6.5rem", hide: "md", cell: (row) => <Course analyte={analyteOf(row)} summary={summary} /> },
    {
      id: "date",
      header: t("column.date"),
      className: "w-40 whitespace-nowrap @max-[32rem]:w-26",
      cell: (row) => (
        <>
          {dateIso(resultDate(resultOf(row))) || "–"} <span className="text-muted @max-[32rem]:hidden">{timeText(resultDate(resultOf(row)))}</span>
        </>
      ),
    },
  ];
}

/** Where the table is narrow the unit and the flag stand with the value. */
function Value({ result }: { result: Result }) {
  const { value, unit } = valueText(result);
  return (
    <>
      <span className="mr-1.5 @min-[32rem]:hidden">
        <FlagText flag={flagOf(result)} />
      </span>
      <span className="font-semibold" title={value}>
        {value || "–"}
      </span>
      <span className="text-muted @min-[32rem]:hidden"> {unit}</span>
    </>
  );
}

function AnalyteName({ result, onOpen, t }: { result: Result; onOpen: Open; t: TFunction }) {
  const name = conceptText(result.code) || t("results.unnamed");
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      <button type="button" title={name} onClick={() => onOpen(analyteCode(result))} className="min-w-0 rounded text-left font-medium group-data-[fixed=true]/row:truncate hover:underline">
        {shortName(name)}
      </button>
      {isPreliminary(result) ? <Badge tone="info">{t("results.preliminary")}</Badge> : null}
    </span>
  );
}

function Course({ analyte, summary }: { analyte: Analyte | undefined; summary: ReturnType<typeof useCourseSummary> }) {
  if (!analyte || analyte.points.length < 2) return null;
  const course = courseOf(analyte);
  const range = analyte.latest.referenceRange[0];
  return (
    <Sparkline
      values={course.values}
      positions={course.positions}
      low={numberOrNull(range?.low?.value)}
      high={numberOrNull(range?.high?.value)}
      summary={summary(shortName(analyte.name), course, analyte.latest.valueQuantity?.unit, flagOf(analyte.latest))}
    />
  );
}

export function numberOrNull(value: string | null | undefined): number | null {
  return value === null || value === undefined || value === "" ? null : Number(value);
}
