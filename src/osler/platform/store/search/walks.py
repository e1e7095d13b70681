"""Two ways to one page: walk an index in the order asked for until the page is full, or gather every hit and put them in order.

Which is quicker depends on how many records match, which nobody knows before. So the statement itself looks: it counts the hits up to
a cap, walks when there are that many, and gathers when there are fewer or when the walk has gone a long way and the page is not full.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from osler.platform.fhir.dates import EARLIEST
from osler.platform.store.search.hits import rows_of, visible
from osler.platform.store.search.ordering import beyond, order_by
from osler.platform.store.search.predicates import keyed, predicate
from osler.platform.store.search.query import Identifiers, Ids, Nothing, Query, Tokens
from osler.platform.store.search.scope import Scope
from osler.platform.store.search.sources import RID, Column, Source

LEAST_CAP, MOST_CAP = 500, 10_000
LONGEST_WALK = 3
"""Times the cap: matches that lie evenly fill a page within one."""


def either(walk: str, gather: str, limit: str) -> str:
    """The walk's rows when they fill a page, else everything's; what is not needed is not run."""
    enough = f"(select count(*) from walk) >= {limit}"
    return f"""with walk as materialized (
{walk}
)
select * from walk where {enough}
union all
select * from (
{gather}
) gathered where not {enough}"""


def cap(table: str, limit: str) -> str:
    """How many hits make a walk the better way: √(rows of the page × rows of the table), by the statistics."""
    size = f"sqrt(greatest(c.reltuples, 0)::float8 * {limit})"
    return f"(select greatest({LEAST_CAP}, least({MOST_CAP}, {size}))::int8 from pg_class c where c.oid = '{table}'::regclass)"


def sorted_walk(
    query: Query, chosen: Source, columns: Sequence[Column], after: Sequence[Any] | None, limit: str, scope: Scope
) -> str | None:
    """The newest or oldest first by one date, from the index of that date. None: gathering is the way.

    Records without that date come last, so they are never part of a page that this walk fills.
    """
    if len(query.sort) != 1 or (after is not None and after[0] is None):
        return None
    parameter, descending = query.sort[0].parameter, query.sort[0].descending
    if parameter.kind != "date" or parameter.code == "_lastUpdated" or len(parameter.keys) != 1 or parameter.repeats:
        return None
    if any(isinstance(one, Ids | Identifiers | Nothing) or (isinstance(one, Tokens) and one.patients) for one in query.conditions):
        return None
    table = scope.table("idx_date")
    few = cap(table, limit)
    driven = " and ".join(chosen.where) or "true"
    many = f"(select count(*) from (select 1 from {rows_of(chosen)} where {driven} limit {few}) c) >= {few}"
    here = ["x.tenant = $1", keyed("x", parameter, scope), f"x.lo > {scope.add(EARLIEST, 'timestamptz')}", many]
    if after is not None:
        here.append(f"x.lo {'<=' if descending else '>='} {scope.add(after[0])}")
    direction = " desc" if descending else ""
    inner = f"""select x.rid, x.prid, x.d, x.lo as {columns[0].name} from {table} x where {" and ".join(here)}
  order by x.lo{direction}, x.rid limit {few} * {LONGEST_WALK}"""
    probes = [predicate(condition, scope) for condition in query.conditions] + visible(scope)
    if after is not None:
        probes.append(beyond(columns, after, scope.arguments, alias="x", nulls=False))
    where = " and ".join(probes) or "true"
    return f"select x.* from (\n{inner}\n) x where {where} order by {order_by(columns, 'x', nulls=False)} limit {limit}"


def by_id(scope: Scope) -> tuple[Column, ...]:
    """The order of a search by words that asked for none: one in which the whole type can be walked, too."""
    named = f"(select s.id from {scope.table('resource')} s where s.tenant = $1 and s.rid = x.rid)"
    return Column("id", named, True, "text"), RID


def word_walk(query: Query, columns: Sequence[Column], after: Sequence[Any] | None, limit: str, scope: Scope) -> str:
    """A page of a word that many records hold: read through the type, for the index of words gathers every hit before it shows the first.

    A word that few records hold costs this walk in vain, so it goes no further than where gathering what is left is as dear.
    """
    table = scope.table("resource")
    here = ["x.tenant = $1", f"x.rtype = {scope.rtype()}", "x.deleted::int4 = 0"]
    if after is not None:
        here.append(f"x.id <= {scope.add(after[0])}")
    inner = f"""select x.rid, x.prid, x.d, x.id from {table} x where {" and ".join(here)}
  order by x.id desc limit {cap(table, limit)} / 2"""
    probes = [predicate(condition, scope) for condition in query.conditions] + visible(scope)
    if after is not None:
        probes.append(beyond(columns, after, scope.arguments, alias="x", nulls=False))
    shown = "x.rid, x.prid, x.d, x.id"
    order = order_by(columns, "x", nulls=False)
    return f"select {shown} from (\n{inner}\n) x where {' and '.join(probes)} order by {order} limit {limit}"
