import { PanelLeft, PanelRight, Printer } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";

import { AllergyBanner } from "../../../features/allergies/index.ts";
import { Contacts, Demographics, IdentityBar } from "../../../features/identity/index.ts";
import type { Chart } from "../../../fhir/chart.api.ts";
import { IconButton } from "../../../ui/Button.tsx";
import { setPreferences, usePreferences } from "../../../ui/preferences.ts";
import { Resizer } from "../../../ui/Resizer.tsx";
import { useShortcuts } from "../../../ui/shortcuts.ts";
import { useMediaQuery } from "../../../ui/useMediaQuery.ts";
import type { ChartTab } from "../../chartTabs.ts";
import { AtAGlance } from "./AtAGlance.tsx";
import { PrintHeader } from "./PrintHeader.tsx";
import { ReviewAllergies } from "./ReviewAllergies.tsx";
import { StaleBar } from "./StaleBar.tsx";
import { TabContent } from "./TabContent.tsx";
import { TabList } from "./TabList.tsx";

const GlanceDrawer = lazy(() => import("./GlanceDrawer.tsx"));

export interface ChartFrameProps {
  patient: string;
  tab: ChartTab;
  chart: Chart;
  loadedAt: number;
  stale: boolean;
  onRetry: () => void;
}

/** Three panels on a desk, two with a drawer on a small screen, one column on a phone; identity and allergies never scroll away. */
export function ChartFrame({ patient, tab, chart, loadedAt, stale, onRetry }: ChartFrameProps) {
  const { t } = useTranslation();
  const preferences = usePreferences();
  const wide = useMediaQuery("(min-width: 80em)");
  const phone = useMediaQuery("(max-width: 47.99em)");
  const [drawer, setDrawer] = useState(false);
  const leftShown = !phone && preferences.leftOpen;
  const rightShown = wide && preferences.rightOpen;
  const toggleLeft = () => setPreferences({ leftOpen: !preferences.leftOpen });
  const toggleRight = () => (wide ? setPreferences({ rightOpen: !preferences.rightOpen }) : setDrawer(!drawer));
  useShortcuts({ "[": toggleLeft, "]": toggleRight }, preferences.singleKeys);
  const rightOpen = wide ? rightShown : drawer;

  const banner = <AllergyBanner panel={chart.allergies} onRetry={onRetry} review={<ReviewAllergies patient={patient} />} />;
  const details = (
    <>
      <Demographics patient={chart.patient} />
      <Contacts patient={chart.patient} />
    </>
  );
  return (
    <main className="print-flow flex min-h-0 flex-1 flex-col short:overflow-y-auto">
      <PrintHeader patient={chart.patient} />
      <div className="z-20 shrink-0">
        <IdentityBar patient={chart.patient} />
        {leftShown ? null : (
          <div role="region" aria-label={t("allergies.pinned")} tabIndex={0} className="max-h-[30vh] overflow-auto border-b short:max-h-none bg-surface px-2 py-1.5 -outline-offset-2">
            {banner}
          </div>
        )}
      </div>
      <StaleBar loadedAt={loadedAt} stale={stale} onRetry={onRetry} />
      <div className="print-flow flex min-h-0 flex-1 short:min-h-[90vh] short:flex-none">
        {leftShown ? (
          <>
            <aside aria-label={t("chart.left")} tabIndex={0} style={{ width: preferences.leftWidth }} className="no-print flex shrink-0 flex-col gap-2 overflow-y-auto p-2 -outline-offset-2">
              {banner}
              {details}
            </aside>
            <Resizer label={t("chart.resizeLeft")} panel="left" min={220} max={400} width={preferences.leftWidth} onResize={(leftWidth) => setPreferences({ leftWidth })} />
          </>
        ) : null}
        <div className="print-flow flex min-h-0 min-w-0 flex-1 flex-col border-x bg-surface">
          <div className="no-print flex shrink-0 items-center border-b pr-1">
            {phone ? null : (
              <IconButton label={leftShown ? t("chart.hideLeft") : t("chart.showLeft")} aria-expanded={leftShown} onClick={toggleLeft} className="mx-1">
                <PanelLeft aria-hidden className="size-4" />
              </IconButton>
            )}
            <TabList patient={patient} tab={tab} chart={chart} />
            <IconButton label={t("action.print")} onClick={() => window.print()} className="max-md:hidden">
              <Printer aria-hidden className="size-4" />
            </IconButton>
            <IconButton label={rightOpen ? t("chart.hideRight") : t("chart.showRight")} aria-expanded={rightOpen} onClick={toggleRight}>
              <PanelRight aria-hidden className="size-4" />
            </IconButton>
          </div>
          <TabContent patient={patient} tab={tab} chart={chart} onRetry={onRetry} details={phone ? details : null} glance={!rightShown} />
        </div>
        {rightShown ? (
          <>
            <Resizer label={t("chart.resizeRight")} panel="right" min={260} max={460} width={preferences.rightWidth} onResize={(rightWidth) => setPreferences({ rightWidth })} />
            <aside aria-label={t("chart.right")} tabIndex={0} style={{ width: preferences.rightWidth }} className="no-print flex shrink-0 flex-col gap-2 overflow-y-auto p-2 -outline-offset-2">
              <AtAGlance patient={patient} chart={chart} onRetry={onRetry} />
            </aside>
          </>
        ) : null}
      </div>
      {!wide && drawer ? (
        <Suspense>
          <GlanceDrawer patient={patient} chart={chart} onRetry={onRetry} onClose={() => setDrawer(false)} />
        </Suspense>
      ) : null}
    </main>
  );
}
