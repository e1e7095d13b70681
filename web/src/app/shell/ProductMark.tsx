import { cx } from "../../ui/cx.ts";

/** Osler's mark: an O with a pulse through it. */
export function ProductMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden className={cx("shrink-0", className)}>
      <rect width="32" height="32" rx="7" className="fill-accent" />
      <circle cx="16" cy="16" r="8.5" fill="none" strokeWidth="3" className="stroke-on-accent" />
      <path d="M3.5 16h7l2.5-5.5 4 11 2.500-5.500h9" fill="none" strokeWidth="5" className="stroke-accent" />
      <path d="M3.5 16h7l2.5-5.5 4 11 2.500-5.500h9" fill="none" strokeWidth="2" strokeLinejoin="round" strokeLinecap="round" className="stroke-on-accent" />
    </svg>
  );
}
