import type { ReactNode } from "react";

import { cx } from "./cx.ts";
import { toneBox, type Tone } from "./tone.ts";

/** A short word in a tinted box: a status, a flag, a count. */
export function Badge({ tone = "neutral", title, children }: { tone?: Tone; title?: string; children: ReactNode }) {
  return (
    <span
      title={title}
      className={cx(
        "inline-flex items-center gap-1 rounded border px-1.5 text-label leading-[1.125rem] font-medium whitespace-nowrap",
        toneBox[tone],
      )}
    >
      {children}
    </span>
  );
}

/** The names of keys, as the shortcut help and the palette show them. */
export function Keys({ keys }: { keys: readonly string[] }) {
  return (
    <span className="inline-flex items-center gap-1">
      {keys.map((key) => (
        <kbd key={key} className="inline-block min-w-5 rounded border border-line bg-raised px-1 text-center font-sans text-label leading-[1.125rem] text-muted">
          {key}
        </kbd>
      ))}
    </span>
  );
}
