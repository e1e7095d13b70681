"""One version about to be written, as the rows it becomes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from osler.platform import fhir
from osler.platform.context import Context
from osler.platform.fhir import IndexRows
from osler.platform.store.writing_sql import INDEXES, RESOURCE

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

    __slots__ = ("columns", "expected", "gone", "new", "op", "outcome", "request_id", "was")

    def __init__(self, columns: tuple[Any, ...], op: str, request_id: str, new: Sequence[Iterable[tuple[Any, ...]]]) -> None:
        self.columns = columns
        self.op = op
        self.request_id = request_id
        self.outcome = {"c": 201, "u": 200, "d": 204}[op]
        self.new = new
        self.gone: Sequence[Iterable[tuple[Any, ...]]] = ()
        self.was: Indexed | None = None
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


def added(rows: Sequence[Row]) -> tuple[int, list[Any]]:
    """Which sidecar tables get rows, and the arrays of each: the resource's place, then the table's own columns."""
    tables, arrays = 0, list[Any]()
    for kind in range(len(INDEXES)):
        found = [(place, *values) for place, row in enumerate(rows, 1) for values in row.new[kind]]
        if found:
            tables |= 1 << kind
            arrays += zip(*found, strict=True)
    return tables, arrays


def removed(rows: Sequence[Row]) -> tuple[int, list[Any]]:
    """Which sidecar tables lose rows, and the arrays of each: patient, date, rid, then the table's own columns."""
    tables, arrays = 0, list[Any]()
    for kind in range(len(INDEXES)):
        found = [(row.was.prid, row.was.d, row.columns[RID], *values) for row in rows if row.was and row.gone for values in row.gone[kind]]
        if found:
            tables |= 1 << kind
            arrays += zip(*found, strict=True)
    return tables, arrays


def patients(rows: Iterable[Row]) -> list[int]:
    """Every patient whose record the rows touch, in the one order all writers use."""
    touched = {row.prid for row in rows} | {row.was.prid for row in rows if row.was is not None}
    return sorted(touched - {0})


def outbox(ctx: Context, written: Sequence[Row], events: Sequence[tuple[str, bytes]]) -> list[Any]:
    """The outbox's arrays: one row per version written, then one per event."""
    at = ctx.clock.now()
    found: list[tuple[Any, ...]] = []
    for row in written:
        rtype, _, version, rid, _, _, updated, _, id_, author, _ = row.columns
        found.append((updated, "resource", rtype, version, row.op, rid, id_, author, row.request_id, None))
    found += [(at, kind, 0, 0, "e", 0, "", ctx.actor.id, ctx.request_id, payload) for kind, payload in events]
    return list(zip(*found, strict=True)) or [()] * 10
