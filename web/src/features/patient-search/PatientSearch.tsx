import { useQuery } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { useEffect, useId, useRef, useState, type KeyboardEvent, type Ref } from "react";
import { useTranslation } from "react-i18next";

import { useTenant } from "../../fhir/tenant.ts";
import { EmptyState, FailedState, Skeleton } from "../../ui/PanelStates.tsx";
import { patientsQuery, type PatientRow } from "./patients.api.ts";
import { PatientOption, PatientOptionHeader } from "./PatientOption.tsx";
import { useDebounced } from "./useDebounced.ts";

interface PatientSearchProps {
  typed: string;
  onType: (typed: string) => void;
  onOpen: (patient: PatientRow) => void;
  onConsider?: (patient: PatientRow) => void;
  inputRef?: Ref<HTMLInputElement>;
}

/** One box for name, date of birth, phone and MRN; arrows choose, Enter opens. */
export function PatientSearch({ typed, onType, onOpen, onConsider, inputRef }: PatientSearchProps) {
  const { t } = useTranslation();
  const tenant = useTenant();
  const list = useId();
  const settled = useDebounced(typed.trim());
  const query = useQuery(patientsQuery(tenant, settled));
  const [chosen, setChosen] = useState(0);
  const listRef = useRef<HTMLDivElement>(null);
  const rows = query.data?.items ?? [];
  const current = settled === typed.trim() && !query.isPlaceholderData;

  useEffect(() => setChosen(0), [settled]);
  useEffect(() => {
    listRef.current?.querySelector(`[data-index="${chosen}"]`)?.scrollIntoView({ block: "nearest" });
  }, [chosen]);

  function press(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step !== undefined && rows.length > 0) {
      event.preventDefault();
      const next = Math.min(rows.length - 1, Math.max(0, chosen + step));
      setChosen(next);
      const row = rows[next];
      if (row) onConsider?.(row);
      return;
    }
    const row = rows[chosen];
    // Enter opens what the person read on the screen, never the answer to what was typed before.
    if (event.key === "Enter" && row && current) onOpen(row);
    if (event.key === "Escape" && typed) onType("");
  }

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="relative">
        <Search aria-hidden className="pointer-events-none absolute top-3 left-3 size-4 text-muted" />
        <input
          ref={inputRef}
          type="search"
          role="combobox"
          aria-label={t("search.label")}
          aria-expanded={rows.length > 0}
          aria-controls={rows.length > 0 ? list : undefined}
          aria-activedescendant={rows.length > 0 ? `${list}-${chosen}` : undefined}
          aria-autocomplete="list"
          aria-describedby={`${list}-hint`}
          autoComplete="off"
          spellCheck={false}
          autoFocus
          value={typed}
          onChange={(event) => onType(event.target.value)}
          onKeyDown={press}
          className="h-10 w-full rounded border border-control bg-surface pr-3 pl-9 text-section"
        />
      </div>
      <p id={`${list}-hint`} className="m-0 mt-1.5 text-dense text-muted">
        {t("search.hint")}
      </p>
      <p role="status" className="sr-only">
        {current && query.isSuccess ? t("search.found", { count: rows.length }) : ""}
      </p>
      <section className="forced-border mt-3 flex min-h-0 flex-1 flex-col overflow-hidden rounded border bg-surface" aria-label={t("search.results")}>
        <header className="flex items-baseline gap-2 border-b px-3 py-2">
          <h2 className="text-dense">{settled === "" ? t("search.recent") : t("search.matches")}</h2>
          {query.isSuccess && rows.length > 0 ? (
            <span className="text-label text-muted">
              {query.data.hasMore ? t("search.firstOf", { count: rows.length }) : t("search.found", { count: rows.length })}
            </span>
          ) : null}
        </header>
        {query.isError ? <FailedState title={t("search.failed")} onRetry={() => void query.refetch()} /> : null}
        {query.isPending ? <Skeleton lines={8} label={t("search.searching")} /> : null}
        {query.isSuccess && rows.length === 0 ? (
          settled === "" ? (
            <EmptyState title={t("search.noPatients")}>{t("search.noPatientsDetail")}</EmptyState>
          ) : (
            <EmptyState title={t("search.noneFound", { search: settled })}>{t("search.noneFoundDetail")}</EmptyState>
          )
        ) : null}
        {rows.length > 0 && !query.isError ? (
          <>
            <PatientOptionHeader />
            <div ref={listRef} id={list} role="listbox" aria-label={t("search.results")} aria-busy={!current} className="min-h-0 flex-1 overflow-auto">
              {rows.map((row, index) => (
                <PatientOption
                  key={row.id}
                  id={`${list}-${index}`}
                  index={index}
                  row={row}
                  chosen={index === chosen}
                  onOpen={() => onOpen(row)}
                  onHover={() => onConsider?.(row)}
                />
              ))}
            </div>
            {query.data?.hasMore ? <p className="m-0 border-t px-3 py-1.5 text-dense text-muted">{t("search.more")}</p> : null}
          </>
        ) : null}
      </section>
    </div>
  );
}
