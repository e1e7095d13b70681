import type { TFunction } from "i18next";

import type { Medication } from "../../fhir/chart.api.ts";
import { conceptText } from "../../fhir/concept.ts";
import { quantityText } from "../../fhir/quantity.ts";

export type MedicationGroup = "active" | "held" | "stopped";

/** Taken now, held, or no longer taken. A plan or proposal is not a medication the patient takes. */
export function groupOf(medication: Medication): MedicationGroup {
  if (medication.status === "active" || medication.status === "draft") return medication.intent === "proposal" || medication.intent === "plan" ? "held" : "active";
  return medication.status === "on-hold" ? "held" : "stopped";
}

export function medicationName(medication: Medication): string {
  return conceptText(medication.medicationCodeableConcept) || medication.medicationReference?.display || "";
}

const PERIODS = { h: "hour", d: "day", wk: "week", mo: "month" } as const;

/** How to take it, as written; without words, what the structured dose says. Never guessed. */
export function sigText(medication: Medication, t: TFunction): string {
  const dose = medication.dosageInstruction[0];
  if (!dose) return "";
  if (dose.text) return dose.text;
  const parts = [
    quantityText(dose.doseAndRate[0]?.doseQuantity),
    conceptText(dose.route),
    frequencyText(dose.timing, t),
    dose.asNeededBoolean ? t("sig.asNeeded") : "",
  ];
  return parts.filter(Boolean).join(", ");
}

type Timing = Medication["dosageInstruction"][number]["timing"];

function frequencyText(timing: Timing, t: TFunction): string {
  const repeat = timing?.repeat;
  const unit = Object.entries(PERIODS).find(([code]) => code === repeat?.periodUnit)?.[1];
  if (!repeat?.frequency || !repeat.period || !unit) return timing?.code?.text ?? "";
  const times = t("sig.times", { count: repeat.frequency });
  return t("sig.every", { times, period: t(`sig.${unit}`, { count: Number(repeat.period) }) });
}
