import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";

import { chartQuery } from "../../fhir/chart.api.ts";
import { useTenant } from "../../fhir/tenant.ts";
import { EmptyState, FailedState, Skeleton } from "../../ui/PanelStates.tsx";
import { isChartTab } from "../chartTabs.ts";
import { chartOpened } from "../openCharts.ts";
import { ChartFrame } from "./chart/ChartFrame.tsx";

/** The chart of the patient named in the URL, and of no other: nothing of it outlives a change of patient. */
export function ChartPage() {
  const { patientId, tab } = useParams({ from: "/signed-in/p/$patientId/$tab" });
  return <ChartOf key={patientId} patient={patientId} tab={isChartTab(tab) ? tab : "summary"} />;
}

function ChartOf({ patient, tab }: { patient: string; tab: Parameters<typeof ChartFrame>[0]["tab"] }) {
  const { t } = useTranslation();
  const tenant = useTenant();
  const query = useQuery(chartQuery(tenant, patient));
  const { refetch } = query;
  const retry = useCallback(() => void refetch(), [refetch]);
  const found = Boolean(query.data);
  const name = query.data?.patient.displayName;

  useEffect(() => {
    if (found) chartOpened(tenant, patient, tab);
  }, [tenant, patient, tab, found]);
  useEffect(() => {
    document.title = `${name ?? t("chart.tabs")} · ${t("product")}`;
  }, [name, t]);

  if (query.data) {
    return (
      <ChartFrame
        patient={patient}
        tab={tab}
        chart={query.data}
        loadedAt={query.dataUpdatedAt}
        stale={query.isError}
        onRetry={retry}
      />
    );
  }
  return (
    <main className="flex min-h-0 flex-1 flex-col p-4">
      {query.data === null ? (
        <>
          <h1 className="sr-only">{t("patient.notFound")}</h1>
          <EmptyState title={t("patient.notFound")}>
            <p className="m-0">{t("patient.notFoundDetail")}</p>
            <Link to="/patients" className="text-accent underline">
              {t("patient.back")}
            </Link>
          </EmptyState>
        </>
      ) : (
        <>
          <h1 className="sr-only">{t("chart.tabs")}</h1>
          {query.isError ? (
            <FailedState title={t("chart.failed")} detail={t("chart.failedDetail")} onRetry={retry} />
          ) : (
            <Skeleton lines={12} label={t("chart.loading")} />
          )}
        </>
      )}
    </main>
  );
}
