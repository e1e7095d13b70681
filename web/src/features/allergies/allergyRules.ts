import type { Allergy, AllergyRecord, NoKnownAllergy } from "../../fhir/chart.api.ts";
import { conceptCode } from "../../fhir/concept.ts";

export interface BannerGroups {
  /** Drug allergies, and those whose kind was not recorded: the safe side. */
  drug: Allergy[];
  other: Allergy[];
}

const SEVERITY = ["severe", "moderate", "mild"] as const;
export type Severity = (typeof SEVERITY)[number];

/** An allergy that counts today: active (or not said otherwise), neither refuted nor entered in error. */
export function isCurrent(allergy: Allergy): boolean {
  const clinical = conceptCode(allergy.clinicalStatus);
  const verification = conceptCode(allergy.verificationStatus);
  return clinical !== "inactive" && clinical !== "resolved" && verification !== "refuted" && verification !== "entered-in-error";
}

export function isDrug(allergy: Allergy): boolean {
  return allergy.category.some((category) => category === "medication" || category === "biologic");
}

/** The worst reaction on record. */
export function worstSeverity(allergy: Allergy): Severity | null {
  return SEVERITY.find((severity) => allergy.reaction.some((reaction) => reaction.severity === severity)) ?? null;
}

function rank(allergy: Allergy): number {
  const severity = worstSeverity(allergy);
  return (allergy.criticality === "high" ? 0 : 10) + (severity ? SEVERITY.indexOf(severity) : 3);
}

function inRed(allergy: Allergy): boolean {
  return isDrug(allergy) || allergy.category.length === 0;
}

/** What the banner shows, the most dangerous first. */
export function bannerGroups(allergies: readonly Allergy[]): BannerGroups {
  const current = allergies.filter(isCurrent).toSorted((a, b) => rank(a) - rank(b));
  return { drug: current.filter(inRed), other: current.filter((allergy) => !inRed(allergy)) };
}

export type BannerState =
  | { kind: "recorded"; groups: BannerGroups }
  | { kind: "none"; asOf: string | null }
  | { kind: "inactive" }
  | { kind: "notRecorded" };

/** Which of its states the banner is in. "None known" needs somebody's statement; an empty list alone is "not recorded". */
export function bannerState(record: AllergyRecord): BannerState {
  const groups = bannerGroups(record.allergies);
  if (groups.drug.length + groups.other.length > 0) return { kind: "recorded", groups };
  if (record.status === "NO_KNOWN_ALLERGIES") return { kind: "none", asOf: latestStatement(record.none) };
  return record.status === "RECORDED" ? { kind: "inactive" } : { kind: "notRecorded" };
}

function latestStatement(statements: readonly NoKnownAllergy[]): string | null {
  return statements.map((one) => one.recordedDate).filter((date) => date !== null).toSorted().at(-1) ?? null;
}
