"""What `$everything` means for one record: which types, under which parameters, from when to when, and where a page ended."""

from __future__ import annotations

from datetime import datetime

import msgspec

from osler.platform.fhir import TYPE_CODE, search_parameters
from osler.platform.fhir.search_parameters import patient_compartment


class Place(msgspec.Struct, array_like=True, frozen=True):
    """The last record of a page. `rank` 0: the record itself, 1: what carries its number, 2: what points at it, 3: what supports it."""

    rank: int
    rtype: int
    d: datetime
    rid: int
    patient: int = 0
    """Whose record the page was about, when it goes from patient to patient."""


class Wanted(msgspec.Struct, frozen=True):
    """One record's compartment as the caller may see it."""

    record: int
    itself: tuple[str, int] | None
    """Schema and type of the record, when it is to be shown."""
    inside: tuple[tuple[str, tuple[int, ...]], ...]
    """Schemas with the types whose rows carry the patient's number."""
    pointing: tuple[tuple[str, tuple[int, ...]], ...]
    """Schemas with the keys of the parameters that place a record here by pointing."""
    since: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    date_keys: tuple[int, ...] = ()

    @property
    def own_schema(self) -> tuple[str, ...]:
        """The record's own schema."""
        return () if self.itself is None else (self.itself[0],)


def compartment_keys(compartment: str, kind: str) -> tuple[int, ...]:
    """The index keys by which a record of this type points at the patient or encounter whose compartment it is in."""
    known = search_parameters(kind)
    chosen = patient_compartment(kind) if compartment == "Patient" else ENCOUNTER_BY.get(kind, NAMES_ITS_ENCOUNTER)
    found = [known[code] for code in chosen if code in known and compartment in known[code].targets]
    return tuple(key for parameter in found if parameter.searchable and not parameter.narrows_by_patient for key in parameter.keys)


def primary_date_keys(kinds: frozenset[str]) -> tuple[int, ...]:
    """The keys of the dates by which records of these types are placed in time."""
    return tuple(
        parameter.key
        for kind in sorted(kinds, key=TYPE_CODE.__getitem__)
        for parameter in search_parameters(kind).values()
        if parameter.is_primary_date
    )


NAMES_ITS_ENCOUNTER = ("encounter", "context")
"""https://hl7.org/fhir/R4/compartmentdefinition-encounter.html; every type that names its visit, also those the definition leaves out."""
ENCOUNTER_BY = {"DocumentManifest": ("related-ref",)}
