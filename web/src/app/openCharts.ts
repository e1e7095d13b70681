import { useSyncExternalStore } from "react";

const KEPT = 5;
const KEY = "osler.openCharts";

export interface OpenChart {
  tenant: string;
  patient: string;
  /** Where the chart was left, to go back to the same tab. */
  tab: string;
}

let charts: readonly OpenChart[] = restore();
const listeners = new Set<() => void>();

/** Only ids are kept, in this browser tab, until it closes or the person signs out. */
function restore(): readonly OpenChart[] {
  const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
  return Array.isArray(kept) ? kept.filter(isOpenChart).slice(-KEPT) : [];
}

function isOpenChart(value: unknown): value is OpenChart {
  return typeof value === "object" && value !== null && "tenant" in value && "patient" in value && "tab" in value;
}

function keep(next: readonly OpenChart[]): void {
  charts = next;
  sessionStorage.setItem(KEY, JSON.stringify(next));
  for (const listener of listeners) listener();
}

/** Puts a chart on the strip; the one opened longest ago makes room. */
export function chartOpened(tenant: string, patient: string, tab: string): void {
  const at = charts.findIndex((one) => one.tenant === tenant && one.patient === patient);
  if (at >= 0) keep(charts.map((one, index) => (index === at ? { ...one, tab } : one)));
  else keep([...charts, { tenant, patient, tab }].slice(-KEPT));
}

export function chartClosed(tenant: string, patient: string): void {
  keep(charts.filter((one) => one.tenant !== tenant || one.patient !== patient));
}

export function forgetCharts(): void {
  keep([]);
}

export function useOpenCharts(tenant: string): readonly OpenChart[] {
  const all = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => charts,
  );
  return all.filter((one) => one.tenant === tenant);
}
