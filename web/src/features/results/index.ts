export { PANELS } from "./panels.ts";
export { ResultsTab, type PanelChoice, type ResultChoice, type ResultView } from "./ResultsTab.tsx";
export { TrendLines } from "./TrendLines.tsx";
