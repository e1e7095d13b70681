"""The official validator cases: as many errors as the reference validator finds, in the same places.

Left out of the count are only errors that a terminology server alone can find, each recognised by what it says.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest

from osler.formats.xml import read
from osler.platform.errors import Issue
from osler.platform.testing import shared_data
from osler.platform.validation import Options, validate

# Switches of the official manifest that cases.json does not carry.
NOT_CARRIED = {"dr-example-org": "the manifest switches examples off for this case (`examples: false`)"}
ELSEWHERE = r"http://(?:snomed\.info/sct|loinc\.org|www\.nlm\.nih\.gov|hl7\.org/fhir/sid/|ncicb\.|www\.whocc|id\.who)"
TERMINOLOGY = (
    (re.compile(r"^Wrong Display Name"), "displays are content of the code systems, which are not shipped"),
    (re.compile(rf"Unknown code .* in the CodeSystem '{ELSEWHERE}|not valid in the system {ELSEWHERE}"), "codes of outside systems"),
)
# The reference validator counts entries and authors from 1 in these, or names the first entry for all: the places are compared
# without numbers, since ours are the true ones.
COUNTED_OTHERWISE = re.compile(r"^(?:Can't find '|Entry '.*isn't reachable|The fullUrl )")


def cases() -> list[dict[str, Any]]:
    file = shared_data("fhir-test-cases", "validator") / "cases.json"
    found: list[dict[str, Any]] = json.loads(file.read_bytes())["cases"]
    return found


def needs_terminology(error: dict[str, Any]) -> bool:
    return any(pattern.search(error["text"]) for pattern, _ in TERMINOLOGY)


def errors_of(case: dict[str, Any]) -> list[Issue]:
    body = (shared_data("fhir-test-cases", "validator") / case["file"]).read_bytes()
    options = Options(
        examples=case["name"] not in NOT_CARRIED,
        unknown_extensions=False,
        html=not case["flags"].get("security-checks"),
        targets=False,
    )
    found: list[Issue] = []
    if case["file"].endswith(".xml"):
        reading = read(body)
        found += reading.issues
        if reading.body is not None:
            found += validate(reading.body, options=options)
    else:
        found += validate(body, options=options)
    return [issue for issue in found if issue.severity in ("error", "fatal")]


def plain(place: str | None) -> str:
    """A place without the reference validator's comments; `(xml)` is anywhere in a text that is not XML."""
    return re.sub(r"/\*.*?\*/", "", place or "")


def without_numbers(place: str) -> str:
    return re.sub(r"\[\d+\]", "", place)


def difference(case: dict[str, Any], found: list[Issue]) -> str:
    """What we say otherwise than the reference validator; empty where we agree."""
    wanted = [error for error in case["errors"] if not needs_terminology(error)]
    ours = Counter(plain(issue.expression) for issue in found)
    missing: list[str] = []
    for error in wanted:
        place = plain(error["expression"][0])
        if ours[place]:
            ours[place] -= 1
        else:
            missing.append(f"{'?' if COUNTED_OTHERWISE.match(error['text']) or place == '(xml)' else ''}{place}: {error['text'][:90]}")
    rest = list(ours.elements())
    for text in [m for m in missing if m.startswith("?")]:
        place = text[1:].partition(": ")[0]
        match = next((r for r in rest if place == "(xml)" or without_numbers(r) == without_numbers(place)), None)
        if match is not None:
            rest.remove(match)
            missing.remove(text)
    return "; ".join([*(f"missing {m}" for m in missing), *(f"ours alone {r}" for r in rest)])


@pytest.mark.filterwarnings("ignore")
def test_errors_and_places_are_those_of_the_reference_validator(judge: Any) -> None:
    all_cases = cases()
    wrong = {case["name"]: said for case in all_cases if (said := difference(case, errors_of(case)))}
    left_out = sum(needs_terminology(error) for case in all_cases for error in case["errors"])

    judge(f"Validator cases ({left_out} errors only a terminology server can find left out)", len(all_cases) - len(wrong), len(all_cases))

    assert wrong == {}


def test_the_comparison_sees_a_missing_an_additional_and_a_misplaced_error() -> None:
    case = next(case for case in cases() if case["name"] == "ai3")
    found = errors_of(case)

    assert difference(case, found) == ""
    assert difference(case, []) != ""
    assert difference(case, [*found, Issue("structure", "more", "Patient.name[0]")]) != ""
    assert difference(case, [Issue("structure", "elsewhere", "Patient.name[0]")]) != ""
