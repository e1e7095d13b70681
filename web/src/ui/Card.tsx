import { useId, type ReactNode } from "react";

/** One thing at a glance: a heading, at most six lines, and a way to the whole. */
export function Card({ title, count, link, children }: { title: string; count?: string; link?: ReactNode; children: ReactNode }) {
  const heading = useId();
  return (
    <div role="group" aria-labelledby={heading} className="forced-border rounded border bg-surface">
      <div className="flex items-center gap-2 border-b px-3 py-1.5">
        <h2 id={heading} className="text-dense">
          {title}
        </h2>
        {count ? <span className="text-label text-muted">{count}</span> : null}
        <span className="ml-auto">{link}</span>
      </div>
      {children}
    </div>
  );
}
