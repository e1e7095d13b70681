import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { PatientSearch, type PatientRow } from "../../features/patient-search/index.ts";
import { useTenant } from "../../fhir/tenant.ts";
import { chartQuery } from "../../fhir/chart.api.ts";

/** Find a patient; what was typed stands in the URL, so Back finds it again. */
export function PatientsPage() {
  const { t } = useTranslation();
  const tenant = useTenant();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { q = "" } = useSearch({ from: "/signed-in/patients" });
  const [typed, setTyped] = useState(q);

  useEffect(() => {
    document.title = `${t("search.title")} · ${t("product")}`;
  }, [t]);
  useEffect(() => setTyped(q), [q]);

  function type(next: string) {
    setTyped(next);
    void navigate({ to: "/patients", search: next.trim() ? { q: next } : {}, replace: true });
  }
  function open(patient: PatientRow) {
    void client.prefetchQuery(chartQuery(tenant, patient.id));
    void navigate({ to: "/p/$patientId/$tab", params: { patientId: patient.id, tab: "summary" } });
  }

  return (
    <main className="mx-auto flex min-h-0 w-full max-w-[70rem] flex-1 flex-col px-3 pt-4 pb-3 sm:px-5">
      <h1 className="mb-3 text-page">{t("search.title")}</h1>
      <PatientSearch typed={typed} onType={type} onOpen={open} />
    </main>
  );
}
