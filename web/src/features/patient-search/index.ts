export { PatientSearch } from "./PatientSearch.tsx";
export { patientsQuery, type PatientRow } from "./patients.api.ts";
export { useDebounced } from "./useDebounced.ts";
