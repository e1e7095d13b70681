/** FHIR dates may be a year, a month, a day or an instant. What was not recorded is never made up. */
const PARTS = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(T.+)?)?)?$/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export type Age = { unit: "years" | "months" | "days"; count: number };

/** In prose: 21 Nov 2026, Nov 2026, 2026. */
export function dateText(date: string | null | undefined): string {
  const parts = PARTS.exec(localDay(date));
  if (!parts) return date ?? "";
  const [, year, month, day] = parts;
  const name = month ? MONTHS[Number(month) - 1] : undefined;
  return [day ? String(Number(day)) : "", name ?? "", year ?? ""].filter(Boolean).join(" ");
}

/** In tables: sortable, 2026-11-21. */
export function dateIso(date: string | null | undefined): string {
  return localDay(date).slice(0, 10);
}

/** The time of day at the clinic, 10:42; empty for a date without a time. */
export function timeText(date: string | null | undefined): string {
  if (!date?.includes("T")) return "";
  const at = new Date(date);
  return Number.isNaN(at.getTime()) ? "" : `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The day it was here when it happened: an instant in another zone may be another day. */
function localDay(date: string | null | undefined): string {
  if (!date) return "";
  if (!date.includes("T")) return date;
  const at = new Date(date);
  return Number.isNaN(at.getTime()) ? date : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Age on a day: days under one month, months under two years, else years. Null when the date of birth is not known to the day. */
export function ageOn(birthDate: string | null | undefined, day: Date): Age | null {
  const parts = PARTS.exec(birthDate ?? "");
  if (!parts?.[1]) return null;
  const [, year, month, date] = parts;
  const years = day.getFullYear() - Number(year);
  if (!month || !date) return years >= 2 ? { unit: "years", count: years } : null;
  const monthsApart = years * 12 + day.getMonth() + 1 - Number(month);
  const months = monthsApart - (day.getDate() < Number(date) ? 1 : 0);
  if (months >= 24) return { unit: "years", count: Math.floor(months / 12) };
  if (months >= 1) return { unit: "months", count: months };
  const days = Math.floor((Date.UTC(day.getFullYear(), day.getMonth(), day.getDate()) - Date.UTC(Number(year), Number(month) - 1, Number(date))) / 86_400_000);
  return days < 0 ? null : { unit: "days", count: days };
}

/** The day a person died, or today for the living. */
export function ageDay(deceasedDateTime: string | null | undefined): Date {
  return deceasedDateTime ? new Date(deceasedDateTime) : new Date();
}

export function timeOf(date: string | null | undefined): number {
  return date ? new Date(date).getTime() : Number.NaN;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
