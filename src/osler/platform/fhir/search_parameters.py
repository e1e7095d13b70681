"""The search parameters of every FHIR R4 type, and what the store needs to know of each.

From the generated table (scripts/build_search_parameters.py); read per type the first time somebody asks.
https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Literal, cast

from osler.platform.fhir.elements import elements
from osler.platform.fhir.generated.registry import TYPES
from osler.platform.fhir.generated.search_parameters import COMPOSITES, PARAMETERS, PATIENT_COMPARTMENT, RECORDS
from osler.platform.fhir.index_paths import Path, member_paths, paths
from osler.platform.fhir.keys import parameter_key

Kind = Literal["token", "reference", "string", "date", "number", "quantity", "uri", "composite", "special"]

UNSEARCHED_CODES = frozenset({"_query"})
"""`_query` names an operation of the server's own making; this one has none."""
TEXT_CODES = frozenset({"_text", "_content"})
"""Answered from the words of a resource, not from rows of their own."""
UNIONS = frozenset({"token", "quantity", "composite"})
"""Kinds of parameters that may be the union of others and then have no rows of their own."""
NEAR = ("Location", "near")
TOKEN_DATATYPES = frozenset({"Coding", "CodeableConcept", "Identifier", "ContactPoint"})
UNSEARCHED_DATATYPES = frozenset(
    {
        ("date", "Age"),
        ("date", "Range"),
        ("date", "string"),
        ("date", "CodeableConcept"),
        ("quantity", "SampledData"),
        ("reference", "Attachment"),
    }
)
"""(parameter kind, datatype) that give no index rows: they hold no date, no single quantity and no reference."""


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a composite parameter: what kind of value, and where below the composite's element."""

    kind: Kind
    expression: str
    system: str = ""
    """The code system behind a plain `code`."""
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """One search parameter of one type."""

    type: str
    code: str
    kind: Kind
    key: int
    """The number of this parameter, under which its rows are stored."""
    keys: tuple[int, ...]
    """Where its rows are found: several where it is the union of others and has no rows of its own (Observation's `combo-code`)."""
    expression: str
    targets: tuple[str, ...]
    """Types its references may point at."""
    system: str
    """The code system behind a plain `code`, which carries none of its own."""
    searchable: bool
    """Whether it is indexed; the others are answered with 400."""
    narrows_by_patient: bool
    """A reference that is the record's one patient: such rows are not stored, every row of the record carries the patient."""
    is_primary_date: bool
    """A date whose start is the date every row of the record carries."""
    folds: bool
    """A token compared without case: phone numbers and e-mail addresses."""
    identifies: bool
    """A token that is always an Identifier: compared as text, not by its number."""
    repeats: bool
    """A resource can have several values of it."""
    components: tuple[Component, ...] = ()
    """What a composite is made of."""
    pending: bool = False
    """A tenant's own, whose index is being built: an answer from it would be incomplete."""


@dataclass(frozen=True, slots=True)
class Record:
    """Where a type names its patient, and where its date."""

    patient: tuple[Path, ...]
    one_patient: bool
    """The patient is a single reference, so `prid` answers `patient=` by itself."""
    dates: tuple[tuple[Path, ...], ...]
    """Elements that date the record, the first that has a value wins."""


@cache
def record(type: str) -> Record:  # noqa: A002 - FHIR's word
    """What places a resource of this type in a patient's record and in time."""
    patient, single, dates = RECORDS[type]
    dated = (_searched("date", member_paths(type, name)) for name in dates.split())
    return Record(member_paths(type, patient), single, tuple(dated))


@cache
def search_parameters(type: str) -> Mapping[str, SearchParameter]:  # noqa: A002 - FHIR's word
    """Every search parameter of a type by its code, those of all resources (`_id`, `_lastUpdated`, `_tag`, …) included."""
    lines = PARAMETERS["Resource"].replace("\tResource.", f"\t{type}.").splitlines() + PARAMETERS[type].splitlines()
    found = [_parameter(type, *line.split("\t")) for line in lines]
    return MappingProxyType({parameter.code: replace(parameter, keys=_found_under(parameter, found)) for parameter in found})


@cache
def reference_parameters_to(target: str) -> tuple[SearchParameter, ...]:
    """Every indexed reference parameter, of any type, that may point at this type."""
    return tuple(
        parameter
        for type_name in TYPES
        for parameter in search_parameters(type_name).values()
        if parameter.kind == "reference" and parameter.searchable and target in parameter.targets
    )


def patient_compartment(type: str) -> tuple[str, ...]:  # noqa: A002 - FHIR's word
    """The parameters that place a resource of this type in a patient's compartment (https://hl7.org/fhir/R4/compartmentdefinition-patient.html)."""
    return PATIENT_COMPARTMENT.get(type, ())


def searchable_paths(parameter: SearchParameter) -> tuple[Path, ...]:
    """The paths whose values are indexed for this parameter."""
    if parameter.code in UNSEARCHED_CODES:
        return ()
    return _searched(parameter.kind, paths(parameter.type, parameter.expression))


def _searched(kind: str, found: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(path for path in found if (kind, path.datatype) not in UNSEARCHED_DATATYPES)


def _parameter(type_name: str, code: str, kind: str, targets: str, system: str, expression: str) -> SearchParameter:
    kept = _searched(kind, paths(type_name, expression)) if code not in UNSEARCHED_CODES else ()
    return SearchParameter(
        type=type_name,
        code=code,
        kind=cast("Kind", kind),
        key=parameter_key(type_name, code),
        keys=(),
        expression=expression,
        targets=TYPES if targets == "*" else tuple(targets.split()),
        system=system,
        searchable=bool(kept) or code in TEXT_CODES,
        narrows_by_patient=kind == "reference" and _narrows(type_name, kept),
        is_primary_date=kind == "date" and code != "_lastUpdated" and _dates(type_name, kept),
        folds=kind == "token" and any(path.datatype == "ContactPoint" for path in kept),
        identifies=kind == "token" and {path.datatype for path in kept} == {"Identifier"},
        repeats=any(step.many for path in kept for step in path.steps) or (len(kept) != 1 and not _one_choice(type_name, kept)),
        components=_components(type_name, code) if kind == "composite" else (),
    )


def _components(type_name: str, code: str) -> tuple[Component, ...]:
    """The parts of a composite parameter; what a `code` or a reference means is as where the part is a parameter by itself."""
    rows = {name: (targets, system) for name, _, targets, system, _ in map(_columns, PARAMETERS[type_name].splitlines())}
    lines = (line.split("\t") for line in COMPOSITES.get(type_name, "").splitlines())
    found = []
    for part in next((parts for name, *parts in lines if name == code), []):
        kind, name, expression = part.split(" ", 2)
        targets, system = rows[name]
        found.append(Component(cast("Kind", kind), expression, system, tuple(targets.split())))
    return tuple(found)


def _columns(line: str) -> list[str]:
    return line.split("\t")


def _found_under(parameter: SearchParameter, others: Sequence[SearchParameter]) -> tuple[int, ...]:
    """The parameters whose values, taken together, are this one's; else itself."""
    whole = set(searchable_paths(parameter)) if parameter.searchable and parameter.kind in UNIONS else set()
    if parameter.kind == "composite":
        others = [other for other in others if _shape(other) == _shape(parameter)]
    parts = {other.key: set(searchable_paths(other)) for other in others if other.kind == parameter.kind and other.searchable}
    within = {key: found for key, found in parts.items() if found and found < whole}
    return tuple(within) if whole and set().union(*within.values()) == whole else (parameter.key,)


def _shape(parameter: SearchParameter) -> list[tuple[str, str]]:
    return [(part.kind, part.expression) for part in parameter.components]


def _narrows(type_name: str, found: tuple[Path, ...]) -> bool:
    here = record(type_name)
    of_patients = all(step.name == "Patient" for path in found for step in path.steps if step.kind == "target")
    return here.one_patient and bool(found) and of_patients and all(path.members == here.patient[0].members for path in found)


def _one_choice(type_name: str, found: tuple[Path, ...]) -> bool:
    names = [path.members for path in found]
    if any(len(members) != 1 for members in names):
        return False
    choices = {elements(type_name)[members[0]].choice for members in names if members[0] in elements(type_name)}
    return len(choices) == 1 and choices != {""}


def _dates(type_name: str, found: tuple[Path, ...]) -> bool:
    dates = record(type_name).dates
    return len(dates) == 1 and set(found) == set(dates[0]) and not any(step.many for path in found for step in path.steps)
