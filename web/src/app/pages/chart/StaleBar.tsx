import { useTranslation } from "react-i18next";

import { timeText } from "../../../fhir/dates.ts";
import { Banner } from "../../../ui/Banner.tsx";
import { Button } from "../../../ui/Button.tsx";
import { useOnline } from "../../../ui/useMediaQuery.ts";

/** Says when what is on the screen is older than what there may be. */
export function StaleBar({ loadedAt, stale, onRetry }: { loadedAt: number; stale: boolean; onRetry: () => void }) {
  const { t } = useTranslation();
  const online = useOnline();
  if (online && !stale) return null;
  const time = timeText(new Date(loadedAt).toISOString());
  return (
    <Banner
      tone="warning"
      role="status"
      className="no-print m-2 mb-0 shrink-0"
      title={online ? t("state.stale") : t("state.offline")}
      action={<Button onClick={onRetry}>{t("action.retry")}</Button>}
    >
      {online ? t("state.staleDetail", { time }) : t("state.offlineDetail", { time })}
    </Banner>
  );
}
