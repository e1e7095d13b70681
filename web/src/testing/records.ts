import type { Allergy, AllergyRecord, Chart, Encounter, Immunization, Medication, NoKnownAllergy, Patient, Problem, Result, Trend } from "../fhir/chart.api.ts";

/** Made-up records for tests and the kit: valid, and saying only what the test is about. */
const word = (text: string, code = "x") => ({ text, coding: [{ system: null, code, display: text }] });

export function makePatient(change: Partial<Patient> = {}): Patient {
  return {
    id: "p1", displayName: "Maria Luisa Garcia", mrn: "7001234", birthDate: "1979-09-20", gender: "female", birthSex: "F", race: "White", ethnicity: "Hispanic or Latino",
    deceased: false, deceasedDateTime: null, meta: null, identifier: [],
    name: [{ use: "official", text: null, family: "Garcia", given: ["Maria", "Luisa"], prefix: [], suffix: [] }],
    telecom: [{ system: "phone", value: "480-555-0193", use: "mobile" }],
    address: [{ use: "home", line: ["4935 N Hacienda Way"], city: "Green Valley", state: "AZ", postalCode: "85614", country: "US", text: null }],
    communication: [{ preferred: true, language: word("Spanish", "es") }],
    contact: [{ relationship: [word("Spouse", "SPS")], name: { text: "Luis Garcia", family: "Garcia", given: ["Luis"] }, telecom: [{ system: "phone", value: "480-555-0110", use: "home" }] }],
    maritalStatus: word("Married", "M"), generalPractitioner: [{ display: "Fatima Pham, FNP" }],
    ...change,
  };
}

export function makeAllergy(name: string, change: Partial<Allergy> = {}): Allergy {
  return {
    id: name, category: ["medication"], criticality: null, type: "allergy", recordedDate: "2021-04-02", onsetDateTime: null,
    clinicalStatus: { coding: [{ code: "active" }] }, verificationStatus: { coding: [{ code: "confirmed" }] },
    code: word(name), reaction: [],
    ...change,
  };
}

export function allergyRecord(allergies: Allergy[], change: Partial<AllergyRecord> = {}): AllergyRecord {
  return { status: allergies.length > 0 ? "RECORDED" : "NOT_RECORDED", allergies, none: [], ...change };
}

export function makeNoKnownAllergy(recordedDate: string | null): NoKnownAllergy {
  return { id: "nka", recordedDate, code: word("No known allergy", "716186003") };
}

export function makeProblem(name: string, change: Partial<Problem> = {}): Problem {
  return {
    id: name, onsetDateTime: "2019-03-01", abatementDateTime: null, recordedDate: "2019-03-01", severity: null,
    clinicalStatus: { coding: [{ code: "active" }] }, verificationStatus: { coding: [{ code: "confirmed" }] }, code: word(name),
    ...change,
  };
}

export function makeMedication(name: string, change: Partial<Medication> = {}): Medication {
  return {
    id: name, status: "active", intent: "order", authoredOn: "2026-05-27", medicationCodeableConcept: word(name), medicationReference: null,
    requester: { display: "Isabel Barrera, MD" }, reasonCode: [], dispenseRequest: { numberOfRepeatsAllowed: 3 },
    dosageInstruction: [{ text: "Take 1 tablet by mouth every morning", asNeededBoolean: null, route: null, timing: null, doseAndRate: [] }],
    ...change,
  };
}

export function makeImmunization(name: string, change: Partial<Immunization> = {}): Immunization {
  return { id: name, status: "completed", occurrenceDateTime: "2025-10-02", occurrenceString: null, lotNumber: "A1", vaccineCode: word(name), manufacturer: null, site: null, location: null, ...change };
}

export function makeEncounter(id: string, start: string, change: Partial<Encounter> = {}): Encounter {
  return {
    id, status: "finished", class: { code: "AMB", display: "ambulatory" }, type: [word("Follow-up encounter")], reasonCode: [word("Hypertension")],
    period: { start, end: null }, participant: [{ individual: { display: "Fatima Pham, FNP" } }], location: [], serviceProvider: null,
    ...change,
  };
}

export function makeResult(code: string, name: string, value: string, date: string, change: Partial<Result> = {}): Result {
  return {
    id: `${code}/${date}`, status: "final", effectiveDateTime: date, issued: null,
    code: { text: name, coding: [{ system: "http://loinc.org", code, display: name }] },
    valueQuantity: { value, comparator: null, unit: "mg/dL", code: "mg/dL" }, valueCodeableConcept: null, valueString: null, valueInteger: null, valueBoolean: null,
    dataAbsentReason: null, interpretation: [], referenceRange: [{ text: null, low: { value: "70" }, high: { value: "99" } }],
    ...change,
  };
}

export function makeTrend(code: string, display: string, values: readonly string[], change: Partial<Trend> = {}): Trend {
  const points = values.map((value, index) => ({ date: `2026-0${index + 3}-15T09:00:00Z`, value }));
  return { code, display, unit: "mg/dL", category: "laboratory", low: "70", high: "99", interpretation: null, points, ...change };
}

function ready<Data>(data: Data): { state: "ready"; data: Data } {
  return { state: "ready", data };
}

export function makeChart(change: Partial<Chart> = {}): Chart {
  return {
    patient: makePatient(),
    allergies: ready(allergyRecord([makeAllergy("Penicillin G", { criticality: "high", reaction: [{ severity: "severe", manifestation: [word("Anaphylaxis")] }] })])),
    problems: ready([makeProblem("Type 2 diabetes mellitus")]),
    medications: ready([makeMedication("metformin 500 MG Oral Tablet")]),
    immunizations: ready([makeImmunization("Influenza, seasonal")]),
    encounters: ready({ items: [makeEncounter("e1", "2026-10-20T16:00:00Z")], total: 1, next: null }),
    trends: ready([makeTrend("2345-7", "Glucose [Mass/volume] in Blood", ["95", "118", "153"], { interpretation: "H" })]),
    careTeam: ready([]),
    ...change,
  };
}
