import type { AnswerError } from "./client.ts";

/** One part of a chart. Each part loads, fails or is withheld on its own. */
export type Panel<Data> =
  | { state: "loading" }
  | { state: "ready"; data: Data }
  | { state: "forbidden" }
  | { state: "failed"; reference?: string | undefined };

export const LOADING: Panel<never> = { state: "loading" };

/** What one field of the answer says: the data, or why there is none. A part of a list that failed makes the list a failed one. */
export function panelOf<Data>(
  value: Data | null | undefined,
  path: readonly string[],
  errors: readonly AnswerError[],
  reference?: string,
): Panel<Data> {
  const own = errors.filter((error) => path.every((step, depth) => error.path?.[depth] === undefined || error.path[depth] === step));
  if (own.some((error) => error.extensions?.code === "forbidden")) return { state: "forbidden" };
  if (own.length > 0 || value === null || value === undefined) return { state: "failed", reference };
  return { state: "ready", data: value };
}

export function mapPanel<From, To>(panel: Panel<From>, change: (data: From) => To): Panel<To> {
  return panel.state === "ready" ? { state: "ready", data: change(panel.data) } : panel;
}
