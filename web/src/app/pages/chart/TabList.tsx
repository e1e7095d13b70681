import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { encountersQuery, resultsQuery, type Chart } from "../../../fhir/chart.api.ts";
import { useTenant } from "../../../fhir/tenant.ts";
import { cx } from "../../../ui/cx.ts";
import { usePreferences } from "../../../ui/preferences.ts";
import { useShortcuts } from "../../../ui/shortcuts.ts";
import { CHART_TABS, type ChartTab } from "../../chartTabs.ts";
import { rememberedSearch } from "./tabMemory.ts";

/** The tabs of the chart: digits 1 to 7, arrows, or a click; what a tab needs is fetched before it is opened. */
export function TabList({ patient, tab, chart }: { patient: string; tab: ChartTab; chart: Chart }) {
  const { t } = useTranslation();
  const tenant = useTenant();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { singleKeys } = usePreferences();
  const strip = useRef<HTMLDivElement>(null);

  function show(next: ChartTab, focus = false) {
    void navigate({ to: "/p/$patientId/$tab", params: { patientId: patient, tab: next }, search: rememberedSearch(patient, next) });
    if (focus) strip.current?.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
  }
  function fetchFor(next: ChartTab) {
    if (next === "results") void client.prefetchInfiniteQuery(resultsQuery(tenant, patient));
    if (next === "encounters") void client.prefetchInfiniteQuery(encountersQuery(tenant, patient));
  }
  useShortcuts(Object.fromEntries(CHART_TABS.map((name, index) => [String(index + 1), () => show(name)])), singleKeys);
  useEffect(() => {
    // Once the chart has come to rest, so that switching is instant.
    const timer = setTimeout(() => {
      void client.prefetchInfiniteQuery(resultsQuery(tenant, patient));
      void client.prefetchInfiniteQuery(encountersQuery(tenant, patient));
    }, 600);
    return () => clearTimeout(timer);
  }, [client, tenant, patient]);
  useEffect(() => {
    strip.current?.querySelector(`[data-tab="${tab}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [tab]);

  function press(event: KeyboardEvent) {
    const at = CHART_TABS.indexOf(tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: CHART_TABS.length - 1 }[event.key];
    const next = to === undefined ? undefined : CHART_TABS[(to + CHART_TABS.length) % CHART_TABS.length];
    if (!next) return;
    event.preventDefault();
    show(next, true);
  }

  return (
    // Roving focus: the chosen tab carries it, the arrow keys move it (WAI-ARIA tabs pattern).
    // oxlint-disable-next-line jsx-a11y/interactive-supports-focus
    <div ref={strip} role="tablist" aria-label={t("chart.tabs")} onKeyDown={press} className="flex min-w-0 flex-1 overflow-x-auto [scrollbar-width:none]">
      {CHART_TABS.map((name, index) => {
        const chosen = name === tab;
        const count = countOf(chart, name);
        return (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            data-tab={name}
            aria-selected={chosen}
            aria-controls={chosen ? "tab-panel" : undefined}
            aria-keyshortcuts={String(index + 1)}
            tabIndex={chosen ? 0 : -1}
            onClick={() => show(name)}
            onMouseEnter={() => fetchFor(name)}
            onFocus={() => fetchFor(name)}
            className={cx(
              "relative flex h-9 shrink-0 items-center gap-1.5 px-2.5 text-dense -outline-offset-2",
              chosen ? "font-semibold text-accent" : "text-muted hover:text-text",
            )}
          >
            {t(`chart.tab.${name}`)}
            {count === null ? null : <span className="text-label font-normal text-muted">{count}</span>}
            {chosen ? <span aria-hidden className="tab-marker absolute inset-x-1.5 bottom-0 h-0.5 bg-accent" /> : null}
          </button>
        );
      })}
    </div>
  );
}

/** How many there are, where it is known already. */
function countOf(chart: Chart, tab: ChartTab): number | null {
  if (tab === "encounters" && chart.encounters.state === "ready") return chart.encounters.data.total;
  if (tab === "allergies" && chart.allergies.state === "ready") return chart.allergies.data.allergies.length || null;
  if (tab === "problems" || tab === "medications" || tab === "immunizations") {
    const panel = chart[tab];
    return panel.state === "ready" ? panel.data.length : null;
  }
  return null;
}
