import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { FailedState, ForbiddenState, Skeleton } from "../ui/PanelStates.tsx";
import type { Panel } from "./panel.ts";

interface ListPanelProps<Data> {
  panel: Panel<Data>;
  /** What to say in red when it could not be loaded: it must not look like an empty list. */
  failed: string;
  failedDetail?: string;
  onRetry: () => void;
  compact?: boolean;
  lines?: number;
  children: (data: Data) => ReactNode;
}

/** A part of the chart in whichever state it is. */
export function ListPanel<Data>({ panel, failed, failedDetail, onRetry, compact, lines = 8, children }: ListPanelProps<Data>) {
  if (panel.state === "loading") return <Skeleton lines={compact ? 3 : lines} />;
  if (panel.state === "forbidden") return <ForbiddenState {...(compact ? { compact } : {})} />;
  if (panel.state === "failed") {
    return (
      <FailedState
        title={failed}
        reference={panel.reference}
        onRetry={onRetry}
        {...(compact ? { compact } : {})}
        {...(failedDetail ? { detail: failedDetail } : {})}
      />
    );
  }
  return <>{children(panel.data)}</>;
}

/** Stands on every medication and allergy list, whether or not anything is withheld (ui.md §3). */
export function RestrictedNote() {
  const { t } = useTranslation();
  return <p className="m-0 border-b px-3 py-1 text-label text-muted">{t("state.mayBeRestricted")}</p>;
}
