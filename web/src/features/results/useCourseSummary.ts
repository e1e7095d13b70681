import { useTranslation } from "react-i18next";

import type { Flag } from "../../fhir/flags.ts";
import { numberText, unitText } from "../../fhir/quantity.ts";
import type { Course } from "../../fhir/trend.ts";

/** A course in words: "Creatinine 1.4 mg/dL, rising over 6 months, high". */
export function useCourseSummary(): (name: string, course: Course, unit: string | null | undefined, flag: Flag | null) => string {
  const { t } = useTranslation();
  return (name, course, unit, flag) => {
    const value = [numberText(course.values.at(-1)), unitText(unit)].filter(Boolean).join(" ");
    const parts = [
      `${name} ${value}`,
      course.direction === "single" ? t("trend.single") : t(`trend.${course.direction}`, { count: course.months }),
      flag ? t(`flag.${flag}`) : null,
    ];
    return parts.filter(Boolean).join(", ");
  };
}
