"""A table for people: the same columns for every page, no cell a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json

import pytest

from osler.formats.csv import table
from osler.formats.csv.cells import safe, said
from osler.platform.fhir import TYPES
from osler.platform.testing import shared_data


def rows(kind, *resources):
    text = table(kind, [json.dumps(one).encode() for one in resources]).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "-", "-2e", "=cmd|' /C calc'!A0", "+44 20", "%0A=1"])
def test_a_cell_that_might_be_a_formula_is_text(text):
    assert safe(text) == "'" + text


@pytest.mark.parametrize("text", ["-3.5", "1e5", "", "Smith", "<5", "5-6", "2020-01-01", "a=b"])
def test_other_cells_stay_as_they_are(text):
    assert safe(text) == text


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("HumanName", {"family": "Müller", "given": ["Ann", None], "suffix": ["MD"]}, "Ann Müller MD"),
        ("CodeableConcept", {"coding": [{"code": "x"}, {"display": "Y"}]}, "x"),
        ("Period", {"start": "2020"}, "2020 to …"),
        ("Range", {"low": {"value": "1", "unit": "mg"}}, "1 mg to …"),
        ("Ratio", {"numerator": {"value": "1.0", "code": "mg"}, "denominator": {"value": "2", "unit": "mL"}}, "1.0 mg : 2 mL"),
        ("Reference", {"reference": "Patient/1", "display": "Ann"}, "Ann"),
        ("Address", {"line": ["1 St"], "city": "X", "postalCode": "01234"}, "1 St, X, 01234"),
        ("boolean", [True, False], "yes; no"),
        ("PatientContact", {"relationship": [{"text": "mother"}], "name": {"family": "B"}}, "relationship: mother, name: B"),
    ],
)
def test_a_value_reads_as_a_person_writes_it(kind, value, words):
    assert said(value, kind) == words


def test_columns_are_the_same_whatever_the_records_hold():
    assert (
        rows("Patient", {"resourceType": "Patient", "id": "a"})[0].keys()
        == rows("Patient", {"resourceType": "Patient", "active": True})[0].keys()
    )


def test_decimals_keep_their_digits_and_breaks_stay_inside_their_cell():
    (row,) = rows("Observation", {"resourceType": "Observation", "valueString": 'a\r\n"b",c'})
    assert row["Value"] == 'a\r\n"b",c'
    text = table("Observation", [b'{"resourceType":"Observation","valueQuantity":{"value":1.00,"comparator":"<","code":"mg"}}'])
    assert b",<1.00,mg," in text


def test_every_example_has_its_row():
    for path in sorted(shared_data("fhir-examples", "r4-official").rglob("*.json")):
        resource = json.loads(path.read_bytes())
        if resource.get("resourceType") in TYPES:
            assert len(rows(resource["resourceType"], resource)) == 1
