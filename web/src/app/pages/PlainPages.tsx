import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Button } from "../../ui/Button.tsx";

export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <main className="mx-auto flex max-w-md flex-col gap-3 p-8">
      <h1 className="text-page">{t("page.notFound")}</h1>
      <Link to="/patients" className="text-accent underline">
        {t("page.home")}
      </Link>
    </main>
  );
}

/** A fault of ours in drawing the page. It shows nothing of the patient and loses nothing: nothing here writes. */
export function BrokenPage() {
  const { t } = useTranslation();
  return (
    <main className="mx-auto flex max-w-md flex-col items-start gap-3 p-8" role="alert">
      <h1 className="text-page">{t("page.broken")}</h1>
      <Button kind="primary" onClick={() => window.location.reload()}>
        {t("page.reload")}
      </Button>
    </main>
  );
}
