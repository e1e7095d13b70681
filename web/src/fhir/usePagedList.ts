import { useInfiniteQuery, type UseInfiniteQueryOptions, type InfiniteData } from "@tanstack/react-query";

import type { QueryKey } from "./keys.ts";
import type { Panel } from "./panel.ts";

interface Page<Item> {
  items: Item[];
  total: number;
  next?: string | null;
}

export interface PagedList<Item> {
  panel: Panel<{ items: Item[]; total: number }>;
  /** Whether everything there is stands in `items`. */
  complete: boolean;
  /** A later page could not be loaded: the list is cut short and must say so. */
  cutShort: boolean;
  loadMore: () => void;
  retry: () => void;
}

type PagedOptions<Item> = UseInfiniteQueryOptions<Panel<Page<Item>>, Error, InfiniteData<Panel<Page<Item>>>, QueryKey, string | null>;

/** A long list that arrives in pages and knows whether it is whole. */
export function usePagedList<Item>(options: PagedOptions<Item>): PagedList<Item> {
  const query = useInfiniteQuery(options);
  const pages = query.data?.pages;
  const joined = joinPages(pages);
  const failed = query.isError && pages === undefined;
  return {
    panel: joined.panel ?? { state: failed ? "failed" : "loading" },
    complete: pages !== undefined && !query.hasNextPage && !joined.cutShort && !query.isFetchNextPageError,
    cutShort: joined.cutShort || query.isFetchNextPageError,
    loadMore: () => {
      if (query.hasNextPage && !query.isFetchingNextPage && !query.isFetchNextPageError) void query.fetchNextPage({ cancelRefetch: false });
    },
    retry: () => void (query.isFetchNextPageError ? query.fetchNextPage() : query.refetch()),
  };
}

interface Joined<Item> {
  panel: Panel<{ items: Item[]; total: number }> | null;
  cutShort: boolean;
}

/** What was joined stays joined as long as the cache holds its pages: a tab that is opened again paints at once. */
const joinedBefore = new WeakMap<object, Joined<never>>();

function joinPages<Item>(pages: readonly Panel<Page<Item>>[] | undefined): Joined<Item> {
  if (!pages) return { panel: null, cutShort: false };
  const known = joinedBefore.get(pages);
  // Pages of one kind of record are only ever joined to a list of that kind.
  if (known) return known as unknown as Joined<Item>;
  const joined = joinAll(pages);
  joinedBefore.set(pages, joined as unknown as Joined<never>);
  return joined;
}

function joinAll<Item>(pages: readonly Panel<Page<Item>>[]): Joined<Item> {
  const first = pages?.[0];
  if (!first) return { panel: null, cutShort: false };
  if (first.state !== "ready") return { panel: first, cutShort: false };
  const items: Item[] = [];
  for (const page of pages) {
    if (page.state !== "ready") return { panel: { state: "ready", data: { items, total: first.data.total } }, cutShort: true };
    items.push(...page.data.items);
  }
  return { panel: { state: "ready", data: { items, total: first.data.total } }, cutShort: false };
}
