"""All 399 official and Inferno example files go through parse, stamp and the structs without losing anything."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from osler.platform import fhir
from osler.platform.errors import Invalid
from osler.platform.fhir import diagnosis, parsing
from osler.platform.testing import shared_data

NOW = datetime(2026, 3, 1, 12, 30, 0, 123000, tzinfo=UTC)
# Official examples that break R4's own rules.
NOT_R4 = {
    "DeviceMetric-example.json": ("DeviceMetric.parent.reference", "parent may be a Device; the example names a DeviceDefinition"),
    "DeviceUseStatement-example.json": (
        "DeviceUseStatement.reasonReference[0].reference",
        "reasonReference may be a Condition, Observation, DiagnosticReport, DocumentReference or Media; the example names a Procedure",
    ),
    "EventDefinition-example.json": ("EventDefinition.text.div", "txt-2: the narrative is a div with nothing but blanks in it"),
    "Questionnaire-zika-virus-exposure-assessment.json": (
        "Questionnaire.text.div",
        "txt-2: the narrative is a div with an empty pre in it",
    ),
}


def example_files() -> list[Path]:
    return sorted(path for path in shared_data("fhir-examples").rglob("*") if path.is_file() and path.name != "SOURCES.md")


def texts(path: Path) -> list[bytes]:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    return [line for line in content.splitlines() if line.strip()] if ".ndjson" in path.name else [content]


def valid_examples() -> Iterator[tuple[str, bytes]]:
    for path in example_files():
        if path.name not in NOT_R4:
            for text in texts(path):
                yield path.name, text


class Digits(str):
    """A number as it was written."""


def in_order(text: bytes) -> Any:
    """JSON with the order of members and every digit kept."""
    return json.loads(text, parse_int=Digits, parse_float=Digits, object_pairs_hook=lambda pairs: ("object", pairs))


def by_value(text: bytes) -> Any:
    """JSON with the order of lists and the value and precision of every number kept."""
    return json.loads(text, parse_int=lambda d: Decimal(d).as_tuple(), parse_float=lambda d: Decimal(d).as_tuple())


def without_ours(tree: Any) -> list[tuple[str, Any]]:
    """The members of a resource, in order, without the ones the server sets."""
    members = []
    for name, value in tree[1]:
        if name == "meta":
            value = ("object", [pair for pair in value[1] if pair[0] not in ("versionId", "lastUpdated")])
            if not value[1]:
                continue
        if name not in ("resourceType", "id"):
            members.append((name, value))
    return [pair for pair in members if pair[0] == "meta"] + [pair for pair in members if pair[0] != "meta"]


def test_the_399_files_are_here() -> None:
    assert len(example_files()) == 399


def test_every_example_keeps_each_digit_extension_and_order_through_parse_and_stamp() -> None:
    count = 0
    for name, text in valid_examples():
        stamped = fhir.stamp(fhir.parse(text), "an-id", 7, NOW)

        before, after = in_order(text), in_order(stamped)
        assert without_ours(after) == without_ours(before), name
        start = [member for member, _ in after[1][:3]]
        assert start == ["resourceType", "id", "meta"], name
        assert after[1][2][1][1][:2] == [("versionId", "7"), ("lastUpdated", "2026-03-01T12:30:00.123Z")], name
        count += 1

    assert count == 838


def test_every_example_keeps_each_value_through_its_struct() -> None:
    for name, text in valid_examples():
        parsed = fhir.parse(text)
        again = fhir.from_struct(parsed.resource)

        assert by_value(again.body) == by_value(text), name
        assert again.resource == parsed.resource, name


def test_the_decoder_and_the_diagnosis_read_every_example_alike() -> None:
    for name, text in valid_examples():
        minified = parsing.minify(text)
        parsed = fhir.parse(text)

        assert diagnosis.explain(minified, parsed.type, "") == parsed.resource, name


@pytest.mark.parametrize("name", sorted(NOT_R4))
def test_an_official_example_that_breaks_r4_is_refused_for_that_reason_alone(name: str) -> None:
    text = shared_data("fhir-examples", "r4-official", name).read_bytes()

    with pytest.raises(Invalid) as refused:
        fhir.parse(text)

    assert [issue.expression for issue in refused.value.issues] == [NOT_R4[name][0]]
