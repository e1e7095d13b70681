import type { ChartSearch, ChartTab } from "../../chartTabs.ts";

interface Memory {
  search: ChartSearch;
  scroll: number;
}

const memory = new Map<string, Memory>();

function place(patient: string, tab: ChartTab): string {
  return `${patient}/${tab}`;
}

/** A tab is found again as it was left: filters and scroll. Only of the charts looked at last, and only in memory. */
export function rememberTab(patient: string, tab: ChartTab, left: Memory): void {
  memory.delete(place(patient, tab));
  memory.set(place(patient, tab), left);
  const oldest = memory.keys().next().value;
  if (memory.size > 60 && oldest !== undefined) memory.delete(oldest);
}

export function rememberedSearch(patient: string, tab: ChartTab): ChartSearch {
  return memory.get(place(patient, tab))?.search ?? {};
}

export function rememberedScroll(patient: string, tab: ChartTab): number {
  return memory.get(place(patient, tab))?.scroll ?? 0;
}
