import { useTranslation } from "react-i18next";

import type { Trend } from "../../fhir/chart.api.ts";
import { dateText } from "../../fhir/dates.ts";
import { flagInRange, flagOfCode } from "../../fhir/flags.ts";
import { ListPanel } from "../../fhir/ListPanel.tsx";
import { mapPanel, type Panel } from "../../fhir/panel.ts";
import { numberText, unitText } from "../../fhir/quantity.ts";
import { recentCourse } from "../../fhir/trend.ts";
import { EmptyState } from "../../ui/PanelStates.tsx";
import { Sparkline } from "../../ui/Sparkline.tsx";
import { FlagText } from "./FlagText.tsx";
import { shortName } from "./resultRules.ts";
import { numberOrNull } from "./ResultTables.tsx";
import { useCourseSummary } from "./useCourseSummary.ts";

interface TrendLinesProps {
  panel: Panel<Trend[]>;
  category: "laboratory" | "vital-signs";
  max: number;
  onRetry: () => void;
}

/** The latest values with their courses, newest first, flagged ones above the rest of the same day. */
export function TrendLines({ panel, category, max, onRetry }: TrendLinesProps) {
  const { t } = useTranslation();
  const own = mapPanel(panel, (trends) => trends.filter((trend) => trend.category === category && trend.points.length > 0).toSorted(newestFirst));
  const laboratory = category === "laboratory";
  return (
    <ListPanel panel={own} failed={laboratory ? t("results.failed") : t("vitals.failed")} onRetry={onRetry} compact>
      {(trends) =>
        trends.length === 0 ? (
          <EmptyState compact title={laboratory ? t("results.none") : t("vitals.none")} />
        ) : (
          <ul className="m-0 list-none p-0">
            {trends.slice(0, max).map((trend) => (
              <TrendLine key={trend.code} trend={trend} />
            ))}
          </ul>
        )
      }
    </ListPanel>
  );
}

function latestDate(trend: Trend): string {
  return trend.points.at(-1)?.date ?? "";
}

function flag(trend: Trend) {
  return flagOfCode(trend.interpretation) ?? (trend.interpretation ? null : flagInRange(trend.points.at(-1)?.value, trend.low, trend.high));
}

function newestFirst(a: Trend, b: Trend): number {
  return latestDate(b).slice(0, 10).localeCompare(latestDate(a).slice(0, 10)) || Number(flag(b) !== null) - Number(flag(a) !== null) || a.display.localeCompare(b.display);
}

function TrendLine({ trend }: { trend: Trend }) {
  const summary = useCourseSummary();
  const course = recentCourse(trend.points);
  const name = shortName(trend.display);
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto_auto] items-center gap-x-2 border-b px-3 py-1 text-dense last:border-b-0">
      <span className="min-w-0">
        {/* Cut short, LDL and HDL cholesterol would read alike. */}
        <span className="line-clamp-2 break-words" title={trend.display}>
          {name}
        </span>
        <span className="block text-label text-muted">{dateText(latestDate(trend))}</span>
      </span>
      <Sparkline
        width={56}
        values={course.values}
        positions={course.positions}
        low={numberOrNull(trend.low)}
        high={numberOrNull(trend.high)}
        summary={summary(name, course, trend.unit, flag(trend))}
      />
      <span className="min-w-[4.5rem] text-right">
        <span className="block whitespace-nowrap">
          <FlagText flag={flag(trend)} /> <span className="font-semibold">{numberText(trend.points.at(-1)?.value)}</span>
        </span>
        <span className="block text-label text-muted">{unitText(trend.unit)}</span>
      </span>
    </li>
  );
}
