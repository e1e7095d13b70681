"""Runs a search: one statement for the page, shared with others of its shape; a second only to include. Each carries its audit row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from osler.platform.access import readable
from osler.platform.context import Context
from osler.platform.fhir import TYPE_CODE, TYPE_NAME
from osler.platform.store.codec import Codec
from osler.platform.store.records import Stored
from osler.platform.store.search.chains import beyond
from osler.platform.store.search.cursor import Cursors
from osler.platform.store.search.includes import MOST_INCLUDED, included
from osler.platform.store.search.page import page
from osler.platform.store.search.query import Query
from osler.platform.store.search.scope import World
from osler.platform.store.search.sharing import Asked, Sharing, shared
from osler.platform.store.search.sources import Column

Fetch = Callable[..., Awaitable[list[Any]]]
"""`fetch(sql, *arguments)` inside a transaction."""


class Page(msgspec.Struct, frozen=True):
    """One page of an answer."""

    matches: list[Stored]
    included: list[Stored]
    total: int | None
    next: str | None
    """The cursor of the following page; None: this is the last."""
    notes: tuple[str, ...] = ()
    """What was cut, for the Bundle's OperationOutcome."""


class Ledger(Protocol):
    """What this module needs of `store.ledger.Ledger`."""

    async def run(self, tenant: int, at: datetime, rows: int, sql: str, /, *arguments: Any) -> list[Any]:
        """Run one statement together with its audit rows."""
        ...


class Searcher:
    """Searches over all schemas. `secret` seals the cursors: the same in every process of a deployment."""

    def __init__(self, schema_of: Callable[[str], str], codec: Codec, secret: bytes) -> None:
        self._schema_of = schema_of
        self._codec = codec
        self._cursors = Cursors(secret)
        self._sharing = Sharing()

    async def search(self, ctx: Context, query: Query, ledger: Ledger) -> Page:
        """A page; nothing is handed out before its audit row is durable. Raises `Malformed` for a cursor that is not ours."""
        now = ctx.clock.now()
        whole, sealed = self._cursors.read(ctx.tenant.key, query, now)
        statement = shared(whole, self._world(ctx, whole), sealed)

        async def fetch(sql: str, *values: Any) -> list[Any]:
            return await ledger.run(ctx.tenant.key, now, 1, sql, now, "S", ctx.actor.id, ctx.request_id, *values)

        if statement is not None:
            asked = Asked(now, ctx.actor.id, ctx.request_id, statement.values)
            rows = await self._sharing.ask(ledger, ctx.tenant.key, statement.sql, asked)
            return await self._shown(ctx, whole, statement.order, rows, None, fetch, audited=True)
        return await self._page(ctx, query, fetch, audited=True)

    async def search_in(self, ctx: Context, query: Query, fetch: Fetch) -> Page:
        """The same inside a transaction, which audits what it has seen when it ends (`shown_by` names it)."""

        async def run(sql: str, *values: Any) -> list[Any]:
            return await fetch(sql, ctx.tenant.key, *values)

        return await self._page(ctx, query, run, audited=False)

    async def _page(self, ctx: Context, query: Query, fetch: Fetch, *, audited: bool) -> Page:
        query, sealed = self._cursors.read(ctx.tenant.key, query, ctx.clock.now())
        statement = page(query, self._world(ctx, query), sealed, audited=audited)
        rows = await fetch(statement.sql, *statement.values)
        hits = [row for row in rows if row["n"] is not None]
        return await self._shown(ctx, query, statement.order, hits, rows[0]["total"], fetch, audited=audited)

    async def _shown(
        self, ctx: Context, query: Query, order: Sequence[Column], hits: list[Any], total: int | None, fetch: Fetch, *, audited: bool
    ) -> Page:
        shown = hits[: query.count]
        rtype = TYPE_CODE[query.type]
        matches = [self._stored(row, rtype) for row in shown]
        more = len(hits) > query.count > 0
        cursor = self._cursor(ctx.tenant.key, query, order, shown[-1]) if more else None
        notes = unread(query, readable(ctx.actor))
        others: list[Stored] = []
        if query.includes and matches:
            others, cut = await self._included(query, matches, readable(ctx.actor), fetch, audited=audited)
            notes += cut
        return Page(matches, others, total, cursor, notes)

    async def _included(
        self, query: Query, matches: Sequence[Stored], seen: frozenset[str], fetch: Fetch, *, audited: bool
    ) -> tuple[list[Stored], tuple[str, ...]]:
        statement = included(query, matches, self._schema_of, seen, audited=audited)
        if statement is None:
            return [], ()
        rows = [row for row in await fetch(statement.sql, *statement.values) if row["rtype"] is not None]
        found = [self._stored(row, row["rtype"]) for row in rows[:MOST_INCLUDED]]
        if len(rows) > MOST_INCLUDED:
            return found, (f"More than {MOST_INCLUDED} records would be included; the others were left out. Ask for a smaller _count.",)
        return found, ()

    def _world(self, ctx: Context, query: Query) -> World:
        return World(self._schema_of, readable(ctx.actor), query.hidden)

    def _stored(self, row: Any, rtype: int) -> Stored:
        content = self._codec.unpack(row["codec"], row["content"])
        return Stored(TYPE_NAME[rtype], row["id"], row["version"], row["updated"], False, content, row["rid"])

    def _cursor(self, tenant: int, query: Query, order: Sequence[Column], row: Any) -> str:
        names = [column.name for column in order]
        return self._cursors.write(tenant, query, names, [row[f"by_{name}"] for name in names])


def unread(query: Query, seen: frozenset[str]) -> tuple[str, ...]:
    """What is said where a condition looks at records the actor may not read: the same whether there are any or not."""
    kinds = frozenset().union(*(beyond(condition) for condition in query.conditions)) - seen
    if not kinds:
        return ()
    return (f"Your role does not include reading {', '.join(sorted(kinds))}: such records were not looked at",)


def shown_by(page: Page) -> str:
    """What a transaction's audit says of a search: the records it returned."""
    return " ".join(f"{stored.type}/{stored.id}/{stored.version}" for stored in [*page.matches, *page.included])
