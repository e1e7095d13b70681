import { Outlet, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { usePreferences } from "../../ui/preferences.ts";
import { useShortcuts } from "../../ui/shortcuts.ts";
import { LeftRail } from "./LeftRail.tsx";
import { PatientTabs } from "./PatientTabs.tsx";
import { TopBar } from "./TopBar.tsx";

const CommandPalette = lazy(() => import("./CommandPalette.tsx"));
const ShortcutHelp = lazy(() => import("./ShortcutHelp.tsx"));

/** What stands around every page. */
export function Shell() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { singleKeys } = usePreferences();
  const [paletteOpen, setPaletteOpen] = useState(false);
  const [rested, setRested] = useState(false);
  const [helpOpen, setHelpOpen] = useState(false);
  const main = useRef<HTMLDivElement>(null);

  function openPalette() {
    setPaletteOpen(true);
  }
  function findPatient() {
    const box = document.querySelector<HTMLInputElement>('main input[type="search"]');
    if (box) box.select();
    else void navigate({ to: "/patients" });
  }
  useShortcuts({ "Mod+k": openPalette });
  useShortcuts({ "/": findPatient, "g p": () => void navigate({ to: "/patients" }), "?": () => setHelpOpen(true) }, singleKeys);
  useEffect(() => {
    // Palette and menus are not part of the first load; they are fetched once the screen has come to rest.
    const timer = setTimeout(() => setRested(true), 1500);
    return () => clearTimeout(timer);
  }, []);

  return (
    <div className="print-flow flex h-full flex-col">
      <button
        type="button"
        onClick={() => main.current?.focus()}
        className="sr-only focus:not-sr-only focus:fixed focus:top-1 focus:left-1 focus:z-50 focus:rounded focus:bg-accent focus:px-3 focus:py-2 focus:text-on-accent"
      >
        {t("action.skip")}
      </button>
      <TopBar onSearch={openPalette} onHelp={() => setHelpOpen(true)} rested={rested} />
      <PatientTabs />
      <div className="print-flow flex min-h-0 flex-1">
        <LeftRail />
        <div ref={main} tabIndex={-1} className="print-flow flex min-h-0 min-w-0 flex-1 flex-col">
          <Outlet />
        </div>
      </div>
      {rested || paletteOpen ? (
        <Suspense>
          <CommandPalette open={paletteOpen} onClose={() => setPaletteOpen(false)} onHelp={() => setHelpOpen(true)} />
        </Suspense>
      ) : null}
      {helpOpen ? (
        <Suspense>
          <ShortcutHelp onClose={() => setHelpOpen(false)} />
        </Suspense>
      ) : null}
    </div>
  );
}
