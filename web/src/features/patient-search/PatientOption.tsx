import { useTranslation } from "react-i18next";

import { AgeText, SexText } from "../../fhir/PersonText.tsx";
import { dateIso, dateText } from "../../fhir/dates.ts";
import { phoneTail } from "../../fhir/names.ts";
import { Badge } from "../../ui/Badge.tsx";
import { cx } from "../../ui/cx.ts";
import type { PatientRow } from "./patients.api.ts";

const GRID =
  "grid items-center gap-x-3 px-3 grid-cols-[minmax(0,1fr)_auto] md:grid-cols-[minmax(10rem,2.2fr)_4.5rem_7rem_5rem_minmax(6rem,1fr)_4.5rem_6.5rem]";

/** What the columns of the list mean, for the eye; each option says it in words. */
export function PatientOptionHeader() {
  const { t } = useTranslation();
  const names = [t("patient.name"), t("patient.age"), t("patient.birthDate"), t("patient.sex"), t("patient.mrn"), t("patient.phone"), t("patient.lastVisit")];
  return (
    <div aria-hidden className={cx(GRID, "border-b bg-raised py-1 text-label font-medium text-muted max-md:hidden")}>
      {names.map((name) => (
        <span key={name}>{name}</span>
      ))}
    </div>
  );
}

interface PatientOptionProps {
  id: string;
  index: number;
  row: PatientRow;
  chosen: boolean;
  onOpen: () => void;
  onHover: () => void;
}

/** One patient in the list of found ones. */
export function PatientOption({ id, index, row, chosen, onOpen, onHover }: PatientOptionProps) {
  const { t } = useTranslation();
  const cell = "truncate text-dense text-muted max-md:hidden";
  return (
    // The search box keeps the focus and handles the keys (WAI-ARIA combobox pattern).
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      id={id}
      role="option"
      aria-selected={chosen}
      data-index={index}
      onClick={onOpen}
      onMouseEnter={onHover}
      className={cx(
        GRID,
        "min-h-row cursor-pointer border-b border-l-2 py-1.5",
        chosen ? "border-l-accent bg-accent-bg" : "border-l-transparent hover:bg-raised",
      )}
    >
      <span className="flex min-w-0 items-center gap-2 truncate font-medium">
        <span className="truncate">{row.name || t("patient.noName")}</span>
        {row.deceased ? <Badge>{t("patient.deceased")}</Badge> : null}
      </span>
      <span className="text-dense whitespace-nowrap md:text-muted">
        <AgeText birthDate={row.birthDate} />
      </span>
      <span className="col-span-2 flex flex-wrap gap-x-3 text-dense text-muted md:hidden">
        <span>{dateText(row.birthDate) || t("patient.birthDateUnknown")}</span>
        <span>
          <SexText gender={row.gender} />
        </span>
        {row.mrn ? <span>{t("patient.mrnValue", { mrn: row.mrn })}</span> : null}
        {row.phone ? <span>{phoneTail(row.phone)}</span> : null}
      </span>
      <span className={cell}>{dateText(row.birthDate) || t("state.unknown")}</span>
      <span className={cell}>
        <SexText gender={row.gender} />
      </span>
      <span className={cell} title={row.mrn ?? undefined}>
        {row.mrn ?? "–"}
      </span>
      <span className={cell}>{phoneTail(row.phone) || "–"}</span>
      <span className={cell}>{dateIso(row.lastVisit) || "–"}</span>
    </div>
  );
}
