import { Link } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";

import { tenantQuery } from "../../features/session/index.ts";
import { useTenant } from "../../fhir/tenant.ts";
import { Keys } from "../../ui/Badge.tsx";
import { useSession } from "../sessionContext.ts";
import { ProductMark } from "./ProductMark.tsx";
import { UserButton } from "./UserButton.tsx";

const UserMenu = lazy(() => import("./UserMenu.tsx"));

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

interface TopBarProps {
  onSearch: () => void;
  onHelp: () => void;
  /** The screen has come to rest: what was left out of the first load may come now. */
  rested: boolean;
}

export function TopBar({ onSearch, onHelp, rested }: TopBarProps) {
  const { user } = useSession();
  const [menuAsked, setMenuAsked] = useState(false);
  const button = <UserButton name={user.displayName} onClick={() => setMenuAsked(true)} />;
  const { t } = useTranslation();
  const tenant = useTenant();
  const facts = useQuery(tenantQuery(tenant));
  return (
    <header aria-label={t("shell.topBar")} className="no-print flex h-11 shrink-0 items-center gap-3 border-b bg-surface px-3">
      <Link to="/patients" className="flex items-center gap-2 rounded font-semibold" aria-label={t("product")}>
        <ProductMark className="size-6" />
        <span className="max-sm:hidden">{t("product")}</span>
      </Link>
      <span className="truncate border-l pl-3 text-dense text-muted max-sm:hidden" title={t("shell.tenant")}>
        {facts.data?.name ?? tenant}
      </span>
      <button
        type="button"
        onClick={onSearch}
        className="mx-auto flex h-8 w-full max-w-md items-center gap-2 rounded border border-control bg-bg px-2.5 text-dense text-muted hover:border-accent"
      >
        <Search aria-hidden className="size-4 shrink-0" />
        <span className="truncate">{t("shell.searchButton")}</span>
        <span className="ml-auto max-sm:hidden">
          <Keys keys={[isMac ? "⌘" : "Ctrl", "K"]} />
        </span>
      </button>
      {rested || menuAsked ? (
        <Suspense fallback={button}>
          <UserMenu onHelp={onHelp} opened={menuAsked} />
        </Suspense>
      ) : (
        button
      )}
    </header>
  );
}
