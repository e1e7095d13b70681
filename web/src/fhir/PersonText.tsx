import { useTranslation } from "react-i18next";

import { ageDay, ageOn } from "./dates.ts";

/** How old: 34 y, 14 mo, 9 d; for the dead, the age at death. */
export function AgeText({ birthDate, deceasedDateTime }: { birthDate?: string | null; deceasedDateTime?: string | null }) {
  const { t } = useTranslation();
  const age = ageOn(birthDate, ageDay(deceasedDateTime));
  if (!age) return <>{t("patient.ageUnknown")}</>;
  return <>{t(`age.${age.unit}`, { count: age.count })}</>;
}

const GENDERS = ["male", "female", "other", "unknown"] as const;

/** The recorded administrative gender, in words. */
export function SexText({ gender }: { gender?: string | null }) {
  const { t } = useTranslation();
  const known = GENDERS.find((one) => one === gender);
  return <>{t(`gender.${known ?? "unknown"}`)}</>;
}
