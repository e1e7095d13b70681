/** How numbers and units are shown (ui.md §13): a leading zero, never a trailing one, the unit always, no unit that is misread. */
const UNITS: Record<string, string> = {
  "mm[Hg]": "mmHg",
  Cel: "°C",
  "[degF]": "°F",
  "kg/m2": "kg/m²",
  "[in_i]": "in",
  "[lb_av]": "lb",
  "10*3/uL": "×10³/µL",
  "10*6/uL": "×10⁶/µL",
  "10*9/L": "×10⁹/L",
  "10*12/L": "×10¹²/L",
  "[pH]": "",
  "1": "",
  U: "units",
  "[iU]": "international units",
  "[IU]": "international units",
  IU: "international units",
};

interface Measured {
  value?: string | null;
  comparator?: string | null;
  unit?: string | null;
  code?: string | null;
}

/** A number as digits: `.50` is 0.5, `5.0` is 5. Noise beyond six significant digits is cut to four; whole numbers stay whole. */
export function numberText(value: string | number | null | undefined): string {
  if (value === null || value === undefined || value === "") return "";
  const number = Number(value);
  if (!Number.isFinite(number)) return String(value);
  const digits = String(value).replace(/e.*$/i, "").replace(/[^\d]/g, "").replace(/^0+/, "");
  if (Number.isInteger(number) || digits.length <= 6) return plain(number);
  const whole = Math.trunc(Math.abs(number)).toString().length;
  return plain(Number(number.toPrecision(Math.max(4, number === 0 ? 4 : whole))));
}

function plain(number: number): string {
  const text = String(number);
  return text.includes("e") ? number.toFixed(Math.abs(number) < 1 ? 12 : 0).replace(/\.?0+$/, "") : text;
}

/** A unit as people read it: mcg, never μg; units, never U; no braces and brackets. */
export function unitText(unit: string | null | undefined): string {
  if (!unit) return "";
  const known = UNITS[unit];
  if (known !== undefined) return known;
  return unit
    .replace(/^10\*3\//, "×10³/")
    .replace(/^10\*6\//, "×10⁶/")
    .replace(/^(ug|μg|µg)(?=$|\/)/, "mcg")
    .replace(/\[(iU|IU)\]|\bIU\b/, "international units")
    .replace(/\{([^}]*)\}/g, "$1")
    .replace(/\b(uL)\b/, "µL");
}

export function quantityText(quantity: Measured | null | undefined): string {
  if (!quantity) return "";
  const unit = unitText(quantity.unit ?? quantity.code);
  const value = `${quantity.comparator ?? ""}${numberText(quantity.value)}`;
  if (!unit) return value;
  return unit === "%" ? `${value}%` : `${value} ${unit}`;
}
