"""The official FHIRPath R4 suite: every test gives the values it names, or fails at the stage it names.

https://github.com/FHIR/fhir-test-cases/tree/master/r4/fhirpath
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any

from osler.formats.xml import to_json
from osler.platform import fhirpath
from osler.platform.fhirpath import FhirPathProblem, Node
from osler.platform.fhirpath.types import kind_of
from osler.platform.testing import shared_data

EXCEPTIONS: dict[str, str] = {}
"""Tests we do not follow, each with the argument: none."""


@cache
def load(name: str) -> Any:
    folder = shared_data("fhir-test-cases", "fhirpath", "input")
    path = folder / name
    if not path.exists():
        # One input is published in the other format than the suite names.
        path = path.with_suffix(".json" if path.suffix == ".xml" else ".xml")
    text = path.read_bytes()
    return json.loads(to_json(text) if path.suffix == ".xml" else text, parse_float=Decimal)


def cases_of_the_suite() -> Iterator[ET.Element]:
    yield from ET.parse(shared_data("fhir-test-cases", "fhirpath", "tests-fhir-r4.xml")).getroot().iter("test")


def shown(node: Node) -> tuple[str, str]:
    """An item as the suite writes it: its System type, and a literal without the marks of dates."""
    found = node.system()
    if found is None:
        return "", str(node.value)
    kind, value = found
    if kind == "Boolean":
        return kind, "true" if value else "false"
    return kind, plain(value.literal) if kind in ("Date", "DateTime", "Time") else f"{value:f}" if kind == "Decimal" else str(value)


def plain(text: str) -> str:
    return text.removeprefix("@").removeprefix("T").removesuffix("T")


def answer(test: ET.Element) -> tuple[str, list[tuple[str, str]]]:
    """The stage an expression fails at, or the items it gives."""
    resource = load(test.get("inputfile") or "patient-example.xml")
    text = test.findtext("expression") or ""
    try:
        expression = fhirpath.compile(text, resource["resourceType"], test.get("checkOrderedFunctions") == "true")
        nodes = expression.evaluate(resource)
    except FhirPathProblem as problem:
        return problem.stage, []
    if test.get("predicate") == "true":
        return "", [("Boolean", "true" if nodes else "false")]
    return "", [shown(node) for node in nodes]


def agrees(test: ET.Element) -> bool:
    stage, items = answer(test)
    expected = test.find("expression").get("invalid", "")  # type: ignore[union-attr]
    if expected:
        return stage == expected
    wanted = [(output.get("type"), plain(output.text or "")) for output in test.findall("output")]
    if test.get("ordered") == "false":
        items, wanted = sorted(items), sorted(wanted, key=lambda one: (kind_of(one[0] or ""), one[1]))
    return (
        not stage
        and len(items) == len(wanted)
        and all(
            got == value and (kind is None or made == (kind if kind == "Quantity" else kind_of(kind)))
            for (made, got), (kind, value) in zip(items, wanted, strict=True)
        )
    )


def test_every_test_of_the_official_suite_agrees(judge: Callable[[str, int, int], None]) -> None:
    cases = list(cases_of_the_suite())
    wrong = [f"{test.get('name')}: {test.findtext('expression')}" for test in cases if not agrees(test)]

    judge("FHIRPath official R4 suite", len(cases) - len(wrong), len(cases))
    assert len(cases) > 900
    assert [name for name in wrong if name.partition(":")[0] not in EXCEPTIONS] == []
