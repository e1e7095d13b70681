"""$docref: the documents there are about a patient. https://hl7.org/fhir/us/core/STU7/OperationDefinition-docref.html"""

from __future__ import annotations

from datetime import datetime

import msgspec

from osler.gateway.fhir import framing
from osler.gateway.fhir.call import LEGAL_ID, Answer, Call
from osler.gateway.fhir.operations.arguments import Given, refused
from osler.gateway.fhir.operations.lastn import Concept, Period
from osler.gateway.fhir.operations.operation import LIST, Operation, Parameter, outcome_bundle
from osler.gateway.fhir.operations.scanning import scanned, shown_to
from osler.gateway.fhir.reading import addressed
from osler.gateway.fhir.subset import shown
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.errors import Issue
from osler.platform.fhir import date_range
from osler.platform.fhir.dates import EARLIEST, LATEST
from osler.platform.store import Stored
from osler.platform.web import operation_outcome


class About(msgspec.Struct, frozen=True):
    """DocumentReference.context."""

    period: Period | None = None


class Labels(msgspec.Struct, frozen=True):
    """Resource.meta."""

    profile: list[str] = []


class Document(msgspec.Struct, frozen=True):
    """A DocumentReference, as far as this operation looks at it."""

    status: str = ""
    type: Concept = Concept()
    date: str | None = None
    context: About = About()
    meta: Labels = Labels()

    def span(self) -> tuple[datetime, datetime]:
        """The care it tells of; where it does not say, the day it was written."""
        period = self.context.period
        if period is not None and (period.start or period.end):
            return (
                date_range(period.start)[0] if period.start else EARLIEST,
                date_range(period.end)[1] if period.end else LATEST,
            )
        return date_range(self.date) if self.date else (EARLIEST, EARLIEST)

    def written(self) -> datetime:
        """When it was made."""
        return date_range(self.date)[0] if self.date else EARLIEST


_decoder = msgspec.json.Decoder(Document)
Found = list[tuple[Document, Stored]]


async def docref(ctx: Context, call: Call, given: Given) -> Answer:
    """The documents of a patient for a stretch of care; without one, the current document of each type."""
    require(ctx, "search", "DocumentReference")
    patient = given.one("patient")
    if not LEGAL_ID.match(patient):
        raise refused("patient", "patient is the id of a Patient", "value")
    start, end = (date_range(given.one(name))[side] if given.one(name) else None for name, side in (("start", 0), ("end", 1)))
    if start is not None and end is not None and end <= start:
        raise refused("end", "end lies before start", "value")
    criteria = [("patient", patient)]
    if given.every("type"):
        criteria.append(("type", ",".join(given.every("type"))))
    found: Found = []
    async with ctx.transaction() as tx:
        async for page in scanned(ctx, tx, call, "DocumentReference", criteria):
            found += [(_decoder.decode(stored.content), stored) for stored in page]
        if start is None and end is None:
            chosen = current(found)
        else:
            chosen = [stored for document, stored in found if overlaps(document, start, end)]
        profiles = given.every("profile")
        by_id = {stored.id: document for document, stored in found}
        chosen = [stored for stored in chosen if not profiles or set(profiles) & set(by_id[stored.id].meta.profile)]
        if given.one("on-demand"):
            chosen = []
        shown_to(ctx, tx, "$docref", "DocumentReference", patient, chosen)
    return Answer(200, bundle(call, given, chosen))


def overlaps(document: Document, start: datetime | None, end: datetime | None) -> bool:
    """Whether it tells of care in this stretch of time; what was entered in error tells of none."""
    lo, hi = document.span()
    return document.status != "entered-in-error" and (start is None or hi > start) and (end is None or lo < end)


def current(found: Found) -> list[Stored]:
    """Of each type the most recent document that is current."""
    latest: dict[str, tuple[datetime, Stored]] = {}
    for document, stored in found:
        if document.status != "current":
            continue
        key = "|".join(document.type.names()[0])
        here = (document.written(), stored)
        if key not in latest or (here[0], stored.id) > (latest[key][0], latest[key][1].id):
            latest[key] = here
    return [stored for _, stored in sorted(latest.values(), key=lambda one: (one[0], one[1].id), reverse=True)]


def bundle(call: Call, given: Given, found: list[Stored]) -> bytes:
    """The searchset; a request for documents made on demand is told that there are none."""
    entries = [framing.found(call.base, stored, shown(stored.content, stored.type, call.wishes), "match") for stored in found]
    if given.one("on-demand"):
        words = "This server makes no documents on demand; ask without on-demand for those it keeps"
        entries.append(framing.noted(operation_outcome([Issue("informational", words, severity="information")])))
    said = [(name, str(value)) for name, values in given.values.items() for value in values] if call.method != "POST" else []
    said = [(name, value.lower() if name == "on-demand" else value) for name, value in said]
    return framing.bundle("searchset", entries, [("self", addressed("/".join([call.base, *call.path]), said))], len(found))


DOCREF = Operation(
    "$docref",
    "http://hl7.org/fhir/us/core/OperationDefinition/docref",
    docref,
    frozenset({"type"}),
    ("DocumentReference",),
    takes=(
        Parameter("patient", "id", 1, text="The patient's id; an unknown one has no documents"),
        Parameter("start", "dateTime", text="Care given from here on"),
        Parameter("end", "dateTime", text="Care given until here; without start and end the current document of each type"),
        Parameter("type", "Coding", most=LIST, text="Document types: any of them", search="token"),
        Parameter("on-demand", "boolean", text="Only documents made on demand; this server makes none"),
        Parameter("profile", "canonical", most=LIST, text="Documents that claim one of these profiles"),
    ),
    gives=outcome_bundle(),
    title="The documents there are about a patient",
)
