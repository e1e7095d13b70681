import type { Result } from "../../fhir/chart.api.ts";
import { conceptText } from "../../fhir/concept.ts";
import { numberText, unitText } from "../../fhir/quantity.ts";
import { recentCourse, type Course } from "../../fhir/trend.ts";
import { orderInPanel, panelOfCode, PANELS, type LabPanel } from "./panels.ts";

/** One thing measured, with its newest result and its course. */
export interface Analyte {
  code: string;
  name: string;
  panel: LabPanel;
  latest: Result;
  /** Newest first. */
  results: Result[];
  points: { date: string; value: string }[];
}

export function analyteCode(result: Result): string {
  const coding = result.code?.coding ?? [];
  return coding.find((one) => one.system === "http://loinc.org")?.code ?? coding[0]?.code ?? conceptText(result.code);
}

export function resultDate(result: Result): string | null {
  return result.effectiveDateTime ?? result.issued;
}

/** A result that counts: neither entered in error nor cancelled. */
export function isValid(result: Result): boolean {
  return result.status !== "entered-in-error" && result.status !== "cancelled";
}

/** Not final yet: what is shown may still change. */
export function isPreliminary(result: Result): boolean {
  return result.status === "preliminary" || result.status === "registered";
}

/** The name without the method and specimen LOINC adds: "Glucose [Mass/volume] in Blood" is Glucose. The full one stays in the tooltip. */
export function shortName(name: string): string {
  const short = name
    .replace(/ ?\[[^\]]*\].*$/, "")
    .replace(/ in (Serum|Plasma|Blood|Urine|Platelet poor plasma|Arterial blood|Capillary blood|Venous blood).*$/, "")
    .replace("/Hemoglobin.total", "")
    .trim();
  return short.length >= 2 ? short : name;
}

const groupedBefore = new WeakMap<readonly Result[], Analyte[]>();

/** The results of each analyte together; needs them newest first, as the server sends them. Thousands of them are grouped only once. */
export function groupByAnalyte(results: readonly Result[]): Analyte[] {
  const known = groupedBefore.get(results);
  if (known) return known;
  const analytes = group(results);
  groupedBefore.set(results, analytes);
  return analytes;
}

function group(results: readonly Result[]): Analyte[] {
  const groups = new Map<string, Result[]>();
  for (const result of results) {
    if (!isValid(result)) continue;
    const code = analyteCode(result);
    const own = groups.get(code);
    if (own) own.push(result);
    else groups.set(code, [result]);
  }
  const analytes = [...groups].flatMap(([code, own]): Analyte[] => {
    const latest = own[0];
    if (!latest) return [];
    return [{ code, name: conceptText(latest.code) || code, panel: panelOfCode(code), latest, results: own, points: pointsInUnit(own, latest) }];
  });
  return analytes.toSorted((a, b) => PANELS.indexOf(a.panel) - PANELS.indexOf(b.panel) || orderInPanel(a.code) - orderInPanel(b.code) || a.name.localeCompare(b.name));
}

/** Only values in the unit of the newest one can be drawn in one line; a value "<5" has no place on it. */
function pointsInUnit(results: readonly Result[], latest: Result): { date: string; value: string }[] {
  const unit = latest.valueQuantity?.unit ?? latest.valueQuantity?.code;
  return results.flatMap((result) => {
    const quantity = result.valueQuantity;
    const date = resultDate(result);
    const drawable = quantity?.value && !quantity.comparator && date && (quantity.unit ?? quantity.code) === unit;
    return drawable && quantity.value ? [{ date, value: quantity.value }] : [];
  });
}

export interface ValueText {
  value: string;
  unit: string;
}

/** What was found, as value and unit apart so that numbers align; words have no unit. */
export function valueText(result: Result): ValueText {
  const quantity = result.valueQuantity;
  if (quantity) return { value: `${quantity.comparator ?? ""}${numberText(quantity.value)}`, unit: unitText(quantity.unit ?? quantity.code) };
  const words =
    result.valueString ?? (conceptText(result.valueCodeableConcept) || (result.valueInteger ?? conceptText(result.dataAbsentReason)));
  return { value: String(words), unit: "" };
}

export function rangeText(result: Result): string {
  const range = result.referenceRange[0];
  if (!range) return "";
  const low = numberText(range.low?.value);
  const high = numberText(range.high?.value);
  if (low && high) return `${low}–${high}`;
  if (low) return `≥ ${low}`;
  if (high) return `≤ ${high}`;
  return range.text ?? "";
}

const coursesBefore = new WeakMap<Analyte, Course>();

/** The recent course of an analyte, worked out once. */
export function courseOf(analyte: Analyte): Course {
  const known = coursesBefore.get(analyte);
  if (known) return known;
  const course = recentCourse(analyte.points);
  coursesBefore.set(analyte, course);
  return course;
}

/** How often each panel occurs, for the tabs. */
export function countByPanel(analytes: readonly Analyte[]): Record<LabPanel, number> {
  const counts: Record<LabPanel, number> = { metabolic: 0, cbc: 0, lipid: 0, thyroid: 0, other: 0 };
  for (const analyte of analytes) counts[analyte.panel] += 1;
  return counts;
}
