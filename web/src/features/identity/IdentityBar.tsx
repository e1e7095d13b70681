import { UserRound } from "lucide-react";
import { useTranslation } from "react-i18next";

import { AgeText, SexText } from "../../fhir/PersonText.tsx";
import type { Patient } from "../../fhir/chart.api.ts";
import { conceptText } from "../../fhir/concept.ts";
import { dateText } from "../../fhir/dates.ts";
import { legalName } from "../../fhir/names.ts";
import { Badge } from "../../ui/Badge.tsx";

/** Whose chart this is. It never scrolls away, and its name is the one h1 of the screen. */
export function IdentityBar({ patient, level = 1 }: { patient: Patient; level?: 1 | 2 }) {
  const Heading = level === 1 ? "h1" : "h2";
  const { t } = useTranslation();
  const legal = legalName(patient.name, patient.displayName);
  const language = patient.communication.find((one) => one.preferred) ?? patient.communication[0];
  const english = !language || language.language?.coding.some((coding) => coding.code?.startsWith("en")) || /english/i.test(conceptText(language.language));
  const dead = patient.deceased || Boolean(patient.deceasedDateTime);
  return (
    <section aria-label={t("identity.label")} className="flex items-center gap-3 border-b bg-surface px-3 py-1.5">
      <span aria-hidden className="flex size-9 shrink-0 items-center justify-center rounded-full bg-accent-bg text-accent max-sm:hidden">
        <UserRound className="size-5" />
      </span>
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5">
          <Heading className="text-section leading-tight" data-patient={patient.id}>
            {patient.displayName || t("patient.noName")}
          </Heading>
          {legal ? <span className="text-dense text-muted">{t("identity.legalName", { name: legal })}</span> : null}
          {dead ? (
            <Badge>{patient.deceasedDateTime ? t("identity.died", { date: dateText(patient.deceasedDateTime) }) : t("patient.deceased")}</Badge>
          ) : null}
          {english ? null : <Badge tone="info">{t("identity.interpreter", { language: conceptText(language?.language) })}</Badge>}
        </div>
        <dl className="m-0 mt-0.5 flex flex-wrap items-center gap-x-4 gap-y-0.5 text-dense">
          <Fact label={t("patient.birthDate")}>
            {dateText(patient.birthDate) || t("state.unknown")}{" "}
            <span className="font-medium">
              (<AgeText birthDate={patient.birthDate} deceasedDateTime={patient.deceasedDateTime} />)
            </span>
          </Fact>
          <Fact label={t("patient.sex")}>
            <SexText gender={patient.gender} />
          </Fact>
          <Fact label={t("patient.mrn")} wide>
            {patient.mrn ?? t("state.notRecorded")}
          </Fact>
          <Fact label={t("identity.pcp")} wide>
            {patient.generalPractitioner.find((one) => one.display)?.display ?? t("state.notRecorded")}
          </Fact>
        </dl>
      </div>
    </section>
  );
}

function Fact({ label, wide, children }: { label: string; wide?: boolean; children: React.ReactNode }) {
  return (
    <div className={wide ? "flex min-w-0 gap-1.5" : "flex gap-1.5 whitespace-nowrap"}>
      <dt className="text-muted">{label}</dt>
      <dd className="m-0 min-w-0 break-words">{children}</dd>
    </div>
  );
}
