"""The chart's plan: which of a patient's records to fetch in the one statement, and what to answer of them."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from osler.gateway.graphql.limits import ROWS_OF_A_LIST
from osler.gateway.graphql.projection import Pick_or_whole, Projection, picker
from osler.gateway.graphql.refusals import QueryRefused, said
from osler.gateway.graphql.selection import TYPENAME, Argument, Field, Selection, resolved
from osler.platform.access import readable
from osler.platform.context import Context
from osler.platform.errors import Gone, NotFound
from osler.platform.fhir import code_value, parameter_key
from osler.platform.readplan import FieldPlan, Finding, Section
from osler.platform.store import PatientRecord, Shown
from osler.platform.store import Section as Fetch

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PLACE = struct.Struct(">qq")

MISTAKE = b'"entered-in-error"'


class Code(msgspec.Struct):
    """A Coding's code."""

    code: str | None = None


class Codes(msgspec.Struct):
    """A CodeableConcept's codes."""

    coding: list[Code] = []


class Validity(msgspec.Struct):
    """Where a record says that it was entered in error."""

    status: str | None = None
    verificationStatus: Codes | None = None  # noqa: N815 - FHIR's spelling


VALIDITY = msgspec.json.Decoder(Validity)

Slot = tuple[str, str | None, tuple[datetime, int] | None]
"""Which rows: type, category, and after which place."""


@dataclass(slots=True)
class Entry:
    """One field of the chart under its key."""

    key: str
    plan: Section | Finding | None
    """None: the patient, or `__typename`."""
    arguments: Mapping[str, Argument]
    record: Projection | None = None
    pick: Pick_or_whole = None
    many: bool = False
    page: list[tuple[str, str, Projection | None]] = field(default_factory=list)
    """Of a page: key, field, and what to answer of each item."""
    fields: int = 1


@dataclass(slots=True)
class Wanted:
    """One entry in one request: how many rows of which slots."""

    entry: Entry
    slots: Sequence[tuple[Slot, int]]
    first: int


class ChartPlan:
    """What one query asks of a chart."""

    def __init__(self, selection: Selection, plans: Mapping[str, FieldPlan]) -> None:
        self.entries = [entry_of(each, plans) for each in selection.fields]
        self.type = selection.type

    def wanted(self, variables: Mapping[str, Any]) -> list[Wanted]:
        """Every section with this request's arguments. Raises `QueryRefused` for a bad `first` or `after`."""
        return [wanted(entry, resolved(entry.arguments, variables)) for entry in self.entries if entry.plan is not None]

    def cost(self, asked: Sequence[Wanted]) -> int:
        """Rows asked for, times fields of each."""
        return sum(min(each.first, ROWS_OF_A_LIST if not each.entry.arguments else each.first) * each.entry.fields for each in asked)

    async def answer(
        self, ctx: Context, patient: str, asked: Sequence[Wanted], path: str
    ) -> tuple[dict[str, Any] | None, list[dict[str, Any]], int]:
        """The chart as plain data, its errors, and the patient's clock it is true at. None: there is no such patient."""
        seen = readable(ctx.actor)
        if "Patient" not in seen:
            await ctx.store.note(ctx, 403, f"chart refused: Patient/{patient[:64]}")
            return None, [said("Your role does not include charts", "forbidden", [path])], 0
        allowed = [each for each in asked if types_of(each.entry.plan) <= seen]
        slots = gathered(allowed)
        try:
            record = await ctx.store.charts.fetch(ctx, patient, list(slots.values()))
        except (NotFound, Gone):
            return None, [], 0
        shown = dict(zip(slots, record.sections, strict=True))
        found = Answered(shown, path)
        open_entries = {id(each.entry): each for each in allowed}
        chart: dict[str, Any] = {}
        for entry in self.entries:
            if entry.plan is None:
                chart[entry.key] = self.own(entry, record)
            elif id(entry) in open_entries:
                chart[entry.key] = found.answer(open_entries[id(entry)])
            else:
                chart[entry.key] = None
                found.errors.append(said("Your role does not include this part of the chart", "forbidden", [path, entry.key]))
        return chart, found.errors, record.clock

    def own(self, entry: Entry, record: PatientRecord) -> Any:
        """The patient's own record, or the type's name."""
        return self.type if entry.record is None else entry.record(record.patient)


class Answered:
    """One chart being answered: facts are decoded once, however many fields are concluded from them."""

    def __init__(self, shown: Mapping[Slot, Shown], path: str) -> None:
        self.shown = shown
        self.path = path
        self.errors: list[dict[str, Any]] = []
        self.bodies: dict[tuple[Slot, int], list[bytes]] = {}
        self.facts: dict[tuple[Slot, int, type], list[Any]] = {}

    def answer(self, asked: Wanted) -> Any:
        """The value of one field of the chart."""
        entry, plan = asked.entry, asked.entry.plan
        if isinstance(plan, Finding):
            value = plan.conclude(*(self.facts_of(slot, most, plan.facts) for slot, most in asked.slots))
            return [entry.pick(one) for one in value] if entry.many and entry.pick else value
        assert isinstance(plan, Section)
        slot = asked.slots[0][0]
        shown = self.shown[slot]
        more = len(shown.bodies) > asked.first
        bodies = self.bodies_of(slot, asked.first)
        if plan.arrange is not None and plan.facts is not None:
            bodies = [bodies[place] for place in plan.arrange(self.facts_of(slot, asked.first, plan.facts))]
        if not plan.paged:
            if more and plan.first_most is None:
                problem = f"This list is not complete: only the newest {asked.first} were read"
                self.errors.append(said(problem, "incomplete", [self.path, entry.key]))
            return [entry.record(body) for body in bodies] if entry.record else []
        following = cursor(shown.places[asked.first - 1]) if more else None
        page = {"total": shown.total, "next": following, TYPENAME: f"{plan.rows.type}Page"}
        return {
            key: page[name] if name != "items" else [record(body) if record else {} for body in bodies] for key, name, record in entry.page
        }

    def bodies_of(self, slot: Slot, most: int) -> list[bytes]:
        """The newest rows of a slot, without what was entered in error: that was never true of the patient."""
        known = self.bodies.get((slot, most))
        if known is None:
            newest = self.shown[slot].bodies[:most]
            known = self.bodies[slot, most] = [body for body in newest if MISTAKE not in body or not entered_in_error(body)]
        return known

    def facts_of(self, slot: Slot, most: int, kind: type[msgspec.Struct]) -> list[Any]:
        """The facts of the newest rows of a slot."""
        known = self.facts.get((slot, most, kind))
        if known is None:
            decode = decoder(kind).decode
            known = self.facts[slot, most, kind] = [decode(body) for body in self.bodies_of(slot, most)]
        return known


def entered_in_error(body: bytes) -> bool:
    """Whether a record is marked as a mistake, in the one of the two places its type has for that."""
    validity = VALIDITY.decode(body)
    said_so = validity.verificationStatus.coding if validity.verificationStatus else []
    return "entered-in-error" in (validity.status, *(coding.code for coding in said_so))


def entry_of(asked: Field, plans: Mapping[str, FieldPlan]) -> Entry:
    """A field of the chart with everything about it that does not change from request to request."""
    plan = plans.get(f"Chart.{asked.name}")
    below = asked.below
    size = below.size if below else 1
    if plan is None:
        return Entry(asked.key, None, {}, Projection(below, plans) if below else None, fields=size)
    if isinstance(plan, Finding):
        return Entry(asked.key, plan, asked.arguments, pick=picker(below, whole=False) if below else None, many=asked.many, fields=size)
    assert isinstance(plan, Section) and below is not None
    if not plan.paged:
        return Entry(asked.key, plan, asked.arguments, Projection(below, plans), fields=size)
    page = [(each.key, each.name, Projection(each.below, plans) if each.below else None) for each in below.fields]
    return Entry(asked.key, plan, asked.arguments, page=page, fields=size)


def wanted(entry: Entry, arguments: Mapping[str, Any]) -> Wanted:
    """One entry with this request's arguments."""
    plan = entry.plan
    if isinstance(plan, Finding):
        return Wanted(entry, [((rows.type, rows.category, None), rows.most) for rows in plan.rows], sum(rows.most for rows in plan.rows))
    assert isinstance(plan, Section)
    first = plan.rows.most
    if plan.first_most is not None:
        first = arguments.get("first") if arguments.get("first") is not None else 50  # type: ignore[assignment]  # an Int of the query
        if not 1 <= first <= plan.first_most:
            raise QueryRefused(f"first must be from 1 to {plan.first_most}", "invalid")
    after = arguments.get("after")
    place = place_of(after) if after else None
    return Wanted(entry, [((plan.rows.type, plan.rows.category, place), first + 1)], first)


def gathered(asked: Sequence[Wanted]) -> dict[Slot, Fetch]:
    """The sections to fetch: entries over the same rows share one, as long as the longest needs."""
    most: dict[Slot, int] = {}
    counted: set[Slot] = set()
    for each in asked:
        for slot, rows in each.slots:
            most[slot] = max(rows, most.get(slot, 0))
            if any(name == "total" for _, name, _ in each.entry.page):
                counted.add(slot)
    return {slot: Fetch(slot[0], rows, token(slot[0], slot[1]), slot[2], slot in counted) for slot, rows in most.items()}


@lru_cache(maxsize=64)
def token(kind: str, category: str | None) -> tuple[int, int] | None:
    """The search row that marks a record as of this category."""
    return None if category is None else (parameter_key(kind, "category"), code_value(category))


@lru_cache(maxsize=64)
def decoder(kind: type[msgspec.Struct]) -> Any:
    """Reads these facts from JSON."""
    return msgspec.json.Decoder(kind)


def types_of(plan: Section | Finding | None) -> frozenset[str]:
    """The FHIR types a field shows something of."""
    if isinstance(plan, Finding):
        return frozenset(rows.type for rows in plan.rows)
    return frozenset({plan.rows.type}) if plan else frozenset()


def cursor(place: tuple[datetime, int]) -> str:
    """A place in a list as opaque text. It means something only within the same patient's list."""
    return base64.urlsafe_b64encode(PLACE.pack((place[0] - EPOCH) // timedelta(microseconds=1), place[1])).decode().rstrip("=")


def place_of(text: str) -> tuple[datetime, int]:
    """The place behind a cursor. Raises `QueryRefused` when it is none of ours."""
    try:
        micros, rid = PLACE.unpack(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return EPOCH + timedelta(microseconds=micros), rid
    except (binascii.Error, struct.error, OverflowError, ValueError):
        raise QueryRefused("after is not a place that a page has named", "invalid") from None
