"""On whatever day the demo is loaded, its complete patients hold every element US Core asks a record to be able to hold."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import pytest
from tests.conformance.us_core.conftest import PATIENTS
from tests.conformance.us_core.elements import found
from tests.conformance.us_core.must_support import MUST_SUPPORT
from tests.conformance.us_core.table import GROUPS, NOTES, REPORT_KINDS, SCREENINGS

from osler.demo.clinic import Clinic
from osler.demo.special import SPECIAL

STAMPED = ("meta.lastUpdated",)
"""Elements that the server gives."""


@pytest.mark.parametrize("day", [date(2026, 11, 21), date(2025, 2, 28), date(2028, 2, 29), date(2027, 7, 5)])
def test_every_must_support_element_is_there_on_any_day(day: date) -> None:
    pools: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for _, resources in Clinic(day, 1, len(SPECIAL)).groups({*PATIENTS, "clinic"}):
        for resource in resources:
            for profile in resource.get("meta", {}).get("profile", ()):
                pools[profile].append(resource)

    def missing(path: str, profile: str) -> bool:
        return path not in STAMPED and not any(found(one, each.strip()) for each in path.split(" / ") for one in pools[profile])

    documents = pools[next(g.profile for g in GROUPS if g.name == "documentreference")]
    kinds = {code for one in documents for code in found(one, "type.coding.code")}
    reports = {
        code
        for pool in pools.values()
        for one in pool
        if one["resourceType"] == "DiagnosticReport"
        for code in found(one, "category.coding.code")
    }
    asked = {
        code
        for one in pools[next(g.profile for g in GROUPS if g.name == "observation-screening-assessment")]
        for code in found(one, "category.coding.code")
    }
    assert [(group.name, path) for group in GROUPS for path in MUST_SUPPORT[group.name] if missing(path, group.profile)] == []
    assert set(NOTES) <= kinds
    assert set(REPORT_KINDS) <= reports
    assert set(SCREENINGS) <= asked
