"""The order of an answer and the place where a page ended: always total, so that pages neither repeat nor lose a record.

Records without a value come last, whichever way the order runs; so do periods whose start is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from osler.platform.fhir.dates import EARLIEST
from osler.platform.store.search.arguments import Arguments
from osler.platform.store.search.predicates import FOLDED
from osler.platform.store.search.query import Dates, Query, Sort
from osler.platform.store.search.scope import Scope
from osler.platform.store.search.sources import BY_DATE, RID, Column, Source


def streamed(query: Query, source: Source) -> tuple[Column, ...] | None:
    """The order in which the source's index delivers, when that is the one asked for."""
    if source.order is None or not query.sort:
        return source.order
    if len(query.sort) > 1:
        return None
    wanted, first = query.sort[0], source.order[0]
    if first.descending != wanted.descending:
        return None
    if first.name == "d":
        return source.order if wanted.parameter.is_primary_date else None
    if first.name == "updated":
        return source.order if wanted.parameter.code == "_lastUpdated" else None
    if first.name == "lo" and isinstance(source.covers, Dates):
        return source.order if wanted.parameter.key == source.covers.parameter.key else None
    return None


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
    dated = parameter.kind == "date"
    started = f"nullif(s.lo, {scope.add(EARLIEST, 'timestamptz')})" if dated else ""
    table, column = ("idx_date", started) if dated else ("idx_string", FOLDED.format(row="s"))
    pick = f"{'max' if sort.descending else 'min'}({column})"
    where = f"s.tenant = $1 and s.rid = x.rid and s.key = {scope.add(parameter.key)}"
    return Column(name, f"(select {pick} from {scope.table(table)} s where {where})", sort.descending, "time" if dated else "text")


def order_by(columns: Sequence[Column], alias: str, *, nulls: bool) -> str:
    """The ORDER BY list over `alias`'s columns."""
    last = " nulls last" if nulls else ""
    return ", ".join(f"{alias}.{column.name}{' desc' if column.descending else ''}{last}" for column in columns)


def beyond(columns: Sequence[Column], place: Sequence[Any], arguments: Arguments, *, alias: str, nulls: bool) -> str:
    """Rows that come after the place where the last page ended."""
    equal: list[str] = []
    parts: list[str] = []
    for column, value in zip(columns, place, strict=True):
        name = f"{alias}.{column.name}"
        if value is None:
            equal.append(f"{name} is null")
            continue
        mark = arguments.add(value)
        later = f"{name} {'<' if column.descending else '>'} {mark}"
        parts.append(" and ".join([*equal, f"({later} or {name} is null)" if nulls else later]))
        equal.append(f"{name} = {mark}")
    found = " or ".join(f"({part})" for part in parts)
    if nulls or place[0] is None:
        return f"({found})"
    # The first column again by itself: the index can start there.
    return f"{alias}.{columns[0].name} {'<=' if columns[0].descending else '>='} {arguments.add(place[0])} and ({found})"
