export { EncounterLines, EncountersTab } from "./Encounters.tsx";
