export { MedicationLines, MedicationsTab, type MedicationFilter } from "./Medications.tsx";
export { groupOf, medicationName } from "./medicationRules.ts";
