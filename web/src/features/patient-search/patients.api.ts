import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { askWhole } from "../../fhir/client.ts";
import { graphql } from "../../fhir/generated/gql.ts";
import type { PatientsQuery } from "../../fhir/generated/graphql.ts";
import { keys } from "../../fhir/keys.ts";

const PATIENTS = graphql(`
  query Patients($search: String!, $first: Int) {
    patients(search: $search, first: $first) {
      hasMore
      items { id name birthDate gender mrn phone lastVisit deceased }
    }
  }
`);

export type PatientRow = PatientsQuery["patients"]["items"][number];

/** Patients by name, date of birth, phone or MRN in any order; for nothing typed those whose record changed last. A newer question cancels this one. */
export function patientsQuery(tenant: string, search: string) {
  return queryOptions({
    queryKey: keys.patients(tenant, search),
    queryFn: async ({ signal }) => (await askWhole(tenant, PATIENTS, { search, first: 50 }, signal)).patients,
    placeholderData: search === "" ? undefined : keepPreviousData,
    staleTime: 10_000,
  });
}
