"""The table of search parameters: complete, without collisions, and with a pinned list of what is not searched yet."""

from __future__ import annotations

import gzip
import json

import pytest

from osler.platform.fhir import TYPES, search_parameters
from osler.platform.fhir.index import extractor
from osler.platform.fhir.index_paths import paths
from osler.platform.fhir.search_parameters import (
    TEXT_CODES,
    UNSEARCHED_DATATYPES,
    patient_compartment,
    record,
    reference_parameters_to,
    searchable_paths,
)
from osler.platform.testing import shared_data


def every() -> list[tuple[str, str]]:
    return [(type_name, code) for type_name in TYPES for code in search_parameters(type_name)]


def test_all_1378_definitions_are_there_for_every_type_they_name() -> None:
    text = gzip.decompress(shared_data("fhir-r4-definitions", "search-parameters.json.gz").read_bytes())
    definitions = [entry["resource"] for entry in json.loads(text)["entry"]]

    missing = [
        (base, one["code"])
        for one in definitions
        for base in one["base"]
        if base in TYPES and search_parameters(base)[one["code"]].kind != one["type"]
    ]

    assert len(definitions) == 1378
    assert missing == []


def test_no_two_parameters_share_a_key() -> None:
    keys = [search_parameters(type_name)[code].key for type_name, code in every()]

    assert len(keys) == len(set(keys)) == 3021


def test_what_is_not_searched_yet_is_exactly_this() -> None:
    unsearched: dict[str, set[str]] = {}
    for type_name, code in every():
        parameter = search_parameters(type_name)[code]
        if not parameter.searchable:
            unsearched.setdefault(f"{parameter.kind} {code}" if parameter.kind != "composite" else "composite", set()).add(type_name)

    assert {what: len(types) for what, types in unsearched.items()} == {
        "token _query": 146,  # names a query of the server's own making; there is none
        "token classification": 1,  # of DeviceDefinition: R4 has no such element
    }


def test_values_that_give_no_rows_are_exactly_these() -> None:
    left_out = {
        (type_name, code, path.datatype)
        for type_name, code in every()
        if (parameter := search_parameters(type_name)[code]).searchable
        for path in paths(type_name, parameter.expression)
        if (parameter.kind, path.datatype) in UNSEARCHED_DATATYPES
    }

    assert left_out == {
        ("Procedure", "date", "string"),
        ("Procedure", "date", "Age"),
        ("Procedure", "date", "Range"),
        ("Immunization", "date", "string"),
        ("CarePlan", "activity-date", "string"),
        ("Consent", "source-reference", "Attachment"),
        ("Observation", "value-quantity", "SampledData"),
        ("Observation", "component-value-quantity", "SampledData"),
        ("Observation", "combo-value-quantity", "SampledData"),
    }


def test_every_searched_parameter_has_a_path_and_every_type_an_extractor() -> None:
    for type_name, code in every():
        parameter = search_parameters(type_name)[code]
        assert bool(searchable_paths(parameter) or code in TEXT_CODES) == parameter.searchable
        extractor(type_name)


@pytest.mark.parametrize(
    ("type_name", "code"),
    [
        ("Observation", "patient"),
        ("Observation", "subject"),
        ("Condition", "patient"),
        ("MedicationRequest", "subject"),
        ("AllergyIntolerance", "patient"),
        ("Coverage", "beneficiary"),
        ("Task", "patient"),
    ],
)
def test_a_single_patient_reference_needs_no_rows(type_name: str, code: str) -> None:
    assert search_parameters(type_name)[code].narrows_by_patient
    assert record(type_name).one_patient


@pytest.mark.parametrize(
    ("type_name", "code"), [("Appointment", "patient"), ("Account", "subject"), ("Observation", "performer"), ("Patient", "link")]
)
def test_a_list_of_references_does_not_stand_for_the_record(type_name: str, code: str) -> None:
    assert not search_parameters(type_name)[code].narrows_by_patient


def test_primary_dates_are_those_that_date_every_row() -> None:
    chosen = (
        "Observation",
        "Encounter",
        "Patient",
        "MedicationRequest",
        "Procedure",
        "Immunization",
        "Appointment",
        "Condition",
        "DiagnosticReport",
    )
    found = {name: [code for code, parameter in search_parameters(name).items() if parameter.is_primary_date] for name in chosen}

    assert found == {
        "Observation": ["date"],
        "Encounter": ["date"],
        "Patient": ["birthdate"],
        "MedicationRequest": ["authoredon"],
        "Procedure": ["date"],
        "Immunization": ["date"],
        "Appointment": ["date"],
        "Condition": [],
        "DiagnosticReport": [],
    }


def test_references_point_only_where_the_element_allows() -> None:
    assert search_parameters("Observation")["subject"].targets == ("Device", "Group", "Location", "Patient")
    assert search_parameters("Observation")["patient"].targets == ("Patient",)
    assert search_parameters("Condition")["asserter"].targets == ("Patient", "Practitioner", "PractitionerRole", "RelatedPerson")
    assert "Provenance" in {parameter.type for parameter in reference_parameters_to("Patient")}


def test_a_plain_code_knows_its_system() -> None:
    assert search_parameters("Patient")["gender"].system == "http://hl7.org/fhir/administrative-gender"
    assert search_parameters("Observation")["code"].system == ""


def test_us_core_parameters_are_among_them() -> None:
    assert search_parameters("Condition")["asserted-date"].searchable
    assert search_parameters("Encounter")["discharge-disposition"].searchable
    assert search_parameters("Patient")["race"].searchable


def test_the_patient_compartment_is_r4s() -> None:
    assert patient_compartment("Observation") == ("performer", "subject")
    assert patient_compartment("Medication") == ()
