"""R4's invariants on a resource that has the right structure. https://hl7.org/fhir/R4/conformance-rules.html#constraints

The rules are generated (`scripts/build_invariants.py`); here they are run, and what breaks one is found again in the resource to say where.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from osler.platform.errors import Invalid, Issue, Severity
from osler.platform.fhir import diagnosis
from osler.platform.fhir.conditions import Checking, ChosenTwice, primitives_extensions
from osler.platform.fhir.diagnosis import LONGEST_PATH, MOST_ISSUES, Found
from osler.platform.fhir.elements import Element, elements
from osler.platform.fhir.generated.datatypes import Resource
from osler.platform.fhir.rules.generated.invariants import ADVICE, CHECKS, RULES, Extension

_BESIDE = re.compile(rb'"_')
_HOLLOW = re.compile(rb'\{"id":"(?:[^"\\]|\\.)*"\}')
_EXT_1 = next(number for number, rule in enumerate(RULES) if rule[0] == "ext-1")
_ELE_1 = next(number for number, rule in enumerate(RULES) if rule[0] == "ele-1")
_Place = tuple[str, tuple[str | int, ...]]


def check(resource: Resource, text: bytes, path: str = "", apart: frozenset[str] = frozenset()) -> None:
    """Raise Invalid with each rule the resource breaks: its key, what it asks for, and the element (up to a hundred).

    `apart` names rules somebody else answers for.
    """
    checking = Checking(resource, CHECKS)
    try:
        CHECKS[resource.resourceType](resource, checking)
        if b"_" in text and _BESIDE.search(text):
            _check_besides(resource, checking)
    except ChosenTwice:
        diagnosis.explain(text, resource.resourceType, path)
    if _HOLLOW.search(text):
        checking.found += [(_ELE_1, place) for place in _hollow(resource)]
    if apart and checking.found:
        checking.found = [(number, place) for number, place in checking.found if RULES[number][0] not in apart]
    if checking.found:
        raise Invalid("The resource breaks rules of R4", _issues(checking, path or resource.resourceType, "error"))


def advice(resource: Resource, path: str = "") -> list[Issue]:
    """What R4 recommends and the resource does not follow; only asked for by `$validate`."""
    checking = Checking(resource, CHECKS)
    for one in _resources(resource):
        checking.resource = one
        if one.resourceType in ADVICE:
            ADVICE[one.resourceType](one, checking)
    return [*_issues(checking, path or resource.resourceType, "warning")]


def _resources(resource: Resource) -> list[Resource]:
    contained = getattr(resource, "contained", None) or ()
    return [resource, *(one for one in contained if isinstance(one, Resource))]


def _check_besides(resource: Resource, checking: Checking) -> None:
    for beside in primitives_extensions(resource):
        for extension in beside.extension or ():
            Extension(extension, checking)


def _hollow(struct: Any) -> list[Any]:
    """The elements that have an id and nothing else."""
    found = []
    for _, _, child in _inside(struct):
        if not isinstance(child, Resource):
            names = child.__struct_fields__
            if child.id is not None and all(name == "id" or getattr(child, name) is None for name in names):
                found.append(child)
            found += _hollow(child)
    return found


def _issues(checking: Checking, path: str, severity: Severity) -> list[Issue]:
    wanted = {id(place): place for _, place in checking.found}
    places: dict[int, _Place] = {}
    _find(checking.root, (path, ()), wanted, places)
    issues: list[Issue] = []
    for number, place in checking.found[:MOST_ISSUES]:
        key, human, _, element = RULES[number]
        where, at = places.get(id(place), (path, ()))
        if element and not isinstance(place, Resource) and element in type(place).__struct_fields__:
            where, at = f"{where}.{element}", (*at, element)
        issues.append(Found("invariant", f"{key}: {human}", where[:LONGEST_PATH], severity, at=at))
    return issues


def _find(struct: Any, place: _Place, wanted: dict[int, Any], places: dict[int, _Place]) -> None:
    """The place of each struct wanted; every struct stands in one place only."""
    if id(struct) in wanted:
        places[id(struct)] = place
    path, at = place
    for step, key, child in _inside(struct):
        _find(child, (f"{path}.{step}", (*at, *key)), wanted, places)


def _inside(struct: Any) -> list[tuple[str, tuple[str | int, ...], Any]]:
    """The structs directly inside, with the step of the path and the keys of the JSON that lead there."""
    found: list[tuple[str, tuple[str | int, ...], Any]] = []
    known = elements(type(struct).__name__)
    for field in msgspec.structs.fields(type(struct)):
        value, name = getattr(struct, field.name), field.encode_name
        if isinstance(value, msgspec.Struct):
            found.append((_step(known, name), (name,), value))
        elif isinstance(value, list):
            step = _step(known, name)
            found += [(f"{step}[{i}]", (name, i), one) for i, one in enumerate(value) if isinstance(one, msgspec.Struct)]
    return found


def _step(known: dict[str, Element], name: str) -> str:
    element = known.get(name.removeprefix("_"))
    return f"{element.choice}.ofType({element.type})" if element is not None and element.choice else name.removeprefix("_")


def rule_keys() -> list[str]:
    """Every rule of R4 this server knows of, including those no program can decide."""
    return [rule[0] for rule in RULES]
