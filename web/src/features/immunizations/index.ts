export { ImmunizationsTab } from "./Immunizations.tsx";
