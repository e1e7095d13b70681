"""$lastn: the latest observations of each kind, for one subject. https://hl7.org/fhir/R4/observation-operation-lastn.html"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from osler.gateway.fhir import framing
from osler.gateway.fhir.call import Answer, Call
from osler.gateway.fhir.operations.arguments import Given, refused
from osler.gateway.fhir.operations.operation import Operation, Parameter, outcome_bundle
from osler.gateway.fhir.operations.scanning import patient_of, scanned, shown_to
from osler.gateway.fhir.reading import addressed
from osler.gateway.fhir.subset import shown
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.errors import Unsupported
from osler.platform.fhir import date_range
from osler.platform.fhir.dates import EARLIEST
from osler.platform.store import Stored

NOT_HERE = frozenset({"_sort", "_count", "_total", "_include", "_revinclude", "_cursor", "_has", "_page"})
"""Parameters that would contradict what this operation is."""
SUBJECTS = ("patient", "subject")


class Coding(msgspec.Struct, frozen=True):
    """A code with its system."""

    system: str | None = None
    code: str | None = None


class Concept(msgspec.Struct, frozen=True):
    """An Observation.code, as far as grouping needs it."""

    coding: list[Coding] = []
    text: str | None = None

    def names(self) -> list[tuple[str, str]]:
        """What stands for this kind of observation: its codes, or its text when it has none."""
        codes = [(coding.system or "", coding.code) for coding in self.coding if coding.code]
        return codes or [("text", self.text or "")]


class Period(msgspec.Struct, frozen=True):
    """When something began and ended."""

    start: str | None = None
    end: str | None = None


class Dated(msgspec.Struct, frozen=True):
    """An Observation, as far as this operation looks at it."""

    code: Concept = Concept()
    effectiveDateTime: str | None = None  # noqa: N815 - FHIR's spelling
    effectiveInstant: str | None = None  # noqa: N815 - FHIR's spelling
    effectivePeriod: Period | None = None  # noqa: N815 - FHIR's spelling

    def at(self) -> datetime:
        """When it was, by its beginning; what has no date is older than all others."""
        said = self.effectiveDateTime or self.effectiveInstant or (self.effectivePeriod.start if self.effectivePeriod else None)
        return date_range(said)[0] if said else EARLIEST


_decoder = msgspec.json.Decoder(Dated)
Seen = tuple[datetime, Stored]


class Groups:
    """Observations by kind. Two codes that stand side by side in one observation mean the same, and so on from there."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.parents: dict[tuple[str, str], tuple[str, str]] = {}
        self.kept: dict[tuple[str, str], list[Seen]] = {}

    def add(self, stored: Stored) -> None:
        """Count one in; of each kind only those are kept that can still be among the latest."""
        read = _decoder.decode(stored.content)
        first, *others = (self.root(name) for name in read.code.names())
        for other in others:
            other = self.root(other)
            if other != first:
                self.parents[other] = first
                self.kept[first] = self.latest([*self.kept.get(first, []), *self.kept.pop(other, [])])
        self.kept[first] = self.latest([*self.kept.get(first, []), (read.at(), stored)])

    def root(self, name: tuple[str, str]) -> tuple[str, str]:
        """The one name that stands for all that mean the same."""
        while (parent := self.parents.get(name)) is not None:
            name = parent
        return name

    def latest(self, seen: list[Seen]) -> list[Seen]:
        """The latest `most`, and those as late as the last of them."""
        seen.sort(key=lambda one: (one[0], one[1].id), reverse=True)
        return seen if len(seen) <= self.most else [one for one in seen if one[0] >= seen[self.most - 1][0]]

    def found(self) -> list[Stored]:
        """Kind by kind, each from the most recent to the oldest; the kind seen last comes first."""
        groups = sorted(self.kept.values(), key=lambda seen: seen[0][0], reverse=True)
        return [stored for seen in groups for _, stored in seen]


async def lastn(ctx: Context, call: Call, given: Given) -> Answer:
    """The latest of each kind."""
    require(ctx, "search", "Observation")
    check(given.criteria)
    subject = next(value for name, value in given.criteria if name.partition(":")[0] in SUBJECTS)
    groups = Groups(given.one("max") or 1)
    async with ctx.transaction() as tx:
        async for page in scanned(ctx, tx, call, "Observation", given.criteria):
            for stored in page:
                groups.add(stored)
        found = groups.found()
        shown_to(ctx, tx, "$lastn", "Observation", patient_of(subject, call.base), found)
    return Answer(200, bundle(call, given, found))


def check(criteria: Iterable[tuple[str, str]]) -> None:
    """A subject, and a category or a code, must be given. Raises `Malformed` or `Unsupported` naming what is wrong."""
    names = [name.partition(":")[0].partition(".")[0] for name, _ in criteria]
    for name in names:
        if name in NOT_HERE:
            raise Unsupported(f"$lastn does not take {name}")
    subjects = [value for (name, value), bare in zip(criteria, names, strict=True) if bare in SUBJECTS]
    if len(subjects) != 1 or "," in subjects[0]:
        raise refused("patient", "$lastn is about one subject: give patient or subject, once", "required")
    if not any(name == "category" or "code" in name for name in names):
        raise refused("category", "$lastn needs a category or a code", "required")


def bundle(call: Call, given: Given, found: list[Stored]) -> bytes:
    """The searchset; what came by POST stays out of its link."""
    entries = [framing.found(call.base, stored, shown(stored.content, stored.type, call.wishes), "match") for stored in found]
    most = [("max", str(given.one("max")))] if given.one("max") else []
    said = [*given.criteria, *most, *call.wishes.said] if call.method != "POST" else []
    return framing.bundle("searchset", entries, [("self", addressed("/".join([call.base, *call.path]), said))], len(found))


LASTN = Operation(
    "$lastn",
    "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
    lastn,
    frozenset({"type"}),
    ("Observation",),
    takes=(Parameter("max", "positiveInt", text="How many of each kind; 1 unless said"),),
    gives=outcome_bundle(),
    searches="Observation",
    title="The latest observations of each kind",
)
