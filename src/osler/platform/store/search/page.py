"""A search as one SQL statement: the page, its total when asked for, and the audit row, in one round trip and one commit."""

from __future__ import annotations

from typing import Any

import msgspec

from osler.platform.audit.chain import INSERT
from osler.platform.fhir import TYPE_CODE
from osler.platform.store.reading_sql import HEAD
from osler.platform.store.search.arguments import Arguments
from osler.platform.store.search.cursor import Sealed, place
from osler.platform.store.search.hits import found, rows_of
from osler.platform.store.search.ordering import beyond, order_by, sorted_by, streamed
from osler.platform.store.search.query import Query
from osler.platform.store.search.scope import Scope, World
from osler.platform.store.search.sources import Column, Source

AUDITED = 9
"""First free parameter behind tenant, stream, seq, head, at, action, actor and request id."""
PLAIN = 2


class Statement(msgspec.Struct, frozen=True):
    """The text, the values behind its fixed parameters, and the columns of the order (their values end each row's own)."""

    sql: str
    values: tuple[Any, ...]
    order: tuple[Column, ...]


class Walk(msgspec.Struct, frozen=True):
    """The rows of a page as a select of (rid, the order's columns), and what it was made of."""

    source: Source
    where: str
    columns: tuple[Column, ...]
    rows: str
    order: str


def page(query: Query, world: World, sealed: Sealed | None = None, *, audited: bool) -> Statement:
    """One page. Rows: n, id, version, updated, codec, content, rid, prid, total, then the order's columns, then `head` when audited.

    `$1` is the tenant; an audited statement has `$2`-`$8` as `Ledger.run` and `reading_sql.logged` number them.
    """
    arguments = Arguments(AUDITED if audited else PLAIN)
    scope = Scope(query.type, world, arguments)
    walk = walked(query, sealed, scope)
    chosen, where, columns = walk.source, walk.where, walk.columns
    keys = ", ".join(f"t.{column.name} as by_{column.name}" for column in columns)
    parts = [
        f"t as materialized (\n{walk.rows}\n)",
        f"""found as materialized (
  select t.n, r.id, r.version, r.updated, r.codec, r.content, r.rid, r.prid, {keys}
  from (select t.*, row_number() over (order by {walk.order}) as n from t) t
    cross join lateral (select * from {scope.table("resource")} r where r.tenant = $1 and r.rid = t.rid offset 0) r
)""",
    ]
    total = "null::int8"
    if query.total == "accurate":
        parts.append(f"counted as materialized (select count(distinct x.rid) as total from {rows_of(chosen)} where {where})")
        total = "(select total from counted)"
    if audited:
        parts.append(_logged(query, arguments))
    names = ", ".join(f"by_{column.name}" for column in columns)
    head = f", {HEAD} as head" if audited else ""
    sql = f"""with {", ".join(parts)}
select n, id, version, updated, codec, content, rid, prid, {total} as total, {names}{head}
from (select 1) as one left join found on true order by n"""
    return Statement(sql, tuple(arguments.values), columns)


def walked(query: Query, sealed: Sealed | None, scope: Scope) -> Walk:
    """Which rows make the page, one more than it shows, and in which order."""
    chosen, where = found(query.conditions, scope)
    limit = scope.add(query.count + 1, "int8")
    native = streamed(query, chosen)
    columns = native or sorted_by(query, scope)
    after = place(sealed, [column.name for column in columns], [column.kind == "time" for column in columns])
    rows = (_streamed if native else _gathered)(chosen, columns, where, after, limit, scope.arguments)
    return Walk(chosen, where, columns, rows, order_by(columns, "t", nulls=not native))


def _streamed(chosen: Source, columns: tuple[Column, ...], where: str, after: list[Any] | None, limit: str, arguments: Arguments) -> str:
    """Read in index order, stop at the end of the page."""
    if after is not None:
        where += f" and {beyond(columns, after, arguments, alias='x', nulls=False)}"
    names = [f"x.{column.name}" for column in columns]
    once = "" if chosen.table.endswith(".resource x") else f"distinct on ({', '.join(names)}) "
    shown = ", ".join(dict.fromkeys(["x.rid", *names]))
    order = order_by(columns, "x", nulls=False)
    walk = f"select {once}{shown} from {chosen.table} where {where} order by {order} limit {limit}"
    if not chosen.each:
        return walk
    return f"select {once}x.* from {chosen.each} cross join lateral (\n{walk}\n) x order by {order} limit {limit}"


def _gathered(chosen: Source, columns: tuple[Column, ...], where: str, after: list[Any] | None, limit: str, arguments: Arguments) -> str:
    """Find every hit, then order them and cut the page out."""
    keys = "".join(f", {column.sql} as {column.name}" for column in columns if column.name not in ("rid", "d"))
    hits = f"select distinct x.rid, x.d from {rows_of(chosen)} where {where}"
    later = f"where {beyond(columns, after, arguments, alias='x', nulls=True)}" if after is not None else ""
    order = order_by(columns, "x", nulls=True)
    return f"select x.* from (select x.rid, x.d{keys} from (\n{hits}\n) x offset 0) x {later} order by {order} limit {limit}"


def _logged(query: Query, arguments: Arguments) -> str:
    """The audit row: the names of the parameters and what was returned; the values searched for may identify a patient and stay out."""
    rtype = arguments.add(TYPE_CODE[query.type], "int2")
    shown = arguments.add(query.count, "int8")
    names = arguments.add("?" + " ".join(query.names), "text")
    of_type = arguments.add(f"{query.type}/", "text")
    return f"""logged as (
  {INSERT}
  select $1, $2, $3, $3, $5, prid, 0, {rtype}, 200::int2, $6::text::"char", $7, '', $8, detail,
    audit.digest($4, $1, $2, $3, $5, prid, 0, {rtype}, 200::int2, $6::text::"char", $7, '', $8, detail)
  from (select case when min(prid) = max(prid) then max(prid) else 0 end as prid,
      {names} || coalesce(' ' || string_agg({of_type} || id || '/' || version, ' ' order by n), '') as detail
    from found where n <= {shown}) as e
  returning seq, hash
)"""
