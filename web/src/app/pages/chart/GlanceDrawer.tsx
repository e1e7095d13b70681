import { useTranslation } from "react-i18next";

import type { Chart } from "../../../fhir/chart.api.ts";
import { Drawer } from "../../../ui/Drawer.tsx";
import { AtAGlance } from "./AtAGlance.tsx";

interface GlanceDrawerProps {
  patient: string;
  chart: Chart;
  onRetry: () => void;
  onClose: () => void;
}

/** The right panel where there is no room for it. */
export default function GlanceDrawer({ patient, chart, onRetry, onClose }: GlanceDrawerProps) {
  const { t } = useTranslation();
  return (
    <Drawer open onClose={onClose} size="sm" title={t("chart.right")} description={chart.patient.displayName}>
      <div className="flex flex-col gap-2 bg-bg p-2">
        <AtAGlance patient={patient} chart={chart} onRetry={onRetry} onLeave={onClose} />
      </div>
    </Drawer>
  );
}
