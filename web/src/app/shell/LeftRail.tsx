import { Link } from "@tanstack/react-router";
import { Users } from "lucide-react";
import { useTranslation } from "react-i18next";

/** The places of the app; only what this role may open and what exists. */
export function LeftRail() {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("shell.navigation")} className="no-print w-14 shrink-0 border-r bg-surface pt-2 max-md:hidden">
      <Link
        to="/patients"
        activeProps={{ className: "bg-accent-bg text-accent", "aria-current": "page" }}
        inactiveProps={{ className: "text-muted hover:bg-raised hover:text-text" }}
        className="mx-1 flex flex-col items-center gap-0.5 rounded py-1.5 text-label"
      >
        <Users aria-hidden className="size-5" />
        {t("shell.patients")}
      </Link>
    </nav>
  );
}
