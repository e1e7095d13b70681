"""Searches of one shape that arrive together share a statement, a commit and its audit batch, each with an audit row of its own.

A statement costs more than the few rows most searches read, so this is what makes them cheap (design/store.md §5).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

import asyncpg
import msgspec

from osler.platform.audit.chain import INSERT
from osler.platform.fhir import TYPE_CODE
from osler.platform.store.lanes import Lane
from osler.platform.store.reading_sql import HEAD
from osler.platform.store.search.arguments import SharedArguments
from osler.platform.store.search.cursor import Sealed
from osler.platform.store.search.page import Walk, walked
from osler.platform.store.search.query import Query
from osler.platform.store.search.scope import Scope, World
from osler.platform.store.search.sources import Column

MOST_TOGETHER = 16
"""Searches in one statement: the last of them is answered with the first."""
MOST_VALUES = 100
"""Values of one search: PostgreSQL gives a row of values 1,664 columns at most, and such a search has no company anyway."""
LANES_KEPT = 256


class SharedStatement(msgspec.Struct, frozen=True):
    """The text, this search's own values, and the columns of the order (their values end each row)."""

    sql: str
    values: tuple[Any, ...]
    order: tuple[Column, ...]


class Asked(NamedTuple):
    """One search under way."""

    at: datetime
    actor: str
    request_id: str
    values: tuple[Any, ...]


class Ledger(Protocol):
    """What this module needs of `store.ledger.Ledger`."""

    async def run(self, tenant: int, at: datetime, rows: int, sql: str, /, *arguments: Any) -> list[Any]:
        """Run one statement together with its audit rows."""
        ...


def shared(query: Query, world: World, sealed: Sealed | None) -> SharedStatement | None:
    """A page of one search as a statement that serves many. None: this one needs a statement of its own.

    Rows: q (which of the searches), n, id, version, updated, codec, content, rid, the order's columns, `head`.
    The order's columns are filled in the page's first and last row only, where other pages begin.
    """
    if query.total != "none" or query.parts:
        return None
    arguments = SharedArguments()
    scope = Scope(query.type, world, arguments)
    walk = walked(query, sealed, scope)
    shown = arguments.add(query.count)
    names = arguments.add("?" + " ".join(query.names))
    rtype, of_type = arguments.add(TYPE_CODE[query.type]), arguments.add(f"{query.type}/")
    if not arguments.possible or len(arguments.values) > MOST_VALUES:
        return None
    arrays = ", ".join(f"${9 + place}::{kind}[]" for place, kind in enumerate(arguments.kinds))
    columns = ", ".join(f"v{number}" for number in range(1, len(arguments.kinds) + 1))
    by = "".join(f", f.by_{column.name}" for column in walk.columns)
    sql = f"""with found as materialized (
  select a.q, a.actor, a.request_id, {shown} as shown, {names} as names, {rtype}::int2 as rtype, {of_type} as of_type, f.*
  from unnest($7::text[], $8::text[], {arrays}) with ordinality as a(actor, request_id, {columns}, q) left join lateral (
{_page(walk, shown)}
  ) f on true
), logged as (
  {INSERT}
  select $1, $2, $3 + q - 1, $3, $5, prid, 0, rtype, 200::int2, $6::text::"char", actor, '', request_id, detail,
    audit.digest($4, $1, $2, $3 + q - 1, $5, prid, 0, rtype, 200::int2, $6::text::"char", actor, '', request_id, detail)
  from (select q, actor, request_id, rtype, case when min(prid) = max(prid) then max(prid) else 0 end as prid,
      names || coalesce(' ' || string_agg(of_type || id || '/' || version, ' ' order by n), '') as detail
    from (select *, case when n <= shown then record end as prid from found) as e
    where n is null or n <= shown group by q, actor, request_id, rtype, names) as e
  returning seq, hash
)
select f.q, f.n, f.id, f.version, f.updated, f.codec, f.content, f.rid{by},
  case when f.q = 1 and coalesce(f.n, 1) = 1 then {HEAD} end as head
from found f"""
    return SharedStatement(sql, tuple(arguments.values), walk.columns)


def _page(walk: Walk, shown: str) -> str:
    keys = "".join(f", case when t.n in (1, {shown}) then t.{column.name} end as by_{column.name}" for column in walk.columns)
    return f"""    select t.n, r.id, r.version, r.updated, r.codec, r.content, r.rid, r.prid as record{keys}
    from (select t.*, row_number() over (order by {walk.order}) as n from (
{walk.rows}
    ) t) t cross join lateral ({walk.record} offset 0) r"""


class Sharing:
    """The lanes of shared searches: one per tenant and statement."""

    def __init__(self) -> None:
        self._lanes: dict[tuple[int, str], Lane[Asked, list[Any]]] = {}

    async def ask(self, ledger: Ledger, tenant: int, sql: str, asked: Asked) -> list[Any]:
        """The rows of one search, in order; its audit row is durable."""
        lane = self._lanes.get((tenant, sql))
        if lane is None:
            if len(self._lanes) >= LANES_KEPT:
                self._lanes = {key: kept for key, kept in self._lanes.items() if kept.busy}
            lane = self._lanes[tenant, sql] = Lane(_sender(ledger, tenant, sql), MOST_TOGETHER)
        return await lane.ask(asked)


def _sender(ledger: Ledger, tenant: int, sql: str) -> Callable[[list[Asked]], Awaitable[list[list[Any] | Exception]]]:
    async def send(jobs: list[Asked]) -> list[list[Any] | Exception]:
        times, actors, requests, values = zip(*jobs, strict=True)
        try:
            rows = await ledger.run(tenant, times[-1], len(jobs), sql, times[-1], "S", actors, requests, *zip(*values, strict=True))
        except asyncpg.PostgresError:
            if len(jobs) == 1:
                raise
            return [found for job in jobs for found in await _alone(send, job)]
        found: list[list[Any] | Exception] = [[] for _ in jobs]
        for row in rows:
            if row[1] is not None:
                found[row[0] - 1].append(row)
        for page in found:
            if isinstance(page, list):
                page.sort(key=itemgetter(1))
        return found

    return send


async def _alone(send: Callable[[list[Asked]], Awaitable[list[list[Any] | Exception]]], job: Asked) -> list[list[Any] | Exception]:
    """One search by itself: another one of its batch could not be carried out."""
    try:
        return await send([job])
    except Exception as error:  # noqa: BLE001 - handed to the caller of this search
        return [error]
