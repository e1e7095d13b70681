"""Patient/$match: the patients that may be the person described, each with a score, a grade and what speaks for it.

https://hl7.org/fhir/R4/patient-operation-match.html. Which evidence counts how much is `services.patient.rules`.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date

import msgspec

from osler.gateway.fhir.call import Answer, Call
from osler.gateway.fhir.framing import bundle, noted
from osler.gateway.fhir.operations.arguments import Given, refused
from osler.gateway.fhir.operations.operation import Operation, Parameter, outcome_bundle
from osler.gateway.fhir.operations.scanning import shown_to
from osler.gateway.fhir.searching import query_of
from osler.gateway.fhir.subset import shown
from osler.gateway.fhir.tree import text
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.errors import Issue, Malformed
from osler.platform.fhir import fold, parse
from osler.platform.store import Stored, Transaction
from osler.platform.web import operation_outcome
from osler.services.patient.rules import Match, Person, match_of

GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
USUAL, MOST = 10, 100
MOST_OF_ONE_WAY = 200
"""Candidates one way of looking may bring."""
MOST_WAYS = 24
_decoder = msgspec.json.Decoder(Person)
Criteria = list[tuple[str, str]]


async def match(ctx: Context, call: Call, given: Given) -> Answer:
    """The likely ones, best first."""
    require(ctx, "search", "Patient")
    parsed = parse(given.one("resource"), "Patient")
    wanted = _decoder.decode(parsed.body)
    ways = ways_to_look(wanted)
    if not ways:
        message = "The patient described needs an identifier, a name, a birth date, a phone number or an e-mail address"
        raise Malformed(message, [Issue("required", message, "Patient")])
    count = given.one("count")
    if count is not None and count < 1:
        raise refused("count", "count is at least 1", "value")
    async with ctx.transaction() as tx:
        candidates, cut = await looked_up(ctx, tx, call, ways)
        judged = [(match_of(wanted, _decoder.decode(stored.content)), stored) for stored in candidates]
        likely = sorted((one for one in judged if one[0].grade != "certainly-not"), key=lambda one: (-one[0].score, one[1].id))
        if given.one("onlyCertainMatches"):
            certain = [one for one in likely if one[0].grade == "certain"]
            likely = certain if len(certain) == 1 else []
        likely = likely[: min(count or USUAL, MOST)]
        for _, stored in likely:
            shown_to(ctx, tx, "$match", "Patient", stored.id, [stored])
        if not likely:
            shown_to(ctx, tx, "$match", "Patient", None, [])
    return Answer(200, framed(call, likely, cut))


def ways_to_look(wanted: Person) -> list[Criteria]:
    """Searches by index, each of which finds the person when another part of the description is wrong."""
    ways: list[Criteria] = []
    for identifier in wanted.identifier[:5]:
        if identifier.value:
            system = f"{escaped(identifier.system)}|" if identifier.system else ""
            ways.append([("identifier", system + escaped(identifier.value))])
    reached = [(each.system, each.value) for each in wanted.telecom if each.value and each.system in ("phone", "email")]
    ways += [[(system or "", escaped(value))] for system, value in reached[:4]]
    days = days_like(wanted.birthDate)
    ways += [[("birthdate", day), ("gender", wanted.gender)] if wanted.gender else [("birthdate", day)] for day in days]
    for name in wanted.name[:3]:
        family, given = fold(name.family or ""), fold(next((part for part in name.given if part), ""))
        if family and given:
            ways.append([("family", escaped(family)), ("given", escaped(given[:1]))])
            ways.append([("family", escaped(family[:2])), ("given", escaped(given))])
            ways.append([("family", escaped(given)), ("given", escaped(family))])
        elif family or given:
            ways.append([("family", escaped(family))] if family else [("given", escaped(given))])
        elif name.text:
            ways.append([("name", escaped(word)) for word in fold(name.text).split()[:4]])
        if family and wanted.birthDate:
            ways.append([("family", escaped(family[:3])), ("birthdate", wanted.birthDate[:4])])
    return ways[:MOST_WAYS]


def days_like(born: str | None) -> list[str]:
    """A birth date, and the one with day and month swapped."""
    if not born:
        return []
    found = [born]
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", born):
        year, month, day = born.split("-")
        with suppress(ValueError):
            found.append(date(int(year), int(day), int(month)).isoformat())
    return list(dict.fromkeys(found))


def escaped(word: str | None) -> str:
    """A word as a search parameter's value has it."""
    return "".join(f"\\{char}" if char in "\\,|$" else char for char in word or "")


async def looked_up(ctx: Context, tx: Transaction, call: Call, ways: list[Criteria]) -> tuple[list[Stored], bool]:
    """Everybody whom one of the ways finds, each once, and whether one of them had more than we look at."""
    found: dict[str, Stored] = {}
    cut = False
    for criteria in ways:
        query = query_of(call, "Patient", [*criteria, ("_count", str(MOST_OF_ONE_WAY))])
        page = await ctx.store.kernel.searcher.search_in(ctx, query, tx.fetch)
        found |= {stored.id: stored for stored in page.matches}
        cut = cut or page.next is not None
    return list(found.values()), cut


def framed(call: Call, likely: list[tuple[Match, Stored]], cut: bool) -> bytes:
    """The searchset: each entry with score and grade; an outcome says what spoke for whom, naming fields, never values."""
    entries = []
    for found, stored in likely:
        search = {"extension": [{"url": GRADE, "valueCode": found.grade}], "mode": "match", "score": found.score}
        address = text(f"{call.base}/Patient/{stored.id}")
        body = shown(stored.content, "Patient", call.wishes)
        entries.append(b'{"fullUrl":' + address + b',"resource":' + body + b',"search":' + text(search) + b"}")
    said = [f"Patient/{stored.id}: {explained(found)}" for found, stored in likely]
    issues = [Issue("informational", words, severity="information") for words in said]
    if cut:
        words = "The description fits very many patients; not all of them were compared. Say more, such as a full birth date."
        issues.append(Issue("incomplete", words, severity="warning"))
    if issues:
        entries.append(noted(operation_outcome(issues)))
    return bundle("searchset", entries, [("self", "/".join([call.base, *call.path]))], len(likely))


def explained(found: Match) -> str:
    """`family +7, given +3, birthDate +12` and what that makes."""
    return f"{', '.join(f'{field} {weight:+g}' for field, weight in found.reasons)}: {found.grade}"


MATCH = Operation(
    "$match",
    "http://hl7.org/fhir/OperationDefinition/Patient-match",
    match,
    frozenset({"type"}),
    ("Patient",),
    takes=(
        Parameter("resource", "Patient", 1, text="The person, as far as known"),
        Parameter("onlyCertainMatches", "boolean", text="Answer the one certain match or nobody"),
        Parameter("count", "integer", text=f"How many at most; {USUAL} unless said, never over {MOST}"),
    ),
    gives=outcome_bundle(),
    title="The patients that may be this person",
)
