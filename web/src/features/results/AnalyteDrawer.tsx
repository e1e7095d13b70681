import { useTranslation } from "react-i18next";

import { dateIso, dateText, timeText } from "../../fhir/dates.ts";
import { flagOf } from "../../fhir/flags.ts";
import { numberText, unitText } from "../../fhir/quantity.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Drawer } from "../../ui/Drawer.tsx";
import { TrendGraph } from "../../ui/TrendGraph.tsx";
import { FlagText } from "./FlagText.tsx";
import { courseOf, rangeText, resultDate, shortName, valueText, type Analyte } from "./resultRules.ts";
import { numberOrNull } from "./ResultTables.tsx";
import { useCourseSummary } from "./useCourseSummary.ts";

/** One analyte through time: the graph with its reference band, and every value in a table beneath. */
export default function AnalyteDrawer({ analyte, complete, onClose }: { analyte: Analyte; complete: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const summary = useCourseSummary();
  const range = analyte.latest.referenceRange[0];
  const points = analyte.points
    .map((point) => ({ time: new Date(point.date).getTime(), value: Number(point.value), label: `${dateText(point.date)}: ${numberText(point.value)}` }))
    .toSorted((a, b) => a.time - b.time);
  const words = summary(shortName(analyte.name), courseOf(analyte), analyte.latest.valueQuantity?.unit, flagOf(analyte.latest));
  return (
    <Drawer open onClose={onClose} size="lg" title={shortName(analyte.name)} description={analyte.name}>
      {complete ? null : <Banner tone="warning" role="status" className="m-3" title={t("results.stillLoading")} />}
      {points.length > 1 ? (
        <figure className="m-0 border-b p-3">
          <TrendGraph
            points={points}
            low={numberOrNull(range?.low?.value)}
            high={numberOrNull(range?.high?.value)}
            summary={words}
            formatValue={(value) => numberText(Number(value.toPrecision(3)))}
            formatTime={(time) => dateText(new Date(time).toISOString())}
          />
          <figcaption className="text-dense text-muted">
            {words}
            {unitText(analyte.latest.valueQuantity?.unit) ? ` · ${t("results.inUnit", { unit: unitText(analyte.latest.valueQuantity?.unit) })}` : ""}
          </figcaption>
        </figure>
      ) : null}
      <table className="w-full text-dense">
        <caption className="sr-only">{t("results.captionAnalyte", { name: shortName(analyte.name) })}</caption>
        <thead>
          <tr className="text-label text-muted">
            {[t("column.date"), t("results.value"), t("results.unit"), t("results.flag"), t("results.range")].map((name, column) => (
              <th key={name} scope="col" className={`sticky top-0 border-b bg-raised px-3 py-1 font-medium ${column === 1 || column === 4 ? "text-right" : "text-left"}`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {analyte.results.map((result) => (
            <tr key={result.id}>
              <th scope="row" className="border-b px-3 py-1 text-left font-normal whitespace-nowrap">
                {dateIso(resultDate(result))} <span className="text-muted">{timeText(resultDate(result))}</span>
              </th>
              <td className="border-b px-3 py-1 text-right font-semibold">{valueText(result).value || "–"}</td>
              <td className="border-b px-3 py-1 text-muted">{valueText(result).unit}</td>
              <td className="border-b px-3 py-1">
                <FlagText flag={flagOf(result)} />
              </td>
              <td className="border-b px-3 py-1 text-right">{rangeText(result) || "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Drawer>
  );
}
