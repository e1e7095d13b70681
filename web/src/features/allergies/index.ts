export { AllergiesTab } from "./AllergiesTab.tsx";
export { AllergyBanner } from "./AllergyBanner.tsx";
