"""The role table, held against the interface brief's."""

from __future__ import annotations

import pytest

from osler.platform.access import ROLES, may, readable, shape
from osler.platform.context import Actor
from osler.platform.fhir import TYPES


def acting(*roles: str) -> Actor:
    return Actor("user/1", "user", frozenset(roles))


CLINICAL = ("Observation", "Condition", "MedicationRequest", "AllergyIntolerance", "DocumentReference", "Immunization", "DiagnosticReport")


def test_every_type_named_in_the_table_exists() -> None:
    for grant in ROLES.values():
        assert grant.read <= set(TYPES)
        assert grant.write <= set(TYPES)


def test_nobody_writes_what_they_may_not_read() -> None:
    assert all(grant.write <= grant.read for grant in ROLES.values())


@pytest.mark.parametrize("role", ["physician", "nurse", "consultant"])
def test_clinicians_read_the_whole_chart(role: str) -> None:
    assert {*CLINICAL, "Patient", "Encounter"} <= readable(acting(role))


@pytest.mark.parametrize("role", ["front.desk", "admin", "compliance"])
def test_others_read_nothing_clinical(role: str) -> None:
    assert readable(acting(role)).isdisjoint({*CLINICAL, "Encounter", "Procedure"})


def test_a_biller_sees_diagnoses_and_procedures_but_no_results_or_notes() -> None:
    seen = readable(acting("biller"))

    assert {"Condition", "Procedure", "Encounter", "Coverage", "Claim"} <= seen
    assert seen.isdisjoint({"Observation", "DocumentReference", "DiagnosticReport", "AllergyIntolerance", "MedicationRequest"})


def test_an_assistant_sees_no_problems_notes_or_reports() -> None:
    assert readable(acting("ma")).isdisjoint({"Condition", "DocumentReference", "DiagnosticReport"})
    assert {"MedicationRequest", "AllergyIntolerance", "Immunization", "Observation"} <= readable(acting("ma"))


def test_roles_add_up_and_unknown_ones_give_nothing() -> None:
    assert readable(acting("front.desk", "biller")) == readable(acting("front.desk")) | readable(acting("biller"))
    assert readable(acting("emperor")) == frozenset()


def test_only_the_system_asks_for_every_type_at_once() -> None:
    assert may(acting("system"), "history", None)
    assert not may(acting("physician"), "history", None)
    assert may(Actor("system/import", "system"), "create", "AuditEvent")


def test_an_unknown_interaction_is_refused() -> None:
    assert not may(acting("system"), "juggle", "Patient")


def test_kept_views_are_shared_only_by_those_who_see_the_same() -> None:
    assert shape(acting("nurse")) == shape(acting("consultant"))
    assert len({shape(acting(role)) for role in ROLES}) == len(ROLES) - 1
