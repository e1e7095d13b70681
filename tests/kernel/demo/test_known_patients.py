"""The patients the README names: each is there, under its id, with what it stands for."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import osler.demo
from osler.demo.clinic import Clinic
from osler.demo.special import SPECIAL

AS_OF = date(2026, 11, 21)
Record = list[dict[str, Any]]


@pytest.fixture(scope="module")
def records() -> dict[str, Record]:
    return dict(Clinic(AS_OF, seed=3, patients=len(SPECIAL)).groups())


def of(record: Record, kind: str) -> Record:
    return [one for one in record if one["resourceType"] == kind]


def patient(record: Record) -> dict[str, Any]:
    return of(record, "Patient")[0]


def laboratory(record: Record) -> Record:
    return [one for one in of(record, "Observation") if one["category"][0]["coding"][0]["code"] == "laboratory"]


def test_the_readme_names_every_known_patient() -> None:
    readme = (Path(osler.demo.__file__).parent / "README.md").read_text()

    assert [special.id for special in SPECIAL if f"`{special.id}`" not in readme] == []


@pytest.mark.parametrize("day", [date(2026, 11, 21), date(2025, 2, 28), date(2028, 2, 29)])
def test_the_heavy_patient_has_700_encounters_and_5000_results_on_any_day(day: date) -> None:
    record = next(record for name, record in Clinic(day, 9, len(SPECIAL)).groups() if name == "heavy")

    assert len(of(record, "Encounter")) == 700
    assert len(laboratory(record)) == 5000


def test_two_women_share_a_name_and_almost_a_birthday(records: dict[str, Record]) -> None:
    one, other = patient(records["same-name-a"]), patient(records["same-name-b"])

    assert one["name"][0]["family"] == other["name"][0]["family"] == "Garcia"
    assert one["name"][0]["given"][0] == other["name"][0]["given"][0] == "Maria"
    assert one["identifier"][0]["value"] != other["identifier"][0]["value"]
    assert 0 < abs((date.fromisoformat(one["birthDate"]) - date.fromisoformat(other["birthDate"])).days) < 30


def test_the_child_has_a_growth_curve_vaccines_and_a_mother(records: dict[str, Record]) -> None:
    record = records["child"]
    heights = [one for one in of(record, "Observation") if one["code"].get("text") == "Body height"]

    assert len(heights) >= 10
    assert len(of(record, "Immunization")) >= 20
    assert of(record, "RelatedPerson")[0]["name"][0]["given"] == ["Ana"]


def test_the_newborn_is_days_old_with_a_head_circumference(records: dict[str, Record]) -> None:
    record = records["newborn"]

    assert (AS_OF - date.fromisoformat(patient(record)["birthDate"])).days == 11
    assert [one for one in of(record, "Observation") if one["code"]["coding"][0]["code"] == "9843-4"]
    assert [one["vaccineCode"]["coding"][0]["code"] for one in of(record, "Immunization")] == ["08"]
    assert of(record, "AllergyIntolerance") == []


def test_the_part_2_program_is_labelled_and_the_rest_of_the_record_is_not(records: dict[str, Record]) -> None:
    record = records["part2"]
    labelled = [one for one in record if "security" in one.get("meta", {})]
    codes = {coding["code"] for one in labelled for coding in one["meta"]["security"]}
    buprenorphine = [one for one in of(record, "MedicationRequest") if one["medicationCodeableConcept"]["coding"][0]["code"] == "351267"]

    assert codes == {"R", "ETH", "SUD", "42CFRPart2"}
    assert {"Condition", "Encounter", "MedicationRequest", "DocumentReference", "Consent"} <= {one["resourceType"] for one in labelled}
    assert len(buprenorphine) >= 3
    assert all(one in labelled for one in buprenorphine)
    assert len(labelled) < len(record)
    open_text = str([one for one in record if one not in labelled])
    assert "75544000" not in open_text
    assert "351267" not in open_text


def test_the_partial_panel_has_two_of_four_results(records: dict[str, Record]) -> None:
    record = records["partial-lab"]
    report = next(one for one in of(record, "DiagnosticReport") if one["id"] == "partial-lab-report")
    by_id = {f"Observation/{one['id']}": one for one in of(record, "Observation")}
    order = report["basedOn"][0]["reference"]
    panel = [one for one in by_id.values() if one.get("basedOn", [{}])[0].get("reference") == order]

    assert report["status"] == "partial"
    assert [by_id[result["reference"]]["status"] for result in report["result"]] == ["preliminary", "preliminary"]
    assert sorted(one["status"] for one in panel) == ["preliminary", "preliminary", "registered", "registered"]
    assert all("valueQuantity" not in one for one in panel if one["status"] == "registered")
    assert next(one for one in of(record, "ServiceRequest") if order.endswith(one["id"]))["status"] == "active"


def test_the_odd_names_dates_and_states_are_there(records: dict[str, Record]) -> None:
    long_name, marks = patient(records["long-name"])["name"], patient(records["diacritics"])["name"][0]
    interpreter = patient(records["interpreter"])

    assert len(long_name[0]["family"]) > 45
    assert "-" in long_name[0]["family"]
    assert long_name[1]["use"] == "old"
    assert (marks["family"], marks["given"]) == ("Çelik-Ñuñez O’Brien", ["Željka", "Åsa"])
    assert interpreter["communication"][0]["language"]["coding"][0]["code"] == "vi"
    assert any(one["url"].endswith("us-core-interpreter-needed") for one in interpreter["extension"])
    assert len(patient(records["partial-birthdate"])["birthDate"]) == 7
    assert "deceasedDateTime" in patient(records["deceased"])
    assert of(records["no-allergies-recorded"], "AllergyIntolerance") == []
    assert of(records["no-visits"], "Encounter") == []
