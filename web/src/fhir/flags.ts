import type { Tone } from "../ui/tone.ts";

export type Flag = "LL" | "L" | "H" | "HH" | "A" | "AA";

interface Judged {
  interpretation?: readonly { coding?: readonly { code?: string | null }[] }[];
  valueQuantity?: { value?: string | null } | null;
  referenceRange?: readonly { low?: { value?: string | null } | null; high?: { value?: string | null } | null }[];
}

const FLAGS: Record<string, Flag> = { LL: "LL", LU: "LL", L: "L", "<": "L", H: "H", ">": "H", HH: "HH", HU: "HH", A: "A", AA: "AA", POS: "A" };

/** The flag the laboratory gave; without one, what its own reference range says. Never a judgement of ours. */
export function flagOf(result: Judged): Flag | null {
  const codes = (result.interpretation ?? []).flatMap((one) => one.coding ?? []).map((coding) => coding.code ?? "");
  if (codes.length > 0) return codes.map((code) => FLAGS[code]).find(Boolean) ?? null;
  return flagInRange(result.valueQuantity?.value, result.referenceRange?.[0]?.low?.value, result.referenceRange?.[0]?.high?.value);
}

export function flagOfCode(code: string | null | undefined): Flag | null {
  return FLAGS[code ?? ""] ?? null;
}

export function flagInRange(value: string | null | undefined, low: string | null | undefined, high: string | null | undefined): Flag | null {
  if (value === null || value === undefined || value === "") return null;
  if (low !== null && low !== undefined && Number(value) < Number(low)) return "L";
  if (high !== null && high !== undefined && Number(value) > Number(high)) return "H";
  return null;
}

/** Red for values that may harm now, amber for out of range. */
export function flagTone(flag: Flag): Tone {
  return flag === "HH" || flag === "LL" || flag === "AA" ? "critical" : "warning";
}
