import { CircleAlert, CircleCheck, CircleHelp, TriangleAlert, type LucideIcon } from "lucide-react";
import { useId, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { Allergy, AllergyRecord } from "../../fhir/chart.api.ts";
import { conceptsText, conceptText, withoutKind } from "../../fhir/concept.ts";
import { dateText } from "../../fhir/dates.ts";
import type { Panel } from "../../fhir/panel.ts";
import { cx } from "../../ui/cx.ts";
import { FailedState, ForbiddenState, Skeleton } from "../../ui/PanelStates.tsx";
import { toneBox, type Tone } from "../../ui/tone.ts";
import { bannerState, worstSeverity } from "./allergyRules.ts";

const LINES = 3;

interface AllergyBannerProps {
  panel: Panel<AllergyRecord>;
  onRetry: () => void;
  /** The link to where allergies are reviewed. */
  review?: ReactNode;
}

/**
 * Allergies, always in sight. Recorded, known to be none, and not recorded are three facts that never look alike;
 * a list that could not be loaded says so in red.
 */
export function AllergyBanner({ panel, onRetry, review }: AllergyBannerProps) {
  const { t } = useTranslation();
  return (
    <div role="group" aria-label={t("allergies.banner")} data-allergies={panel.state} className="flex flex-col gap-1.5">
      {panel.state === "loading" ? <Skeleton lines={2} label={t("allergies.loading")} /> : null}
      {panel.state === "forbidden" ? <ForbiddenState compact /> : null}
      {panel.state === "failed" ? (
        <FailedState compact title={t("allergies.failed")} detail={t("allergies.failedDetail")} reference={panel.reference} onRetry={onRetry} />
      ) : null}
      {panel.state === "ready" ? <Ready record={panel.data} review={review} /> : null}
    </div>
  );
}

function Ready({ record, review }: { record: AllergyRecord; review: ReactNode }) {
  const { t } = useTranslation();
  const state = bannerState(record);
  if (state.kind === "recorded") {
    const { drug, other } = state.groups;
    return (
      <>
        {drug.length > 0 ? (
          <Block tone="critical" Icon={CircleAlert} title={t("allergies.drug")} allergies={drug} />
        ) : (
          <Line tone="neutral" Icon={CircleHelp} text={t("allergies.noDrugOnList")} />
        )}
        {other.length > 0 ? <Block tone="warning" Icon={TriangleAlert} title={t("allergies.other")} allergies={other} /> : null}
      </>
    );
  }
  if (state.kind === "none") {
    const text = state.asOf ? t("allergies.noneAsOf", { date: dateText(state.asOf) }) : t("allergies.none");
    return <Line tone="ok" Icon={CircleCheck} text={text} />;
  }
  return (
    <Line
      tone="warning"
      Icon={CircleHelp}
      text={state.kind === "inactive" ? t("allergies.onlyInactive") : t("allergies.notRecorded")}
      detail={state.kind === "inactive" ? undefined : t("allergies.notRecordedDetail")}
      action={review}
    />
  );
}

interface LineProps {
  tone: Tone;
  Icon: LucideIcon;
  text: string;
  detail?: string | undefined;
  action?: ReactNode;
}

function Line({ tone, Icon, text, detail, action }: LineProps) {
  return (
    <div className={cx("forced-border flex items-start gap-2 rounded border px-2.5 py-1.5 text-dense", toneBox[tone])}>
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 flex-1">
        <p className="m-0 font-semibold">{text}</p>
        {detail ? <p className="m-0 text-text">{detail}</p> : null}
        {action}
      </div>
    </div>
  );
}

function Block({ tone, Icon, title, allergies }: { tone: Tone; Icon: LucideIcon; title: string; allergies: Allergy[] }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const list = useId();
  const shown = open ? allergies : allergies.slice(0, LINES);
  const more = allergies.length - LINES;
  return (
    <div className={cx("forced-border rounded border px-2.5 py-1.5 text-dense", toneBox[tone])}>
      <h2 className="flex items-center gap-1.5 text-dense font-semibold">
        <Icon aria-hidden className="size-4 shrink-0" />
        {title}
        <span className="ml-auto rounded border border-current px-1.5 text-label leading-4">
          <span className="sr-only">{t("allergies.count", { count: allergies.length })}</span>
          <span aria-hidden>{allergies.length}</span>
        </span>
      </h2>
      <ul id={list} className="m-0 mt-0.5 list-none p-0">
        {shown.map((allergy) => (
          <Entry key={allergy.id} allergy={allergy} />
        ))}
      </ul>
      {more > 0 ? (
        <button
          type="button"
          aria-expanded={open}
          aria-controls={list}
          onClick={() => setOpen(!open)}
          className="no-print min-h-6 rounded px-1 font-medium underline underline-offset-2"
        >
          {open ? t("allergies.fewer") : t("allergies.more", { count: more })}
        </button>
      ) : null}
    </div>
  );
}

function Entry({ allergy }: { allergy: Allergy }) {
  const { t } = useTranslation();
  const severity = worstSeverity(allergy);
  const reaction = conceptsText(allergy.reaction.flatMap((one) => one.manifestation));
  const said = [
    reaction ? withoutKind(reaction) : t("allergies.reactionUnknown"),
    severity ? t(`severity.${severity}`) : null,
    allergy.criticality === "high" ? t("allergies.highRisk") : null,
    allergy.category.length === 0 ? t("allergies.kindUnknown") : null,
  ].filter(Boolean);
  return (
    <li className="leading-snug">
      <span className="font-semibold">{withoutKind(conceptText(allergy.code)) || t("allergies.substanceUnknown")}</span>
      <span className="text-text"> · {said.join(" · ")}</span>
    </li>
  );
}
