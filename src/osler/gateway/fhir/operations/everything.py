"""$everything: a patient's or an encounter's whole record as the caller may see it.

https://hl7.org/fhir/R4/patient-operation-everything.html, https://hl7.org/fhir/R4/encounter-operation-everything.html
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from osler.gateway.fhir import framing
from osler.gateway.fhir.call import Answer, Call
from osler.gateway.fhir.operations.arguments import Given, refused
from osler.gateway.fhir.operations.operation import LIST, Operation, Parameter, outcome_bundle
from osler.gateway.fhir.reading import addressed
from osler.gateway.fhir.subset import shown
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.fhir import TYPE_CODE, date_range
from osler.platform.store.everything import Asked, Everything
from osler.platform.store.everything_plan import Place

MOST = 5000
"""Records on a page, also when the caller names no `_count`: nearly every record in one Bundle, as the definition wishes."""
CURSOR = "_cursor"


class Link(msgspec.Struct, array_like=True, frozen=True):
    """What a page link holds: where to go on, and for which request."""

    place: Place
    criteria: list[list[str]]


async def everything(ctx: Context, call: Call, given: Given) -> Answer:
    """One page."""
    kind = call.path[0]
    require(ctx, "read", kind)
    asked = asked_of(ctx, given)
    purpose = "/".join(call.path)
    place = None
    if (word := given.one(CURSOR)) is not None:
        held = ctx.store.seals.open(ctx, purpose, word, Link)
        if held is None or held.criteria != criteria(given):
            raise refused(CURSOR, "This server gave no such page link for this request and this user", "invalid")
        place = held.place
    store = ctx.store.everything
    page = await (store.about_all(ctx, asked, place) if len(call.path) == 2 else store.about(ctx, kind, call.path[1], asked, place))
    return Answer(200, framed(ctx, call, given, purpose, page))


def asked_of(ctx: Context, given: Given) -> Asked:
    """What is wanted. Raises `Malformed` for an unknown type or an odd count, `Forbidden` for a type the role does not include."""
    kinds = given.codes("_type")
    for kind in kinds:
        if kind not in TYPE_CODE:
            raise refused("_type", "_type names no resource type", "value")
        require(ctx, "search", kind)
    count = given.one("_count")
    if count is not None and count < 1:
        raise refused("_count", "_count is at least 1", "value")
    start, end = moment(given, "start", 0), moment(given, "end", 1)
    if start is not None and end is not None and end <= start:
        raise refused("end", "end lies before start", "value")
    return Asked(frozenset(kinds) or None, moment(given, "_since", 0), start, end, min(count or MOST, MOST))


def moment(given: Given, name: str, side: int) -> datetime | None:
    """The first moment of a date, or the one after its last."""
    value = given.one(name)
    return None if value is None else date_range(value)[side]


def criteria(given: Given) -> list[list[str]]:
    """What a page link belongs to: everything but the size of the page."""
    return sorted([name, ",".join(given.codes(name))] for name in given.values if name not in (CURSOR, "_count"))


def framed(ctx: Context, call: Call, given: Given, purpose: str, page: Everything) -> bytes:
    """The searchset Bundle with its links."""
    entries = [framing.found(call.base, stored, shown(stored.content, stored.type, call.wishes), mode) for stored, mode in page.found]
    url = "/".join([call.base, *call.path])
    own = [(name, str(value)) for name, values in given.values.items() for value in values if name != CURSOR]
    here = [(CURSOR, str(value)) for value in given.every(CURSOR)]
    links = [("self", addressed(url, [*own, *here, *call.wishes.said]))]
    if page.next is not None:
        word = ctx.store.seals.close(ctx, purpose, Link(page.next, criteria(given)))
        links.append(("next", addressed(url, [*own, (CURSOR, word), *call.wishes.said])))
    return framing.bundle("searchset", entries, links)


START = Parameter("start", "date", text="Only care given on this day or later; what has no date is shown in any case")
END = Parameter("end", "date", text="Only care given on this day or earlier")
PAGED = (
    Parameter("_since", "instant", text="Only what was written later than this"),
    Parameter("_type", "code", most=LIST, text="Only these resource types"),
    Parameter("_count", "integer", text=f"Records a page; at most {MOST}"),
    Parameter(CURSOR, "string", text="From the next link of a page"),
)

PATIENT_EVERYTHING = Operation(
    "$everything",
    "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    everything,
    frozenset({"type", "instance"}),
    ("Patient",),
    takes=(START, END, *PAGED),
    gives=outcome_bundle(),
    title="All there is about a patient",
)
ENCOUNTER_EVERYTHING = Operation(
    "$everything",
    "http://hl7.org/fhir/OperationDefinition/Encounter-everything",
    everything,
    frozenset({"instance"}),
    ("Encounter",),
    takes=PAGED,
    gives=outcome_bundle(),
    title="All there is about a visit",
)
