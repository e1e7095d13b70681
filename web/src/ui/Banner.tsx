import { CircleAlert, Info, TriangleAlert, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import { cx } from "./cx.ts";
import { toneBox, type Tone } from "./tone.ts";

const icons: Partial<Record<Tone, LucideIcon>> = { critical: CircleAlert, warning: TriangleAlert };

interface BannerProps {
  tone: Tone;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  /** `alert` only for harm; `status` is announced politely; nothing when it was there from the start. */
  role?: "alert" | "status";
  className?: string;
}

/** Says one thing that matters about the whole panel or page. */
export function Banner({ tone, title, children, action, role, className }: BannerProps) {
  const Icon = icons[tone] ?? Info;
  return (
    <div role={role} className={cx("forced-border flex items-start gap-2 rounded border px-3 py-2 text-dense", toneBox[tone], className)}>
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 flex-1">
        <p className="m-0 font-semibold">{title}</p>
        {children ? <div className="text-text">{children}</div> : null}
      </div>
      {action}
    </div>
  );
}
