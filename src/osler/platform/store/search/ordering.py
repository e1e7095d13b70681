"""The order of an answer and the place where a page ended: always total, so that pages neither repeat nor lose a record.

Records without a value come last, whichever way the order runs; so do periods whose start is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from osler.platform.fhir.dates import EARLIEST
from osler.platform.store.search.arguments import Arguments
from osler.platform.store.search.predicates import FOLDED, keyed
from osler.platform.store.search.query import Dates, Query, Sort
from osler.platform.store.search.scope import Scope
from osler.platform.store.search.sources import BY_DATE, ID, RID, UPDATED, Column, Source


def streamed(query: Query, source: Source) -> tuple[Column, ...] | None:
    """The order in which the source's index delivers, when that is the one asked for."""
    if source.order is None or not query.sort:
        return source.order
    if len(query.sort) > 1:
        return None
    wanted, first = query.sort[0], source.order[0]
    code = wanted.parameter.code
    if first.name in ("id", "updated"):
        here: tuple[Column, ...] | None = {"_id": (ID, RID), "_lastUpdated": (UPDATED, RID)}.get(code)
        # Both walks are of the whole type; only one of them starts where a search by _lastUpdated does.
        if here is None or (source.covers is not None and code == "_id"):
            return None
        return here if wanted.descending else flipped(here, nulls="last")
    if first.descending != wanted.descending:
        return None
    if first.name == "d":
        return source.order if wanted.parameter.is_primary_date else None
    if first.name == "lo" and isinstance(source.covers, Dates):
        # Of a record with several dates the search finds the latest that matches, an order goes by the latest of all.
        return source.order if wanted.parameter.key == source.covers.parameter.key and not wanted.parameter.repeats else None
    return None


def flipped(columns: Sequence[Column], nulls: Literal["last", "first"] = "first") -> tuple[Column, ...]:
    """The same order from its end."""
    return tuple(msgspec.structs.replace(column, descending=not column.descending, nulls=nulls) for column in columns)


def sorted_by(query: Query, scope: Scope) -> tuple[Column, ...]:
    """The columns of an order that needs all hits before it shows the first."""
    if not query.sort:
        return BY_DATE
    return (*(_column(f"k{place}", sort, scope) for place, sort in enumerate(query.sort)), RID)


def _column(name: str, sort: Sort, scope: Scope) -> Column:
    parameter = sort.parameter
    if parameter.code in ("_id", "_lastUpdated"):
        here = f"{scope.table('resource')} s where s.tenant = $1 and s.rid = x.rid"
        if parameter.code == "_id":
            return Column(name, f"(select s.id from {here})", sort.descending, "text")
        return Column(name, f"(select s.updated from {here})", sort.descending, "time")
    if parameter.is_primary_date and sort.descending:
        return Column(name, "x.d", True, "time")
    table, value, kind = _VALUES[parameter.kind]
    if kind == "time":
        value = value.format(scope.add(EARLIEST, "timestamptz"))
    same = scope.same_row("s") if table == "idx_quantity" else scope.same_rid("s")
    where = f"s.tenant = $1 and {same} and {keyed('s', parameter, scope)}"
    pick = f"{'max' if sort.descending else 'min'}({value})"
    return Column(name, f"(select {pick} from {scope.table(table)} s where {where})", sort.descending, kind)


_VALUES: dict[str, tuple[str, str, Literal["time", "number", "text"]]] = {
    "date": ("idx_date", "nullif(s.lo, {})", "time"),
    "string": ("idx_string", FOLDED.format(row="s"), "text"),
    "number": ("idx_quantity", "case when s.lo = '-Infinity' then s.hi else s.lo end", "number"),
    "quantity": ("idx_quantity", "case when s.lo = '-Infinity' then s.hi else s.lo end", "number"),
}
"""Where a record's value for an order lies; `<5` stands at 5."""


def order_by(columns: Sequence[Column], alias: str, *, nulls: bool) -> str:
    """The ORDER BY list over `alias`'s columns."""
    return ", ".join(
        f"{alias}.{column.name}{' desc' if column.descending else ''}{f' nulls {column.nulls}' if nulls else ''}" for column in columns
    )


def beyond(columns: Sequence[Column], place: Sequence[Any], arguments: Arguments, *, alias: str, nulls: bool) -> str:
    """Rows that come after the place where the last page ended."""
    equal: list[str] = []
    parts: list[str] = []
    for column, value in zip(columns, place, strict=True):
        name = f"{alias}.{column.name}"
        if value is None:
            if column.nulls == "first":
                parts.append(" and ".join([*equal, f"{name} is not null"]))
            equal.append(f"{name} is null")
            continue
        mark = arguments.add(value)
        later = f"{name} {'<' if column.descending else '>'} {mark}"
        parts.append(" and ".join([*equal, f"({later} or {name} is null)" if nulls and column.nulls == "last" else later]))
        equal.append(f"{name} = {mark}")
    found = " or ".join(f"({part})" for part in parts)
    if nulls or place[0] is None:
        return f"({found})"
    # The first column again by itself: the index can start there.
    return f"{alias}.{columns[0].name} {'<=' if columns[0].descending else '>='} {arguments.add(place[0])} and ({found})"
