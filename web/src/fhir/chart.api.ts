import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { ask, askWhole } from "./client.ts";
import { graphql } from "./generated/gql.ts";
import type { ChartQuery, EncountersQuery, PatientQuery, ResultsQuery } from "./generated/graphql.ts";
import { keys } from "./keys.ts";
import { panelOf, type Panel } from "./panel.ts";

const CHART = graphql(`
  query Chart($patient: ID!) {
    chart(patient: $patient) {
      patient {
        id displayName mrn birthDate gender birthSex race ethnicity deceased deceasedDateTime
        name { use text family given prefix suffix }
        identifier { system value type { text coding { code display } } }
        telecom { system value use }
        address { use line city state postalCode country text }
        communication { preferred language { text coding { code display } } }
        contact { relationship { text coding { code display } } name { text family given } telecom { system value use } }
        maritalStatus { text coding { code display } }
        generalPractitioner { display }
        meta { lastUpdated }
      }
      allergyStatus
      allergies {
        id category criticality type recordedDate onsetDateTime
        clinicalStatus { coding { code } } verificationStatus { coding { code } }
        code { text coding { system code display } }
        reaction { severity manifestation { text coding { display } } }
      }
      noKnownAllergies { id recordedDate code { text coding { code display } } }
      problems {
        id onsetDateTime abatementDateTime recordedDate
        clinicalStatus { coding { code } } verificationStatus { coding { code } }
        severity { text coding { display } }
        code { text coding { system code display } }
      }
      medications {
        id status intent authoredOn
        medicationCodeableConcept { text coding { display } } medicationReference { display }
        requester { display } reasonCode { text coding { display } }
        dosageInstruction {
          text asNeededBoolean route { text coding { display } }
          timing { repeat { frequency period periodUnit } code { text } }
          doseAndRate { doseQuantity { value unit code } }
        }
        dispenseRequest { numberOfRepeatsAllowed }
      }
      immunizations {
        id status occurrenceDateTime occurrenceString lotNumber
        vaccineCode { text coding { code display } } manufacturer { display } site { text coding { display } } location { display }
      }
      encounters(first: 8) {
        total next
        items { ...EncounterLine }
      }
      trends { code display unit category low high interpretation points { date value } }
      careTeam { id status name participant { role { text coding { display } } member { display } } }
    }
  }
`);

export const ENCOUNTER_LINE = graphql(`
  fragment EncounterLine on Encounter {
    id status class { code display } type { text coding { display } } reasonCode { text coding { display } }
    period { start end } participant { individual { display } } location { location { display } } serviceProvider { display }
  }
`);

const ENCOUNTERS = graphql(`
  query Encounters($patient: ID!, $first: Int!, $after: String) {
    chart(patient: $patient) {
      encounters(first: $first, after: $after) { total next items { ...EncounterLine } }
    }
  }
`);

const RESULTS = graphql(`
  query Results($patient: ID!, $first: Int!, $after: String) {
    chart(patient: $patient) {
      results(first: $first, after: $after) {
        total next
        items {
          id status effectiveDateTime issued
          code { text coding { system code display } }
          valueQuantity { value comparator unit code } valueCodeableConcept { text coding { display } } valueString valueInteger valueBoolean
          dataAbsentReason { text coding { display } }
          interpretation { text coding { code display } }
          referenceRange { text low { value } high { value } }
        }
      }
    }
  }
`);

const PATIENT = graphql(`
  query Patient($patient: ID!) {
    patient(id: $patient) { id displayName mrn birthDate gender deceased name { family } }
  }
`);

type Whole = NonNullable<ChartQuery["chart"]>;
type Page<Item> = { items: Item[]; total: number; next?: string | null };

export type Patient = Whole["patient"];
export type PatientBrief = NonNullable<PatientQuery["patient"]>;
export type Allergy = NonNullable<Whole["allergies"]>[number];
export type NoKnownAllergy = NonNullable<Whole["noKnownAllergies"]>[number];
export type AllergyStatus = NonNullable<Whole["allergyStatus"]>;
export type Problem = NonNullable<Whole["problems"]>[number];
export type Medication = NonNullable<Whole["medications"]>[number];
export type Immunization = NonNullable<Whole["immunizations"]>[number];
export type Trend = NonNullable<Whole["trends"]>[number];
export type CareTeam = NonNullable<Whole["careTeam"]>[number];
export type Encounter = NonNullable<NonNullable<NonNullable<EncountersQuery["chart"]>["encounters"]>>["items"][number];
export type Result = NonNullable<NonNullable<NonNullable<ResultsQuery["chart"]>["results"]>>["items"][number];

export interface AllergyRecord {
  status: AllergyStatus;
  allergies: Allergy[];
  none: NoKnownAllergy[];
}

/** A chart as it is drawn: the patient, and parts that stand or fall one by one. */
export interface Chart {
  patient: Patient;
  allergies: Panel<AllergyRecord>;
  problems: Panel<Problem[]>;
  medications: Panel<Medication[]>;
  immunizations: Panel<Immunization[]>;
  encounters: Panel<Page<Encounter>>;
  trends: Panel<Trend[]>;
  careTeam: Panel<CareTeam[]>;
}

/** One patient's chart in one request; null when there is no such patient. */
export function chartQuery(tenant: string, patient: string) {
  return queryOptions({
    queryKey: keys.chart(tenant, patient),
    queryFn: async ({ signal }): Promise<Chart | null> => {
      const { data, errors, reference } = await ask(tenant, CHART, { patient }, signal);
      if (data?.chart === null && errors.every((error) => error.extensions?.code === "not-found")) return null;
      const chart = data?.chart;
      if (!chart) return askPatientOnly(tenant, patient, signal);
      const part = <Data>(name: string, value: Data | null | undefined) => panelOf(value, ["chart", name], errors, reference);
      return {
        patient: chart.patient,
        allergies: allergyPanel(part("allergyStatus", chart.allergyStatus), part("allergies", chart.allergies), part("noKnownAllergies", chart.noKnownAllergies)),
        problems: part("problems", chart.problems),
        medications: part("medications", chart.medications),
        immunizations: part("immunizations", chart.immunizations),
        encounters: part("encounters", chart.encounters),
        trends: part("trends", chart.trends),
        careTeam: part("careTeam", chart.careTeam),
      };
    },
  });
}

/** Three fields make one clinical statement: it is only said when all three are there. */
export function allergyPanel(status: Panel<AllergyStatus>, allergies: Panel<Allergy[]>, none: Panel<NoKnownAllergy[]>): Panel<AllergyRecord> {
  if (status.state !== "ready") return status;
  if (allergies.state !== "ready") return allergies;
  if (none.state !== "ready") return none;
  return { state: "ready", data: { status: status.data, allergies: allergies.data, none: none.data } };
}

const UNKNOWN: Omit<Patient, "id" | "displayName" | "deceased"> = {
  mrn: null, birthDate: null, gender: null, birthSex: null, race: null, ethnicity: null, deceasedDateTime: null, maritalStatus: null, meta: null,
  name: [], identifier: [], telecom: [], address: [], communication: [], contact: [], generalPractitioner: [],
};

/** The chart failed as a whole: at least say whose it is, and that nothing else could be loaded. */
async function askPatientOnly(tenant: string, patient: string, signal: AbortSignal): Promise<Chart | null> {
  const { patient: brief } = await askWhole(tenant, PATIENT, { patient }, signal);
  if (!brief) return null;
  const failed: Panel<never> = { state: "failed" };
  return {
    patient: { ...UNKNOWN, id: brief.id, displayName: brief.displayName, mrn: brief.mrn, birthDate: brief.birthDate, gender: brief.gender, deceased: brief.deceased },
    allergies: failed, problems: failed, medications: failed, immunizations: failed, encounters: failed, trends: failed, careTeam: failed,
  };
}

export function patientQuery(tenant: string, patient: string) {
  return queryOptions({
    queryKey: keys.patient(tenant, patient),
    queryFn: async ({ signal }) => (await askWhole(tenant, PATIENT, { patient }, signal)).patient ?? null,
  });
}

/** All visits, newest first, page by page. */
export function encountersQuery(tenant: string, patient: string) {
  return infiniteQueryOptions({
    queryKey: keys.encounters(tenant, patient),
    initialPageParam: null as string | null,
    queryFn: async ({ signal, pageParam }): Promise<Panel<Page<Encounter>>> => {
      const { data, errors, reference } = await ask(tenant, ENCOUNTERS, { patient, first: 200, after: pageParam }, signal);
      return panelOf(data?.chart?.encounters, ["chart", "encounters"], errors, reference);
    },
    getNextPageParam: nextPage,
  });
}

/** All laboratory results, newest first, page by page. */
export function resultsQuery(tenant: string, patient: string) {
  return infiniteQueryOptions({
    queryKey: keys.results(tenant, patient),
    initialPageParam: null as string | null,
    queryFn: async ({ signal, pageParam }): Promise<Panel<Page<Result>>> => {
      const { data, errors, reference } = await ask(tenant, RESULTS, { patient, first: pageParam === null ? 200 : 500, after: pageParam }, signal);
      return panelOf(data?.chart?.results, ["chart", "results"], errors, reference);
    },
    getNextPageParam: nextPage,
  });
}

function nextPage<Item>(page: Panel<Page<Item>>): string | null {
  return page.state === "ready" ? (page.data.next ?? null) : null;
}
