import { CircleAlert, Inbox, Lock, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "./Button.tsx";
import { cx } from "./cx.ts";

/** Grey lines in the place of what is coming; they appear only after 200 ms. */
export function Skeleton({ lines = 4, label, className }: { lines?: number; label?: string; className?: string }) {
  const { t } = useTranslation();
  const widths = ["w-11/12", "w-4/5", "w-2/3", "w-10/12", "w-3/5"];
  return (
    <div role="status" className={cx("appear-late flex flex-col gap-2.5 p-3", className)}>
      <span className="sr-only">{label ?? t("state.loading")}</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} aria-hidden className={cx("block h-3 rounded bg-raised", widths[line % widths.length])} />
      ))}
    </div>
  );
}

/** Says what is absent, and whether that is a clinical fact. */
export function EmptyState({ title, children, compact }: { title: string; children?: ReactNode; compact?: boolean }) {
  if (compact) return <p className="m-0 px-3 py-2 text-dense text-muted">{title}</p>;
  return (
    <div className="flex flex-col items-center gap-1.5 px-4 py-10 text-center">
      <Inbox aria-hidden className="size-6 text-muted" />
      <p className="m-0 font-medium">{title}</p>
      {children ? <div className="max-w-prose text-dense text-muted">{children}</div> : null}
    </div>
  );
}

/** A list that could not be loaded: red, in words, and never looking complete. */
export function FailedState(props: { title: string; detail?: string; reference?: string | undefined; onRetry?: () => void; compact?: boolean }) {
  const { t } = useTranslation();
  return (
    <div role="alert" className={cx("forced-border m-2 flex flex-wrap items-start gap-2 rounded border border-critical/50 bg-critical-bg text-critical", props.compact ? "px-2 py-1.5" : "px-3 py-2.5")}>
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 flex-1 basis-40 text-dense">
        <p className="m-0 font-semibold">{props.title}</p>
        <p className="m-0 text-text">{props.detail ?? t("state.failedDetail")}</p>
        {props.reference ? <p className="m-0 text-label text-text">{t("state.reference", { reference: props.reference })}</p> : null}
      </div>
      {props.onRetry ? (
        <Button onClick={props.onRetry} icon={<RotateCw aria-hidden className="size-3.5" />}>
          {t("action.retry")}
        </Button>
      ) : null}
    </div>
  );
}

/** What a role may not see. It does not say whether anything is there. */
export function ForbiddenState({ compact }: { compact?: boolean }) {
  const { t } = useTranslation();
  return (
    <p className={cx("m-0 flex items-center gap-2 text-dense text-muted", compact ? "px-3 py-2" : "justify-center px-4 py-10")}>
      <Lock aria-hidden className="size-4" />
      {t("state.forbidden")}
    </p>
  );
}
