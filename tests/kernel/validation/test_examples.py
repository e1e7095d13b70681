"""HL7's own examples of R4 have no errors, but for those listed with what is wrong in them."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

from osler.platform.errors import Issue
from osler.platform.testing import shared_data
from osler.platform.validation import validate

# What is wrong in the examples themselves, by the words of the issue: the reference validator says so too.
KNOWN = {
    "Canonical URLs must be absolute": "canonical elements hold relative references such as Library/…",
    "The fullUrl looks like the URL of a RESTful server": "entries whose fullUrl ends in another id than their resource's",
    "The unit is not a UCUM code": "tbl, TAB and mEq are no UCUM codes",
    "What the reference names is in the Bundle by type and id": "relative references to entries whose fullUrl is a URN",
    "Constraint failed: txt-2": "narratives without text",
    "The local reference leads nowhere": "a PlanDefinition refers to contained resources it does not hold",
    "has no part of this name": "an extension for HLA results has parts its definition does not name",
    "The reference must lead to": "references to types that the element does not allow",
    "The image at div/img leads nowhere": "an image in a narrative names a contained resource that is not there",
    "us-core-ethnicity": "a US Core extension in the form of an older guide",
    "the value must be a full URI": "an identifier of the system urn:ietf:rfc:3986 without urn:",
}
FILES = {"Observation-example-genetics-brcapat.json"}
"""Examples with the US Core extension, whose issues name its elements."""


def examples() -> list[Path]:
    folder = shared_data("fhir-examples", "r4-official")
    return sorted(p for p in folder.iterdir() if p.name.endswith((".json", ".json.gz")))


def text_of(file: Path) -> bytes:
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


def known(file: Path, issue: Issue) -> bool:
    return file.name in FILES or any(words in issue.diagnostics for words in KNOWN)


def test_every_official_example_is_valid_but_for_known_faults(judge: Any) -> None:
    files = examples()
    wrong: dict[str, list[str]] = {}
    used: Counter[str] = Counter()
    for file in files:
        for issue in validate(text_of(file)):
            if issue.severity not in ("error", "fatal"):
                continue
            used.update(words for words in KNOWN if words in issue.diagnostics)
            if not known(file, issue):
                wrong.setdefault(file.name, []).append(f"{issue.expression}: {issue.diagnostics}")

    judge("Official examples without unexpected errors", len(files) - len(wrong), len(files))

    assert wrong == {}
    assert set(KNOWN) == set(used), "an exception nobody needs"
