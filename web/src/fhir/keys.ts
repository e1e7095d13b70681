/** Every query key starts with the tenant, then the patient ("" where no patient is meant): no cached answer can be another patient's. */
export type QueryKey = readonly [tenant: string, patient: string, kind: string, ...rest: string[]];

export const keys = {
  session: (tenant: string): QueryKey => [tenant, "", "session"],
  tenant: (tenant: string): QueryKey => [tenant, "", "tenant"],
  patients: (tenant: string, search: string): QueryKey => [tenant, "", "patients", search],
  patient: (tenant: string, patient: string): QueryKey => [tenant, patient, "patient"],
  chart: (tenant: string, patient: string): QueryKey => [tenant, patient, "chart"],
  encounters: (tenant: string, patient: string): QueryKey => [tenant, patient, "encounters"],
  results: (tenant: string, patient: string): QueryKey => [tenant, patient, "results"],
};
