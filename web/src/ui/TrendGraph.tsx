export interface GraphPoint {
  /** Milliseconds since the epoch. */
  time: number;
  value: number;
  label: string;
}

interface TrendGraphProps {
  points: readonly GraphPoint[];
  low?: number | null | undefined;
  high?: number | null | undefined;
  summary: string;
  formatValue: (value: number) => string;
  formatTime: (time: number) => string;
}

const WIDTH = 640;
const HEIGHT = 240;
const LEFT = 52;
const RIGHT = 16;
const TOP = 14;
const BOTTOM = 28;

/** A course in full: reference band, axis, every value. A table of the same values always stands beneath it. */
export function TrendGraph({ points, low, high, summary, formatValue, formatTime }: TrendGraphProps) {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return null;
  const bounds = [...points.map((point) => point.value), low, high].filter((value): value is number => typeof value === "number");
  const margin = (Math.max(...bounds) - Math.min(...bounds)) * 0.08 || 1;
  const floor = Math.min(...bounds) - margin;
  const ceiling = Math.max(...bounds) + margin;
  const timeSpan = last.time - first.time || 1;
  const x = (time: number) => LEFT + ((time - first.time) / timeSpan) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - ((value - floor) / (ceiling - floor)) * (HEIGHT - TOP - BOTTOM);
  const ticks = [0, 1, 2, 3, 4].map((step) => floor + margin + ((ceiling - floor - 2 * margin) * step) / 4);
  const bandTop = typeof high === "number" ? y(high) : TOP;
  const bandBottom = typeof low === "number" ? y(low) : HEIGHT - BOTTOM;
  const banded = typeof low === "number" || typeof high === "number";
  return (
    <svg role="img" aria-label={summary} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="block w-full">
      {banded ? <rect x={LEFT} y={bandTop} width={WIDTH - LEFT - RIGHT} height={Math.max(1, bandBottom - bandTop)} className="fill-ok-bg" /> : null}
      {ticks.map((tick) => (
        <g key={tick}>
          <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} className="stroke-line" strokeWidth={1} />
          <text x={LEFT - 6} y={y(tick) + 4} textAnchor="end" className="fill-muted text-label">
            {formatValue(tick)}
          </text>
        </g>
      ))}
      <text x={LEFT} y={HEIGHT - 8} className="fill-muted text-label">
        {formatTime(first.time)}
      </text>
      {last.time === first.time ? null : (
        <text x={WIDTH - RIGHT} y={HEIGHT - 8} textAnchor="end" className="fill-muted text-label">
          {formatTime(last.time)}
        </text>
      )}
      <polyline
        points={points.map((point) => `${x(point.time).toFixed(1)},${y(point.value).toFixed(1)}`).join(" ")}
        fill="none"
        strokeWidth={2}
        strokeLinejoin="round"
        className="stroke-accent"
      />
      {points.length > 120
        ? null
        : points.map((point) => (
            <circle key={`${point.time}/${point.value}`} cx={x(point.time)} cy={y(point.value)} r={3} className="fill-accent">
              <title>{point.label}</title>
            </circle>
          ))}
    </svg>
  );
}
