"""One version about to be written, as the rows it becomes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from osler.platform import fhir
from osler.platform.context import Context
from osler.platform.fhir import IndexRows
from osler.platform.store.writing_sql import CHANGE_SHAPES, INDEXES, NEW_SHAPES, RESOURCE

LONGEST = 600
"""Characters of a string or identifier that go into an index; PostgreSQL refuses index entries over 2,700 bytes."""
NO_DATE = datetime(1, 1, 1, tzinfo=UTC)


class Indexed:
    """The search rows of one version, as sets: what a difference can be taken of. A deleted version has none."""

    __slots__ = ("d", "kinds", "prid")

    def __init__(
        self, prid: int = 0, d: datetime = NO_DATE, kinds: Sequence[frozenset[tuple[Any, ...]]] = (frozenset(),) * len(INDEXES)
    ) -> None:
        self.prid = prid
        self.d = d
        self.kinds = kinds

    @classmethod
    def of(cls, rows: IndexRows) -> Indexed:
        """The extractor's rows without their doubles."""
        return cls(
            rows.prid,
            rows.d,
            (
                frozenset(rows.tokens),
                frozenset((key, text[:LONGEST]) for key, text in rows.strings),
                frozenset((key, text[:LONGEST], system[:LONGEST]) for key, text, system in rows.idents),
                frozenset(rows.dates),
                frozenset(rows.quantities),
                frozenset(rows.composites),
            ),
        )

    def without(self, other: Indexed) -> Sequence[Iterable[tuple[Any, ...]]]:
        """The rows of this version that the other has not. Each row carries the patient and date, so when those differ all rows do."""
        if self.prid != other.prid or self.d != other.d:
            return self.kinds
        return [mine - theirs for mine, theirs in zip(self.kinds, other.kinds, strict=True)]


def indexed(body: bytes, type: str, id: str) -> Indexed:  # noqa: A002 - FHIR's words
    """The search rows of a stored body, computed again."""
    return Indexed.of(fhir.index(fhir.parse(body, type), type, id))


class Row:
    """One resource row to write, with the search rows to add and to take out."""

    __slots__ = ("columns", "expected", "gone", "new", "now", "op", "outcome", "request_id", "was")

    def __init__(self, columns: tuple[Any, ...], op: str, request_id: str, new: Sequence[Iterable[tuple[Any, ...]]]) -> None:
        self.columns = columns
        self.op = op
        self.request_id = request_id
        self.outcome = {"c": 201, "u": 200, "d": 204}[op]
        self.new = new
        self.gone: Sequence[Iterable[tuple[Any, ...]]] = ()
        self.was: Indexed | None = None
        self.now: Indexed | None = None
        """All its search rows, when it is not a deletion."""
        self.expected = 0

    @property
    def prid(self) -> int:
        """Whose record this belongs to; 0: nobody's."""
        prid: int = self.columns[PRID]
        return prid


PLACE = {name: place for place, (name, _) in enumerate(RESOURCE)}
PRID, RID = PLACE["prid"], PLACE["rid"]


def resource_columns(rows: Sequence[Row]) -> list[Any]:
    """The arrays of `RESOURCE` and `EXTRA`."""
    columns: list[Any] = list(zip(*(row.columns for row in rows), strict=True))
    columns.append([row.op for row in rows])
    columns.append([row.request_id for row in rows])
    columns.append([row.outcome for row in rows])
    return columns


Found = list[list[tuple[Any, ...]]]
"""Search rows by table, in the order of `INDEXES`."""


def inserting(rows: Sequence[Row]) -> tuple[int, list[Any]]:
    """The tables an insert of these rows must name, and the arrays of their search rows."""
    new = added(rows)
    tables = covering(new, shapes=NEW_SHAPES)
    return tables, arrays(tables, new, 1)


def replacing(rows: Sequence[Row]) -> tuple[int, list[Any]]:
    """The tables a replacement by these rows must name, and the arrays of the search rows that go, then of those that come."""
    gone, new = removed(rows), added(rows)
    tables = covering(gone, new, shapes=CHANGE_SHAPES)
    return tables, arrays(tables, gone, 3) + arrays(tables, new, 1)


def added(rows: Sequence[Row]) -> Found:
    """New search rows: the resource's place, then the table's own columns."""
    return [[(place, *values) for place, row in enumerate(rows, 1) for values in row.new[kind]] for kind in range(len(INDEXES))]


def removed(rows: Sequence[Row]) -> Found:
    """Search rows to take out: patient, date, rid, then the table's own columns."""
    changed = [(row.was.prid, row.was.d, row.columns[RID], row.gone) for row in rows if row.was and row.gone]
    return [[(prid, d, rid, *values) for prid, d, rid, gone in changed for values in gone[kind]] for kind in range(len(INDEXES))]


def covering(*found: Found, shapes: Sequence[int]) -> int:
    """The smallest of the shapes that has a table for every row: a few shapes, because each is a plan in every connection's memory."""
    tables = 0
    for kinds in found:
        for kind, values in enumerate(kinds):
            tables |= bool(values) << kind
    return next(shape for shape in shapes if tables & ~shape == 0)


def arrays(tables: int, found: Found, before: int) -> list[Any]:
    """The arrays of the tables named, each with `before` columns ahead of its own."""
    columns: list[Any] = []
    for kind, (_, own) in enumerate(INDEXES):
        if tables >> kind & 1:
            columns += zip(*found[kind], strict=True) if found[kind] else [()] * (len(own) + before)
    return columns


def patients(rows: Iterable[Row]) -> list[int]:
    """Every patient whose record the rows touch, in the one order all writers use."""
    touched = {row.prid for row in rows} | {row.was.prid for row in rows if row.was is not None}
    return sorted(touched - {0})


def outbox(ctx: Context, written: Sequence[Row], events: Sequence[tuple[str, bytes]]) -> list[Any]:
    """The outbox's arrays: one row per version written, then one per event."""
    at = ctx.clock.now()
    found: list[tuple[Any, ...]] = []
    for row in written:
        rtype, _, version, rid, _, _, updated, _, id_, author, *_ = row.columns
        found.append((updated, "resource", rtype, version, row.op, rid, id_, author, row.request_id, None))
    found += [(at, kind, 0, 0, "e", 0, "", ctx.actor.id, ctx.request_id, payload) for kind, payload in events]
    return list(zip(*found, strict=True)) or [()] * 10
