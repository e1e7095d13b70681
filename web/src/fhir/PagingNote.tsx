import { useTranslation } from "react-i18next";

import { Banner } from "../ui/Banner.tsx";
import { Button } from "../ui/Button.tsx";
import type { PagedList } from "./usePagedList.ts";

interface PagingNoteProps<Item> {
  shown: number;
  total: number;
  list: PagedList<Item>;
  noun: "encounters" | "results";
}

/** How much of a long list is here. A list that was cut short says so in red. */
export function PagingNote<Item>({ shown, total, list, noun }: PagingNoteProps<Item>) {
  const { t } = useTranslation();
  if (list.cutShort) {
    return (
      <Banner tone="critical" role="alert" className="m-2" title={t(`paging.${noun}CutShort`, { shown, total })} action={<Button onClick={list.retry}>{t("action.retry")}</Button>}>
        {t("paging.cutShortDetail")}
      </Banner>
    );
  }
  return (
    <p role="status" data-complete={list.complete} className="m-0 border-b px-3 py-1 text-label text-muted">
      {list.complete ? t(`paging.${noun}All`, { count: total }) : t(`paging.${noun}Part`, { shown, total })}
    </p>
  );
}
