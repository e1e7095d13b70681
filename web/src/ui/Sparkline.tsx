interface SparklineProps {
  /** Oldest first. */
  values: readonly number[];
  /** Where each value stands in time, 0 to 1; without it they are evenly spaced. */
  positions?: readonly number[] | undefined;
  low?: number | null | undefined;
  high?: number | null | undefined;
  /** The same in words; the drawing is hidden from screen readers when the words stand beside it. */
  summary?: string;
  width?: number;
  height?: number;
}

/** A course at a glance: the line, the reference band behind it, the latest value as a dot. */
export function Sparkline({ values, positions, low, high, summary, width = 72, height = 20 }: SparklineProps) {
  if (values.length === 0) return null;
  const bounds = [...values, low, high].filter((value): value is number => typeof value === "number");
  const floor = Math.min(...bounds);
  const span = Math.max(...bounds) - floor || 1;
  const pad = 3;
  const x = (index: number) => pad + (positions?.[index] ?? (values.length === 1 ? 1 : index / (values.length - 1))) * (width - 2 * pad);
  const y = (value: number) => height - pad - ((value - floor) / span) * (height - 2 * pad);
  const last = values.length - 1;
  const top = typeof high === "number" ? y(high) : 0;
  const bottom = typeof low === "number" ? y(low) : height;
  const banded = typeof high === "number" || typeof low === "number";
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      className="inline-block shrink-0 align-middle"
      {...(summary ? { role: "img", "aria-label": summary } : { "aria-hidden": true })}
    >
      {banded ? <rect x={0} y={top} width={width} height={Math.max(1, bottom - top)} className="fill-ok-bg" /> : null}
      <polyline
        points={values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}
        fill="none"
        strokeWidth={1.5}
        strokeLinejoin="round"
        className="stroke-accent"
      />
      <circle cx={x(last)} cy={y(values[last] ?? 0)} r={2.25} className="fill-accent" />
    </svg>
  );
}
