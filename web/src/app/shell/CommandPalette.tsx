import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { Keyboard, UserRound, Users } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { patientsQuery, useDebounced } from "../../features/patient-search/index.ts";
import { dateText } from "../../fhir/dates.ts";
import { phoneTail } from "../../fhir/names.ts";
import { AgeText, SexText } from "../../fhir/PersonText.tsx";
import { useTenant } from "../../fhir/tenant.ts";
import { FailedState } from "../../ui/PanelStates.tsx";

interface CommandPaletteProps {
  open: boolean;
  onClose: () => void;
  onHelp: () => void;
}

const itemClass =
  "flex min-h-9 cursor-pointer items-center gap-2.5 px-3 py-1 text-dense data-[selected=true]:bg-accent-bg data-[selected=true]:text-accent";

/** Any patient and any place from one box: Ctrl K, three letters, Enter. */
export default function CommandPalette({ open, onClose, onHelp }: CommandPaletteProps) {
  const { t } = useTranslation();
  const tenant = useTenant();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState("");
  const settled = useDebounced(typed.trim());
  const query = useQuery({ ...patientsQuery(tenant, settled), enabled: open });
  const patients = query.data?.items.slice(0, 8) ?? [];
  const current = settled === typed.trim() && !query.isPlaceholderData;
  const first = patients[0]?.id;

  useEffect(() => setTyped(""), [open]);
  useEffect(() => setChosen(first ? `patient ${first}` : ""), [first, settled]);

  function go(act: () => void) {
    onClose();
    act();
  }

  return (
    <Command.Dialog
      open={open}
      onOpenChange={(next) => (next ? undefined : onClose())}
      label={t("palette.title")}
      shouldFilter={false}
      value={chosen}
      onValueChange={setChosen}
      overlayClassName="overlay-in fixed inset-0 z-40 bg-black/35"
      contentClassName="overlay-in fixed top-[10vh] left-1/2 z-50 flex max-h-[76vh] w-[min(36rem,calc(100vw-1.5rem))] -translate-x-1/2 flex-col overflow-hidden rounded border bg-surface shadow-overlay"
    >
      <Command.Input
        value={typed}
        onValueChange={setTyped}
        aria-label={t("palette.title")}
        placeholder={t("palette.placeholder")}
        className="h-12 w-full border-b bg-transparent px-4 text-section outline-none"
      />
      {query.isError ? <FailedState compact title={t("palette.failed")} onRetry={() => void query.refetch()} /> : null}
      <Command.List label={t("palette.title")} className="min-h-0 flex-1 overflow-auto py-1">
        {patients.length > 0 ? (
          <Command.Group heading={<Heading>{settled ? t("palette.patients") : t("search.recent")}</Heading>}>
            {patients.map((patient) => (
              <Command.Item
                key={patient.id}
                value={`patient ${patient.id}`}
                disabled={!current}
                onSelect={() => go(() => void navigate({ to: "/p/$patientId/$tab", params: { patientId: patient.id, tab: "summary" } }))}
                className={itemClass}
              >
                <UserRound aria-hidden className="size-4 shrink-0" />
                <span className="min-w-0 flex-1 truncate font-medium text-text">{patient.name || t("patient.noName")}</span>
                <span className="whitespace-nowrap text-muted">
                  {dateText(patient.birthDate)} (<AgeText birthDate={patient.birthDate} />) · <SexText gender={patient.gender} />
                  {patient.phone ? <span className="max-sm:hidden"> · {phoneTail(patient.phone)}</span> : null}
                </span>
              </Command.Item>
            ))}
          </Command.Group>
        ) : null}
        {query.isSuccess && current && settled !== "" && patients.length === 0 ? (
          <p role="status" className="m-0 px-4 py-3 text-dense text-muted">
            {t("search.noneFound", { search: settled })}
          </p>
        ) : null}
        <Command.Group heading={<Heading>{t("palette.goTo")}</Heading>}>
          <Command.Item value="go patients" onSelect={() => go(() => void navigate({ to: "/patients", search: settled ? { q: settled } : {} }))} className={itemClass}>
            <Users aria-hidden className="size-4" />
            {t("shell.patients")}
          </Command.Item>
          <Command.Item value="go help" onSelect={() => go(onHelp)} className={itemClass}>
            <Keyboard aria-hidden className="size-4" />
            {t("shell.shortcuts")}
          </Command.Item>
        </Command.Group>
      </Command.List>
    </Command.Dialog>
  );
}

function Heading({ children }: { children: string }) {
  return <span className="block px-3 pt-1.5 pb-1 text-label font-medium text-muted">{children}</span>;
}
