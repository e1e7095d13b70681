export { ImmunizationLines, ImmunizationsTab } from "./Immunizations.tsx";
