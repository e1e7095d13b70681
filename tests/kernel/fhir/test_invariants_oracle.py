"""The generated rules say what FHIRPath says of the rules as published, on every example and on examples spoilt at random."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from tests.kernel.fhir.test_examples import valid_examples

from osler.platform import fhir, fhirpath
from osler.platform.errors import Invalid, OslerError
from osler.platform.fhir.elements import is_type
from osler.platform.fhir.rules.generated.invariants import NOT_CHECKED, RULE_TYPES, RULES
from osler.platform.fhirpath import Environment, FhirPathProblem, Node
from osler.platform.fhirpath.types import ancestors, members

DIFFERENT = {
    "dom-2": "decoding holds to it before any rule is asked",
    "ele-1": "decoding holds to it, but for an object with nothing but an id",
    "ext-1": "its published text is compared, its place is the same",
    "ppc-2": "speaks of a code system called 'something'; it can never apply",
    "ppc-3": "as ppc-2",
    "ppc-4": "as ppc-2",
    "ppc-5": "as ppc-2",
    "que-7": "asks for System.Boolean, which no element is",
    "per-1": "what precision leaves open is let pass",
    "mdd-1": "as per-1",
    "rng-2": "what units leave open is let pass",
    "ref-1": "a reference of # alone is the container, as R4's text says",
    "dom-3": "asks for the types canonical, uri and url one by one; we look at every URI",
    "ras-2": "no probability at all is not one above 100",
    "csd-1": "its expression finds nothing below the second level",
}
"""Rules whose generated form is meant to differ from the published expression, and why; all but these must agree."""
PLACED_ELSEWHERE = {"bdl-7"}
"""Rules whose broken part we name more closely than the resource they are attached to."""


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.all_children():
        yield from walk(child)


def attached() -> dict[str, list[tuple[str, str, str]]]:
    """The rules by the type they are attached to: key, expression, and the child they are tested on."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for (key, _, expression, element), type_name in zip(RULES, RULE_TYPES, strict=True):
        if key not in NOT_CHECKED and key not in DIFFERENT and not key.endswith("-0") and expression:
            found.setdefault(type_name, []).append((key, expression, element))
    return found


def by_fhirpath(resource: dict[str, Any]) -> set[tuple[str, str]]:
    """What the expressions as published say is broken."""
    rules, broken = attached(), set()
    root = Node(resource)
    for node in walk(root):
        names = [node.type] if not is_type(node.type) else [node.type, *(n for n in ancestors(node.type) if n == "DomainResource")]
        for name in names:
            for key, expression, element in rules.get(name, ()):
                places = node.children(element) if element else [node]
                for place in places:
                    if element and members(node.type)[element][0].type != place.type and key == "ras-1" and place.type != "Range":
                        continue
                    environment = Environment(variables={"resource": node.resource, "rootResource": around(node)})
                    try:
                        held = fhirpath.compile(expression).test(place, environment)
                    except FhirPathProblem:
                        held = False
                    if not held:
                        broken.add((key, "" if key in PLACED_ELSEWHERE else place.path))
    return broken


def around(node: Node) -> Node:
    resource = node.resource
    return resource.parent.resource if resource.name == "contained" and resource.parent is not None else resource


ERRORS = {"con-3", "nor-1", "dom-6", "eld-20", "eld-21"}


def by_rules(resource: dict[str, Any]) -> set[tuple[str, str]] | None:
    """What the generated rules say; None where the resource is refused for something else."""
    try:
        fhir.parse(json.dumps(resource, default=float).encode())
    except Invalid as refused:
        if any(issue.code != "invariant" for issue in refused.issues):
            return None
        keys = [(issue.diagnostics.partition(":")[0], issue.expression or "") for issue in refused.issues]
        if any(" " in key for key, _ in keys):
            return None
        return {(key, "" if key in PLACED_ELSEWHERE else path) for key, path in keys if key not in DIFFERENT}
    except OslerError:
        return None
    return set()


def compare(resource: dict[str, Any]) -> list[str] | None:
    ours = by_rules(resource)
    if ours is None:
        return None
    theirs = {(key, path) for key, path in by_fhirpath(resource) if key not in ERRORS}
    return sorted(f"{key} at {path}: only {'ours' if (key, path) in ours else 'FHIRPath'}" for key, path in ours ^ theirs)


def examples() -> list[dict[str, Any]]:
    read = (json.loads(text, parse_float=Decimal) for name, text in valid_examples() if not name.endswith(".ndjson.gz"))
    return [one for one in read if len(json.dumps(one, default=str)) < 12_000]


def spoilt(resource: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The resource without a member somewhere, or with a member of a like object put in."""
    copy: dict[str, Any] = json.loads(json.dumps(resource, default=float), parse_float=Decimal)
    places: list[dict[str, Any]] = []

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            places.append(value)
            for one in value.values():
                collect(one)
        elif isinstance(value, list):
            for one in value:
                collect(one)

    collect(copy)
    for _ in range(chance.randint(1, 4)):
        place = chance.choice(places)
        names = [name for name in place if name != "resourceType"]
        if names and chance.random() < 0.7:
            del place[chance.choice(names)]
        else:
            other = chance.choice(places)
            names = [name for name in other if name != "resourceType"]
            if names:
                name = chance.choice(names)
                place[name] = json.loads(json.dumps(other[name], default=float), parse_float=Decimal)
    return copy


def disagreements(count: int, seed: int) -> tuple[Counter[str], int]:
    chance = random.Random(seed)
    sources = examples()
    found: Counter[str] = Counter()
    compared = 0
    while compared < count:
        answer = compare(spoilt(chance.choice(sources), chance))
        if answer is not None:
            compared += 1
            found.update(answer)
    return found, compared


def test_the_rules_agree_with_fhirpath_on_the_examples() -> None:
    sample = random.Random(1).sample(examples(), 60)

    assert [answer for answer in map(compare, sample) if answer] == []


def test_the_rules_agree_with_fhirpath_on_spoilt_examples() -> None:
    found, compared = disagreements(150, 7)

    assert compared == 150
    assert found == {}


@pytest.mark.full
def test_the_rules_agree_with_fhirpath_on_all_examples_and_many_spoilt_ones() -> None:
    assert [answer for answer in map(compare, examples()) if answer] == []
    assert disagreements(5000, 11)[0] == {}
