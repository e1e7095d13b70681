export interface Course {
  values: number[];
  times: number[];
  /** Where each value stands between the first and the last, 0 to 1. */
  positions: number[];
  direction: "rising" | "falling" | "steady" | "single";
  months: number;
}

interface Point {
  date: string;
  value: string;
}

const MONTH = 30.44 * 86_400_000;

/** The six months up to the newest value; further back when that is a single value and there are more. */
export function recentCourse(points: readonly Point[]): Course {
  const all = points
    .map((point) => ({ time: new Date(point.date).getTime(), value: Number(point.value) }))
    .filter((point) => Number.isFinite(point.time) && Number.isFinite(point.value))
    .toSorted((a, b) => a.time - b.time);
  const newest = all.at(-1)?.time ?? 0;
  const near = all.filter((point) => point.time >= newest - 6 * MONTH);
  const shown = near.length > 1 ? near : all.slice(-6);
  const values = shown.map((point) => point.value);
  const times = shown.map((point) => point.time);
  const span = newest - (times[0] ?? newest);
  return {
    values,
    times,
    positions: times.map((time) => (span === 0 ? 1 : (time - (times[0] ?? 0)) / span)),
    direction: directionOf(values),
    months: Math.max(1, Math.round(span / MONTH)),
  };
}

/** Rising or falling when the newest differs from the first by more than a twentieth of it. */
function directionOf(values: readonly number[]): Course["direction"] {
  const first = values[0];
  const last = values.at(-1);
  if (values.length < 2 || first === undefined || last === undefined) return "single";
  const change = last - first;
  if (Math.abs(change) <= Math.abs(first) * 0.05) return "steady";
  return change > 0 ? "rising" : "falling";
}
