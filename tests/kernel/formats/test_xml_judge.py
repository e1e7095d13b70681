"""Judge 4: every example resource says the same after a journey through XML. https://hl7.org/fhir/R4/xml.html"""

from __future__ import annotations

import bz2
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from osler.formats.xml import read, to_json, to_xml
from osler.platform.testing import shared_data

Judge = Callable[[str, int, int], None]
DEFINITIONS = ("profiles-types", "valuesets", "search-parameters", "extension-definitions", "conceptmaps")
NO_XML = frozenset({"xml-bad-entities.xml"})
"""Files that are meant to be refused: this one names an entity that no XML parser knows."""


def bodies(path: Path) -> Iterator[bytes]:
    """The resources in a file of examples."""
    text = path.read_bytes()
    if path.suffix == ".gz":
        text = gzip.decompress(text)
    elif path.suffix == ".bz2":
        text = bz2.decompress(text)
    if ".ndjson" in path.name:
        yield from (line for line in text.splitlines() if line.strip())
    else:
        yield text


def digit_for_digit(body: bytes) -> Any:
    """The JSON, with numbers as they were written and members in any order; `given twice` would show as a difference."""
    return json.loads(body, parse_float=lambda text: ("number", text), parse_int=lambda text: ("number", text))


def journeys(paths: list[Path]) -> tuple[int, int, list[str]]:
    same, total, different = 0, 0, []
    for path in paths:
        for number, body in enumerate(bodies(path)):
            total += 1
            if digit_for_digit(to_json(to_xml(body))) == digit_for_digit(body):
                same += 1
            else:
                different.append(f"{path.name} [{number}]")
    return same, total, different


def test_every_example_is_the_same_after_json_xml_json(judge: Judge) -> None:
    paths = sorted(path for path in shared_data("fhir-examples").rglob("*") if ".json" in path.name or ".ndjson" in path.name)

    same, total, different = journeys(paths)

    judge("JSON to XML to JSON, example resources", same, total)
    assert different == []
    assert total > 800


def lives() -> list[Path]:
    return sorted(shared_data("synthea").rglob("*.json.bz2"))


def test_a_third_of_synthea_is_the_same_after_json_xml_json(judge: Judge) -> None:
    same, total, different = journeys(lives()[::3])

    judge("JSON to XML to JSON, Synthea Bundles", same, total)
    assert different == []
    assert total > 25


@pytest.mark.full
def test_every_synthea_bundle_is_the_same_after_json_xml_json(judge: Judge) -> None:
    same, total, different = journeys(lives())

    judge("JSON to XML to JSON, Synthea Bundles, all", same, total)
    assert different == []
    assert total > 80


def test_the_definitions_of_r4_are_the_same_after_json_xml_json(judge: Judge) -> None:
    same, total, different = journeys([shared_data("fhir-r4-definitions", f"{name}.json.gz") for name in DEFINITIONS])

    judge("JSON to XML to JSON, R4's own definitions", same, total)
    assert different == []


def test_the_xml_of_the_official_test_cases_is_read(judge: Judge) -> None:
    paths = [path for path in sorted(shared_data("fhir-test-cases").rglob("*.xml")) if path.name != "tests-fhir-r4.xml"]

    understood = {path.name for path in paths if not read(path.read_bytes()).issues}
    again = [path.name for path in paths if path.name in understood and not same_both_ways(path.read_bytes())]

    judge("XML of the official test cases read, or refused where it must be", len(understood) + len(NO_XML), len(paths))
    assert {path.name for path in paths} - understood == NO_XML
    assert again == []


def same_both_ways(text: bytes) -> bool:
    body = to_json(text)
    return digit_for_digit(to_json(to_xml(body))) == digit_for_digit(body)
