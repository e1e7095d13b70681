"""A search as one SQL statement: the page, its total when asked for, and the audit row, in one round trip and one commit."""

from __future__ import annotations

from typing import Any

import msgspec

from osler.platform.audit.chain import INSERT
from osler.platform.fhir import TYPE_CODE, TYPES, search_parameters
from osler.platform.store.reading_sql import HEAD
from osler.platform.store.search.arguments import Arguments
from osler.platform.store.search.cursor import Sealed, place
from osler.platform.store.search.fulltext import StringWords, Words
from osler.platform.store.search.hits import driven, found, rows_of
from osler.platform.store.search.ordering import beyond, flipped, order_by, sorted_by, streamed
from osler.platform.store.search.query import Query, Sort
from osler.platform.store.search.scope import Scope, World
from osler.platform.store.search.sources import Column, Source
from osler.platform.store.search.walks import by_id, either, sorted_walk, word_walk

AUDITED = 9
"""First free parameter behind tenant, stream, seq, head, at, action, actor and request id."""
PLAIN = 2
MOST_COUNTED = 10_000
"""Up to here an estimated total is a count."""


class Statement(msgspec.Struct, frozen=True):
    """The text, the values behind its fixed parameters, and the columns of the order (their values end each row's own)."""

    sql: str
    values: tuple[Any, ...]
    order: tuple[Column, ...]


class Walk(msgspec.Struct, frozen=True):
    """The rows of a page as a select of (rid, the order's columns), and how they are counted and found again."""

    columns: tuple[Column, ...]
    rows: str
    order: str
    counted: str
    """Everything that matches: a FROM and WHERE over rows `x`."""
    record: str
    """A select of the row `r` that stands behind row `t`."""


def page(query: Query, world: World, sealed: Sealed | None = None, *, audited: bool) -> Statement:
    """One page. Rows: n, rtype, id, version, updated, codec, content, rid, prid, total, the order's columns, then `head` when audited.

    `$1` is the tenant; an audited statement has `$2`-`$8` as `Ledger.run` and `reading_sql.logged` number them.
    """
    arguments = Arguments(AUDITED if audited else PLAIN)
    walk = walked_types(query, sealed, world, arguments) if query.parts else walked(query, sealed, Scope(query.type, world, arguments))
    keys = ", ".join(f"t.{column.name} as by_{column.name}" for column in walk.columns)
    parts = [
        f"t as materialized (\n{walk.rows}\n)",
        f"""found as materialized (
  select t.n, r.rtype, r.id, r.version, r.updated, r.codec, r.content, r.rid, r.prid, {keys}
  from (select t.*, row_number() over (order by {walk.order}) as n from t) t cross join lateral ({walk.record} offset 0) r
)""",
    ]
    total = "null::int8"
    if query.total == "accurate" and not (query.conditions or query.parts or world.hidden):
        scope = Scope(query.type, world, arguments)
        total = f"(select coalesce(sum(y.n), 0)::int8 from {scope.table('tally')} y where y.tenant = $1 and y.rtype = {scope.rtype()})"
    elif query.total == "accurate":
        parts.append(f"counted as materialized (select count(*) as total from (select distinct x.rid from {walk.counted}) as every)")
        total = "(select total from counted)"
    elif query.total == "estimate":
        most = arguments.add(MOST_COUNTED + 1)
        every = f"select distinct x.rid from {walk.counted} limit {most}"
        parts.append(f"counted as materialized (select count(*) as total from ({every}) as every)")
        total = "(select total from counted)"
    if audited:
        parts.append(_logged(query, arguments))
    names = ", ".join(f"by_{column.name}" for column in walk.columns)
    head = f", {HEAD} as head" if audited else ""
    sql = f"""with {", ".join(parts)}
select n, rtype, id, version, updated, codec, content, rid, prid, {total} as total, {names}{head}
from (select 1) as one left join found on true order by n"""
    return Statement(sql, tuple(arguments.values), walk.columns)


def estimate(query: Query, world: World) -> tuple[str, list[Any]]:
    """What the planner expects to find. `$1` is the tenant."""
    arguments = Arguments(PLAIN)
    every = []
    for part in query.parts or (query,):
        chosen, where = found(part.conditions, Scope(part.type, world, arguments))
        every.append(f"select distinct x.rid from {rows_of(chosen)} where {where}")
    return f"explain (format json) {' union all '.join(every)}", arguments.values


def estimated(rows: list[Any]) -> int:
    """The planner's number of rows."""
    (plan,) = msgspec.json.decode(rows[0][0])
    return int(plan["Plan"]["Plan Rows"])


def walked(query: Query, sealed: Sealed | None, scope: Scope) -> Walk:
    """Which rows make the page, one more than it shows, and in which order."""
    chosen, probes = driven(query.conditions, scope)
    where = " and ".join([*chosen.where, *probes]) or "true"
    limit = scope.add(query.count + 1, "int8")
    native = streamed(query, chosen)
    by_words = not query.sort and isinstance(chosen.covers, Words | StringWords)
    columns = native or (by_id(scope) if by_words else sorted_by(query, scope))
    if sealed is not None and sealed.back:
        columns = flipped(columns)
    after = place(sealed, [column.name for column in columns], [column.kind == "time" for column in columns])
    rows = (_streamed if native else _gathered)(chosen, columns, where, after, limit, scope.arguments)
    forward = sealed is None or not sealed.back
    if native and forward and chosen.near:
        nearer = msgspec.structs.replace(chosen, walks=chosen.walks[: chosen.near])
        rows = either(_streamed(nearer, columns, where, after, limit, scope.arguments), rows, limit)
    elif by_words and forward:
        rows = either(word_walk(query, columns, after, limit, scope), rows, limit)
    elif not native and forward and (by_date := sorted_walk(query, chosen, columns, after, limit, scope)) is not None:
        rows = either(by_date, rows, limit)
    record = f"select * from {scope.table('resource')} r where r.tenant = $1 and r.rid = t.rid"
    return Walk(columns, rows, order_by(columns, "t", nulls=not native), f"{rows_of(chosen)} where {where}", record)


def walked_types(query: Query, sealed: Sealed | None, world: World, arguments: Arguments) -> Walk:
    """The same over several types: a walk of each, merged by keys that all types have. https://hl7.org/fhir/R4/http.html#search"""
    rows, counted, tables = [], [], []
    columns: tuple[Column, ...] = ()
    for part in query.parts:
        scope = Scope(part.type, world, arguments)
        newest = Sort(search_parameters(part.type)["_lastUpdated"], True)
        asked = msgspec.structs.replace(part, sort=part.sort or (newest,), count=query.count)
        # Each type's columns have names of their own; what they hold is the same, in the same order.
        walk = walked(asked, sealed, scope)
        columns = tuple(msgspec.structs.replace(column, name=f"k{place}") for place, column in enumerate(walk.columns))
        named = ", ".join(f"t.{here.name} as {column.name}" for here, column in zip(walk.columns, columns, strict=True))
        rows.append(f"(select t.rid, {named} from (\n{walk.rows}\n) t)")
        counted.append(f"select x.rid from {walk.counted}")
        tables.append(scope.table("resource"))
    order = order_by(columns, "t", nulls=True)
    every = f"select * from ({' union all '.join(rows)}) t order by {order} limit {arguments.add(query.count + 1, 'int8')}"
    found_in = " union all ".join(
        f"select * from {table} r where r.tenant = $1 and r.rid = t.rid" for table in sorted(dict.fromkeys(tables))
    )
    return Walk(columns, every, order, f"({' union all '.join(counted)}) x", f"select * from ({found_in}) r")


def _streamed(chosen: Source, columns: tuple[Column, ...], where: str, after: list[Any] | None, limit: str, arguments: Arguments) -> str:
    """Read in index order, stop at the end of the page."""
    if after is not None:
        where += f" and {beyond(columns, after, arguments, alias='x', nulls=False)}"
    names = [f"x.{column.name}" for column in columns]
    once = "" if chosen.table.endswith(".resource x") else f"distinct on ({', '.join(names)}) "
    shown = ", ".join(dict.fromkeys(["x.rid", *names]))
    order = order_by(columns, "x", nulls=False)
    if chosen.walks:
        ends = f"and {where} order by {order} limit {limit}"
        walks = [f"(select {once}{shown} from {chosen.walked} where {one} {ends})" for one in chosen.walks]
        return walks[0] if len(walks) == 1 else f"select {once}x.* from ({' union all '.join(walks)}) x order by {order} limit {limit}"
    walk = f"select {once}{shown} from {chosen.table} where {where} order by {order} limit {limit}"
    if not chosen.each:
        return walk
    return f"select {once}x.* from {chosen.each} cross join lateral (\n{walk}\n) x order by {order} limit {limit}"


def _gathered(chosen: Source, columns: tuple[Column, ...], where: str, after: list[Any] | None, limit: str, arguments: Arguments) -> str:
    """Find every hit, then order them and cut the page out."""
    keys = "".join(f", {column.sql} as {column.name}" for column in columns if column.name not in ("rid", "d"))
    hits = f"select distinct x.rid, x.prid, x.d from {rows_of(chosen)} where {where}"
    later = f"where {beyond(columns, after, arguments, alias='x', nulls=True)}" if after is not None else ""
    order = order_by(columns, "x", nulls=True)
    return f"select x.* from (select x.rid, x.prid, x.d{keys} from (\n{hits}\n) x offset 0) x {later} order by {order} limit {limit}"


def _logged(query: Query, arguments: Arguments) -> str:
    """The audit row: the names of the parameters and what was returned; the values searched for may identify a patient and stay out."""
    rtype = arguments.add(TYPE_CODE.get(query.type, 0), "int2")
    shown = arguments.add(query.count, "int8")
    names = arguments.add("?" + " ".join(query.names), "text")
    of_type = f"({arguments.add(list(TYPES), 'text[]')})[rtype] || '/'" if query.parts else arguments.add(f"{query.type}/", "text")
    return f"""logged as (
  {INSERT}
  select $1, $2, $3, $3, $5, prid, 0, {rtype}, 200::int2, $6::text::"char", $7, '', $8, detail,
    audit.digest($4, $1, $2, $3, $5, prid, 0, {rtype}, 200::int2, $6::text::"char", $7, '', $8, detail)
  from (select case when min(prid) = max(prid) then max(prid) else 0 end as prid,
      {names} || coalesce(' ' || string_agg({of_type} || id || '/' || version, ' ' order by n), '') as detail
    from found where n <= {shown}) as e
  returning seq, hash
)"""
