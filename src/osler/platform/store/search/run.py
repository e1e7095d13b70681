"""Runs a search: one statement for the page, shared with others of its shape; a second only to include. Each carries its audit row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from osler.platform.access import readable
from osler.platform.context import Context
from osler.platform.errors import Forbidden
from osler.platform.fhir import TYPE_CODE, TYPE_NAME
from osler.platform.fhir.terminologies import Codes
from osler.platform.store.codec import Codec
from osler.platform.store.records import Stored
from osler.platform.store.search.chains import beyond
from osler.platform.store.search.coded import Lexicon, Need
from osler.platform.store.search.cursor import Cursors, Sealed
from osler.platform.store.search.includes import MOST_INCLUDED, MOST_STEPS, included
from osler.platform.store.search.page import MOST_COUNTED, Statement, estimate, estimated, page
from osler.platform.store.search.query import Ids, Query
from osler.platform.store.search.scope import Unexpanded, World
from osler.platform.store.search.sharing import Asked, Sharing, shared
from osler.platform.store.search.sorting import all_hits, columns_of, cut, refuse_too_many, rows_in_order, sorted_here
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
    prev: str | None = None
    first: str | None = None
    """Cursors of the page before and of the first one, where this one was reached by a cursor."""


class Ledger(Protocol):
    """What this module needs of `store.ledger.Ledger`."""

    @property
    def connections(self) -> Any:
        """The sessions, for what is looked at and not handed out."""

    async def run(self, tenant: int, at: datetime, rows: int, sql: str, /, *arguments: Any) -> list[Any]:
        """Run one statement together with its audit rows."""
        ...


class _Asking(msgspec.Struct, frozen=True):
    """Who asks, and how statements are run for them."""

    ctx: Context
    now: datetime
    audited: Fetch | None
    """None inside a transaction, which audits at its end."""
    plain: Fetch
    """For what decides about the answer and is not handed out."""
    known: dict[Need, Codes] = msgspec.field(default_factory=dict)
    """Codes that have been looked up for it."""

    @property
    def owner(self) -> tuple[int, str]:
        """Whom page links are for."""
        return self.ctx.tenant.key, self.ctx.actor.id

    @property
    def seen(self) -> frozenset[str]:
        """The types whose records they may see."""
        return readable(self.ctx.actor)

    async def fetch(self, statement: Statement) -> list[Any]:
        """Run a statement that was made for this way of asking."""
        return await (self.audited or self.plain)(statement.sql, *statement.values)


class Searcher:
    """Searches over all schemas. `secret` seals the cursors: the same in every process of a deployment."""

    def __init__(self, schema_of: Callable[[str], str], codec: Codec, secret: bytes) -> None:
        self._schema_of = schema_of
        self._codec = codec
        self._cursors = Cursors(secret)
        self._sharing = Sharing()
        self._lexicon = Lexicon(schema_of, codec)

    async def search(self, ctx: Context, query: Query, ledger: Ledger) -> Page:
        """A page; nothing is handed out before its audit row is durable. Raises `Malformed` for a cursor that is not ours."""
        now, tenant = ctx.clock.now(), ctx.tenant.key

        async def audited(sql: str, *values: Any) -> list[Any]:
            return await ledger.run(tenant, now, 1, sql, now, "S", ctx.actor.id, ctx.request_id, *values)

        async def plain(sql: str, *values: Any) -> list[Any]:
            async with ledger.connections.lend(tenant) as session:
                found: list[Any] = await session.fetch(sql, tenant, *values)
                return found

        asking = _Asking(ctx, now, audited, plain)
        whole, sealed = self._opened(asking, query)

        async def find() -> Page:
            statement = None if sorted_here(whole) else shared(whole, self._world(asking, whole), sealed)
            if statement is None:
                return await self._page(asking, whole, sealed)
            asked = Asked(now, ctx.actor.id, ctx.request_id, statement.values)
            rows = await self._sharing.ask(ledger, tenant, statement.sql, asked)
            return await self._shown(asking, whole, sealed, statement.order, rows, None)

        return await self._with_codes(asking, find)

    async def search_in(self, ctx: Context, query: Query, fetch: Fetch) -> Page:
        """The same inside a transaction, which audits what it has seen when it ends (`shown_by` names it)."""

        async def run(sql: str, *values: Any) -> list[Any]:
            return await fetch(sql, ctx.tenant.key, *values)

        asking = _Asking(ctx, ctx.clock.now(), None, run)
        whole, sealed = self._opened(asking, query)
        return await self._with_codes(asking, lambda: self._page(asking, whole, sealed))

    async def _with_codes(self, asking: _Asking, find: Callable[[], Awaitable[Page]]) -> Page:
        """The page; codes that its conditions name (a value set's, those below another) are looked up before any of it is read."""
        while True:
            try:
                return await find()
            except Unexpanded as missing:
                codes = await self._lexicon.codes(missing.need, asking.ctx.tenant.key, asking.seen, asking.plain)
                asking.known[missing.need] = codes

    def _opened(self, asking: _Asking, query: Query) -> tuple[Query, Sealed | None]:
        """The whole search, of what the actor may read now, and the place to go on from."""
        whole, sealed = self._cursors.read(asking.owner, query, asking.now)
        parts = tuple(part for part in whole.parts if part.type in asking.seen)
        if whole.parts and not parts:
            raise Forbidden("Your role does not include searching these types")
        return (whole if len(parts) == len(whole.parts) else msgspec.structs.replace(whole, parts=parts)), sealed

    async def _page(self, asking: _Asking, query: Query, sealed: Sealed | None) -> Page:
        if sorted_here(query):
            return await self._sorted(asking, query, sealed)
        statement = page(query, self._world(asking, query), sealed, audited=asking.audited is not None)
        rows = await asking.fetch(statement)
        hits = [row for row in rows if row["n"] is not None]
        total = rows[0]["total"]
        if query.total == "estimate" and total > MOST_COUNTED:
            sql, values = estimate(query, self._world(asking, query))
            total = max(estimated(await asking.plain(sql, *values)), total)
        return await self._shown(asking, query, sealed, statement.order, hits, total)

    async def _sorted(self, asking: _Asking, query: Query, sealed: Sealed | None) -> Page:
        """A page of an order that needs the records themselves: all are looked at, those of the page are read and audited."""
        world = self._world(asking, query)
        sql, values = all_hits(query, world)
        found = await asking.plain(sql, *values)
        refuse_too_many(query, len(found))
        rows = rows_in_order(query, found, self._codec.unpack)
        chosen, more = cut(query, rows, sealed)
        order = columns_of(query)
        wanted = msgspec.structs.replace(query, conditions=(Ids(tuple(row.rid for row in chosen)),), sort=(), total="none")
        statement = page(wanted, world, audited=asking.audited is not None)
        place = {row.rid: number for number, row in enumerate(chosen)}
        hits = sorted((row for row in await asking.fetch(statement) if row["n"] is not None), key=lambda row: place[row["rid"]])
        matches = [self._stored(row[2:8], TYPE_CODE[query.type]) for row in hits]
        ends = [(*chosen[at].keys, chosen[at].rid) for at in (0, -1)] if chosen else []
        links = self._links(asking, query, sealed, order, ends, more)
        total = len(rows) if query.total != "none" else None
        return await self._with_others(asking, query, matches, total, links)

    async def _shown(
        self, asking: _Asking, query: Query, sealed: Sealed | None, order: Sequence[Column], hits: list[Any], total: int | None
    ) -> Page:
        shown = hits[: query.count]
        more = len(hits) > query.count > 0
        if sealed is not None and sealed.back:
            shown = shown[::-1]
        rtype = TYPE_CODE.get(query.type, 0)
        matches = [self._stored(row[2:8], rtype or row[1]) for row in shown]
        names = [f"by_{column.name}" for column in order]
        ends = [tuple(shown[at][name] for name in names) for at in (0, -1)] if shown and (more or sealed is not None) else []
        return await self._with_others(asking, query, matches, total, self._links(asking, query, sealed, order, ends, more))

    def _links(
        self, asking: _Asking, query: Query, sealed: Sealed | None, order: Sequence[Column], ends: Sequence[Sequence[Any]], more: bool
    ) -> dict[str, str]:
        """Cursors of the pages around this one, whose first and last row have these values. `more`: in the direction it was read."""
        names = [column.name for column in order]
        links: dict[str, str] = {}
        back = sealed is not None and sealed.back
        if ends and (more or back):
            links["next"] = self._cursors.write(asking.owner, query, (names, ends[1]), asking.now)
        if ends and sealed is not None and (more or not back):
            links["prev"] = self._cursors.write(asking.owner, query, (names, ends[0]), asking.now, back=True)
        if sealed is not None:
            links["first"] = self._cursors.write(asking.owner, query, ((), ()), asking.now)
        return links

    async def _with_others(self, asking: _Asking, query: Query, matches: list[Stored], total: int | None, links: dict[str, str]) -> Page:
        notes = query.notes + unread(query, asking.seen)
        if query.total == "estimate" and total is not None and total > MOST_COUNTED:
            notes += (f"The total is an estimate: more than {MOST_COUNTED} records match",)
        others: list[Stored] = []
        if query.includes and matches:
            others, cut_off = await self._included(asking, query, matches)
            notes += cut_off
        return Page(matches, others, total, links.get("next"), notes, links.get("prev"), links.get("first"))

    async def _included(self, asking: _Asking, query: Query, matches: Sequence[Stored]) -> tuple[list[Stored], tuple[str, ...]]:
        """What comes with the matches, step by step; each record once."""
        known = {stored.rid for stored in matches}
        every: list[Stored] = []
        start = matches
        goes_on = any(include.iterate for include in query.includes)
        for step in range(MOST_STEPS + 1):
            statement = included(query, step, start, known, self._schema_of, asking.seen, audited=asking.audited is not None)
            rows = [row for row in await asking.fetch(statement) if row["rtype"] is not None] if statement else []
            start = [self._stored(row[1:7], row[0]) for row in rows[: MOST_INCLUDED - len(every)]]
            every += start
            known.update(stored.rid for stored in start)
            if len(start) < len(rows):
                return every, (f"More than {MOST_INCLUDED} records would be included; the others were left out. Ask for a smaller _count.",)
            if not start or not goes_on:
                return every, ()
            if step == MOST_STEPS:
                return every, (f"Included records were followed {MOST_STEPS} steps from the matches, and no further",)
        return every, ()

    def _world(self, asking: _Asking, query: Query) -> World:
        return World(self._schema_of, asking.seen, query.hidden, asking.known)

    def _stored(self, columns: Sequence[Any], rtype: int) -> Stored:
        id_, version, updated, codec, content, rid = columns
        return Stored(TYPE_NAME[rtype], id_, version, updated, False, self._codec.unpack(codec, content), rid)


def unread(query: Query, seen: frozenset[str]) -> tuple[str, ...]:
    """What is said where a condition looks at records the actor may not read: the same whether there are any or not."""
    kinds = frozenset().union(*(beyond(condition) for part in (query, *query.parts) for condition in part.conditions)) - seen
    if not kinds:
        return ()
    return (f"Your role does not include reading {', '.join(sorted(kinds))}: such records were not looked at",)


def shown_by(page: Page) -> str:
    """What a transaction's audit says of a search: the records it returned."""
    return " ".join(f"{stored.type}/{stored.id}/{stored.version}" for stored in [*page.matches, *page.included])
