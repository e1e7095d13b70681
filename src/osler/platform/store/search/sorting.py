"""Orders by codes, references, identifiers and URIs: the index holds these as numbers, so the records' own values are compared.

Every hit must be read for that, so there is a limit; beyond it the search is refused and says so, never cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from osler.platform import fhir
from osler.platform.errors import Issue, Malformed
from osler.platform.fhir.dates import EARLIEST
from osler.platform.fhir.keys import fold
from osler.platform.store.search.arguments import Arguments
from osler.platform.store.search.cursor import Sealed, place
from osler.platform.store.search.hits import hits
from osler.platform.store.search.page import PLAIN
from osler.platform.store.search.query import Query, Sort
from osler.platform.store.search.scope import Scope, World
from osler.platform.store.search.sources import Column
from osler.platform.store.search.written import values_of

MOST_SORTED = 10_000
"""Records that may be put in order by reading them."""
WRITTEN = frozenset({"token", "reference", "uri"})
UNBOUNDED = float("inf")


class Row(msgspec.Struct, frozen=True):
    """One hit: its number and what the order goes by, one value a key."""

    rid: int
    keys: tuple[Any, ...]


def sorted_here(query: Query) -> bool:
    """Whether the order needs the records themselves."""
    return any(sort.parameter.kind in WRITTEN and sort.parameter.code != "_id" for sort in query.sort)


def all_hits(query: Query, world: World) -> tuple[str, list[Any]]:
    """A statement for every hit: rid, id, updated, codec, content. `$1` is the tenant."""
    arguments = Arguments(PLAIN)
    scope = Scope(query.type, world, arguments)
    every = hits(query.conditions, scope, "distinct x.rid")
    found = f"select * from {scope.table('resource')} r where r.tenant = $1 and r.rid = t.rid offset 0"
    limit = arguments.add(MOST_SORTED + 1)
    sql = f"select r.rid, r.id, r.updated, r.codec, r.content from ({every} limit {limit}) t cross join lateral ({found}) r"
    return sql, arguments.values


def refuse_too_many(query: Query, found: int) -> None:
    """Raises `Malformed` where more records match than are put in order."""
    if found > MOST_SORTED:
        codes = ", ".join(sort.parameter.code for sort in query.sort)
        message = f"More than {MOST_SORTED} records match: too many to sort by {codes}. Add criteria, or sort by a date, a text or a number"
        raise Malformed(message, [Issue("too-costly", message, "http._sort")])


def rows_in_order(query: Query, found: Iterable[Any], unpack: Callable[[int, bytes | None], bytes]) -> list[Row]:
    """All hits in the order asked for; without a value last, equal ones by their number."""
    rows = [Row(row["rid"], _keys(query, row, unpack)) for row in found]
    rows.sort(key=lambda row: row.rid)
    for number, sort in reversed(list(enumerate(query.sort))):
        _settle(rows, number, sort.descending)
    return rows


def _settle(rows: list[Row], number: int, descending: bool) -> None:
    present = [row for row in rows if row.keys[number] is not None]
    absent = [row for row in rows if row.keys[number] is None]
    present.sort(key=lambda row: row.keys[number], reverse=descending)
    rows[:] = [*present, *absent]


def columns_of(query: Query) -> tuple[Column, ...]:
    """What a cursor of such an order holds."""
    keys = [
        Column(f"k{at}", "", sort.descending, "time" if sort.parameter.kind == "date" else "text") for at, sort in enumerate(query.sort)
    ]
    return (*keys, Column("rid", "", False, "whole"))


def cut(query: Query, rows: Sequence[Row], sealed: Sealed | None) -> tuple[list[Row], bool]:
    """The rows of the page, and whether there are more in the direction it was read."""
    columns = columns_of(query)
    start = place(sealed, [column.name for column in columns], [column.kind == "time" for column in columns])
    if start is None:
        return list(rows[: query.count]), len(rows) > query.count
    later = [_later(row, start, query.sort) for row in rows]
    if sealed is not None and sealed.back:
        before = [row for row, after in zip(rows, later, strict=True) if after < 0]
        return before[max(len(before) - query.count, 0) :], len(before) > query.count
    following = [row for row, after in zip(rows, later, strict=True) if after > 0]
    return following[: query.count], len(following) > query.count


def _later(row: Row, start: Sequence[Any], sorts: Sequence[Sort]) -> int:
    """Above 0 when the row comes after the place, below 0 when before."""
    for value, mark, sort in zip(row.keys, start, sorts, strict=False):
        if value == mark:
            continue
        if value is None or mark is None:
            return 1 if value is None else -1
        return 1 if (value > mark) != sort.descending else -1
    number: int = start[-1]
    return (row.rid > number) - (row.rid < number)


def _keys(query: Query, row: Any, unpack: Callable[[int, bytes | None], bytes]) -> tuple[Any, ...]:
    content = unpack(row["codec"], row["content"])
    resource = msgspec.json.decode(content)
    written = all(sort.parameter.kind in WRITTEN for sort in query.sort)
    indexed = [] if written else [fhir.index(fhir.parse(content, query.type), query.type, row["id"])]
    return tuple(_key(sort, row, resource, indexed) for sort in query.sort)


def _key(sort: Sort, row: Any, resource: Any, indexed: Sequence[fhir.IndexRows]) -> Any:
    parameter = sort.parameter
    values: list[Any]
    if parameter.code == "_id":
        return row["id"]
    if parameter.code == "_lastUpdated":
        return row["updated"]
    if parameter.kind in WRITTEN:
        values = [fold(text) for text in values_of(parameter, resource)]
    elif parameter.kind == "string":
        values = [text.split("\x01")[0] for rows in indexed for key, text in rows.strings if key in parameter.keys]
    elif parameter.kind == "date":
        values = [lo for rows in indexed for key, lo, _ in rows.dates if key in parameter.keys and lo != EARLIEST]
    else:
        found = [line for rows in indexed for line in rows.quantities if line[0] in parameter.keys]
        values = [line[3] if line[2] == -UNBOUNDED else line[2] for line in found]
    return (max if sort.descending else min)(values, default=None)
