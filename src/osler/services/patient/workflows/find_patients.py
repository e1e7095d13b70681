"""Somebody types into the patient search box."""

from __future__ import annotations

import msgspec

from osler.platform.access import may
from osler.platform.context import Context
from osler.platform.errors import Invalid
from osler.platform.fhir import fold
from osler.services.patient.queries import Asked, patients_like
from osler.services.patient.rules import (
    PatientFacts,
    day_in_digits,
    deceased,
    display_name,
    listing_order,
    phone,
    record_number,
    sought,
)

MOST = 100
LONGEST = 200
FACTS = msgspec.json.Decoder(PatientFacts)


class PatientRow(msgspec.Struct):
    """A line of the search's answer."""

    id: str
    name: str
    birthDate: str | None  # noqa: N815 - FHIR's spelling
    gender: str | None
    mrn: str | None
    phone: str | None
    lastVisit: str | None  # noqa: N815 - FHIR's spelling
    deceased: bool


class PatientPage(msgspec.Struct):
    """The first patients found."""

    items: list[PatientRow]
    hasMore: bool  # noqa: N815 - FHIR's spelling


async def find_patients(ctx: Context, *, search: str, first: int | None) -> PatientPage:
    """The patients that fit what was typed, best first; for an empty box those whose record changed last."""
    count = 20 if first is None else first
    if not 1 <= count <= MOST:
        raise Invalid(f"first must be from 1 to {MOST}")
    typed = "".join(char if char.isprintable() else " " for char in search[:LONGEST])
    said = sought(typed)
    asked = Asked(said.names, [(number, day_in_digits(number)) for number in said.numbers], said.born)
    found = await patients_like(ctx, asked, typed, count, visits=may(ctx.actor, "search", "Encounter"))
    rows = [(FACTS.decode(hit.content), hit.last_visit) for hit in found.patients]
    if asked.names or asked.numbers or asked.born:
        words = [fold(name) for name in asked.names]
        rows.sort(key=lambda row: listing_order(words, row[0], name_parts(row[0])))
    return PatientPage([listed(facts, visit.strftime("%Y-%m-%dT%H:%M:%SZ") if visit else None) for facts, visit in rows], found.more)


def name_parts(facts: PatientFacts) -> list[str]:
    """Every part of every name, folded as the index folds it."""
    return [fold(part) for name in facts.name for part in (name.family, *name.given, name.text) if part]


def listed(facts: PatientFacts, visit: str | None) -> PatientRow:
    """One patient as a line of the list."""
    return PatientRow(
        facts.id, display_name(facts), facts.birthDate, facts.gender, record_number(facts), phone(facts), visit, deceased(facts)
    )
