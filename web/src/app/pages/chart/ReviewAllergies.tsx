import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

/** The act that "not recorded" asks for. */
export function ReviewAllergies({ patient }: { patient: string }) {
  const { t } = useTranslation();
  return (
    <Link to="/p/$patientId/$tab" params={{ patientId: patient, tab: "allergies" }} className="mt-1 inline-block min-h-6 font-medium underline underline-offset-2">
      {t("allergies.review")}
    </Link>
  );
}
