/** The tabs of a chart in their order; the digit keys 1 to 7 switch between them. */
export const CHART_TABS = ["summary", "encounters", "problems", "medications", "allergies", "results", "immunizations"] as const;
export type ChartTab = (typeof CHART_TABS)[number];

export function isChartTab(value: string): value is ChartTab {
  return (CHART_TABS as readonly string[]).includes(value);
}

export interface ChartSearch {
  /** problems and medications: which of them. */
  show?: string | undefined;
  /** results: latest of each or all. */
  view?: "all" | undefined;
  panel?: string | undefined;
  analyte?: string | undefined;
}

/** The filters of a chart as they stand in the URL; what is not known there is left out. */
export function readChartSearch(search: Record<string, unknown>): ChartSearch {
  const text = (name: string) => (typeof search[name] === "string" ? search[name] : typeof search[name] === "number" ? String(search[name]) : undefined);
  return { show: text("show"), view: search["view"] === "all" ? "all" : undefined, panel: text("panel"), analyte: text("analyte") };
}
