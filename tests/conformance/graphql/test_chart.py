"""What the chart concludes, withholds and never shows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.conformance.graphql.conftest import House
from tests.conformance.graphql.records import (
    LOINC,
    concept,
    make_allergy,
    make_encounter,
    make_observation,
    make_patient,
    verification,
)

STATUS = "query ($id: ID!) { chart(patient: $id) { allergyStatus allergies { id } noKnownAllergies { id } } }"
TRENDS = """query ($id: ID!) { chart(patient: $id) { trends { code system display unit category low high interpretation
  points { date value observation } } } }"""


async def status(house: House, patient: dict[str, Any]) -> tuple[str, list[str], list[str]]:
    chart = (await house.ask(STATUS, id=patient["id"]))["data"]["chart"]
    return chart["allergyStatus"], [each["id"] for each in chart["allergies"]], [each["id"] for each in chart["noKnownAllergies"]]


async def test_no_allergy_record_is_not_the_same_as_no_known_allergies(house: House) -> None:
    silent, denied = make_patient(), make_patient()
    denial = make_allergy(denied, "716186003", "No known allergy")
    await house.write(silent, denied, denial)

    assert await status(house, silent) == ("NOT_RECORDED", [], [])
    assert await status(house, denied) == ("NO_KNOWN_ALLERGIES", [], [denial["id"]])


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("716186003", "NO_KNOWN_ALLERGIES"),
        ("409137002", "NO_KNOWN_ALLERGIES"),
        ("429625007", "NOT_RECORDED"),
        ("428607008", "NOT_RECORDED"),
    ],
)
async def test_a_denial_of_one_kind_says_nothing_of_drugs(house: House, code: str, said: str) -> None:
    patient = make_patient()
    denial = make_allergy(patient, code, "No known")
    await house.write(patient, denial)

    assert await status(house, patient) == (said, [], [denial["id"]])


async def test_a_real_allergy_outweighs_a_denial(house: House) -> None:
    patient = make_patient()
    denial, real = make_allergy(patient, "716186003", "No known allergy"), make_allergy(patient, "91936005", "Allergy to penicillin")
    await house.write(patient, denial, real)

    assert await status(house, patient) == ("RECORDED", [real["id"]], [denial["id"]])


async def test_refuted_and_mistaken_allergies_are_not_shown(house: House) -> None:
    patient = make_patient()
    refuted = make_allergy(patient, "91936005", "Penicillin", verificationStatus=verification("refuted"))
    mistaken = make_allergy(patient, "91935009", "Peanut", verificationStatus=verification("entered-in-error"))
    del mistaken["clinicalStatus"]
    withdrawn = make_allergy(patient, "716186003", "No known allergy", verificationStatus=verification("refuted"))
    await house.write(patient, refuted, mistaken, withdrawn)

    assert await status(house, patient) == ("NOT_RECORDED", [], [])


async def test_active_drug_allergies_come_first_and_the_most_dangerous_of_them(house: House) -> None:
    patient = make_patient()
    resolved = make_allergy(patient, "1", "Old", category=["medication"], criticality="high")
    resolved["clinicalStatus"]["coding"][0]["code"] = "resolved"
    food = make_allergy(patient, "2", "Peanut", category=["food"], criticality="high")
    mild = make_allergy(patient, "3", "Codeine", category=["medication"], criticality="low")
    grave = make_allergy(patient, "4", "Penicillin", category=["medication"], criticality="high")
    await house.write(patient, resolved, food, mild, grave)

    assert (await status(house, patient))[1] == [grave["id"], mild["id"], food["id"], resolved["id"]]


async def test_the_problem_list_is_shown_and_active_problems_first(house: House) -> None:
    patient = make_patient()

    def condition(id_: str, clinical: str, category: str, date: str) -> dict[str, Any]:
        return {
            "resourceType": "Condition",
            "id": f"{patient['id']}-{id_}",
            "clinicalStatus": concept(clinical, system="http://terminology.hl7.org/CodeSystem/condition-clinical"),
            "category": [concept(category, system="http://terminology.hl7.org/CodeSystem/condition-category")],
            "code": concept("38341003"),
            "subject": {"reference": f"Patient/{patient['id']}"},
            "recordedDate": date,
        }

    await house.write(
        patient,
        condition("cold", "resolved", "encounter-diagnosis", "2024-05-01"),
        condition("old", "resolved", "problem-list-item", "2024-04-01"),
        condition("asthma", "active", "problem-list-item", "2020-01-01"),
        condition("diabetes", "active", "problem-list-item", "2022-01-01"),
    )

    chart = await house.ask("query ($id: ID!) { chart(patient: $id) { problems { id } } }", id=patient["id"])

    assert [each["id"].rpartition("-")[2] for each in chart["data"]["chart"]["problems"]] == ["diabetes", "asthma", "old"]


async def test_trends_take_blood_pressure_apart_and_keep_one_unit(house: House) -> None:
    patient = make_patient()
    pressures = [
        make_observation(
            patient,
            "85354-9",
            date,
            None,
            category="vital-signs",
            component=[
                {"code": concept("8480-6", "Systolic", LOINC), "valueQuantity": {"value": high, "unit": "mmHg"}},
                {"code": concept("8462-4", "Diastolic", LOINC), "valueQuantity": {"value": low, "unit": "mmHg"}},
            ],
        )
        for date, high, low in (("2024-01-01", 120, 80), ("2024-02-01", 130, 85))
    ]
    bounds = [{"low": {"value": 70, "unit": "mg/dL"}, "high": {"value": 99, "unit": "mg/dL"}}]
    flag = [concept("H", system="http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation")]
    sugars = [
        make_observation(patient, "2345-7", "2024-01-05", 5.2, unit="mmol/L"),
        make_observation(patient, "2345-7", "2024-01-20", 95),
        make_observation(patient, "2345-7", "2024-03-01", 141, referenceRange=bounds, interpretation=flag),
        make_observation(patient, "2345-7", "2024-02-01", 500, status="entered-in-error"),
    ]
    below = make_observation(patient, "2345-7", "2024-02-10", 10)
    below["valueQuantity"]["comparator"] = "<"
    await house.write(patient, *pressures, *sugars, below)

    trends = (await house.ask(TRENDS, id=patient["id"]))["data"]["chart"]["trends"]

    assert [(each["display"], each["category"], [point["value"] for point in each["points"]]) for each in trends] == [
        ("Test 2345-7", "laboratory", ["95", "141"]),
        ("Systolic", "vital-signs", ["120", "130"]),
        ("Diastolic", "vital-signs", ["80", "85"]),
    ]
    assert (trends[0]["unit"], trends[0]["low"], trends[0]["high"], trends[0]["interpretation"]) == ("mg/dL", "70", "99", "H")
    assert trends[0]["points"][1] == {"date": "2024-03-01", "value": "141", "observation": sugars[2]["id"]}
    assert (trends[1]["code"], trends[1]["system"]) == ("8480-6", LOINC)


async def test_birth_sex_race_and_record_number_come_from_where_us_core_puts_them(house: House) -> None:
    core = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
    patient = make_patient(
        name=[{"use": "official", "family": "Jones", "given": ["Robert"]}, {"use": "usual", "text": "Bobby J"}],
        identifier=[
            {"type": concept("SS", system="http://terminology.hl7.org/CodeSystem/v2-0203"), "value": "999-11-2222"},
            {"system": "urn:one", "value": "first"},
            {"type": concept("MR", system="http://terminology.hl7.org/CodeSystem/v2-0203"), "value": "MRN-1"},
        ],
        extension=[
            {"url": core + "birthsex", "valueCode": "M"},
            {"url": core + "race", "extension": [{"url": "text", "valueString": "White"}]},
            {
                "url": core + "ethnicity",
                "extension": [
                    {
                        "url": "ombCategory",
                        "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2186-5", "display": "Not Hispanic"},
                    },
                    {"url": "text", "valueString": "Not Hispanic or Latino"},
                ],
            },
        ],
        deceasedDateTime="2020-01-01",
    )
    await house.write(patient)

    answer = await house.ask(
        "query ($id: ID!) { patient(id: $id) { displayName mrn birthSex race ethnicity deceased id } }", id=patient["id"]
    )

    assert answer["data"]["patient"] == {
        "displayName": "Bobby J",
        "mrn": "MRN-1",
        "birthSex": "M",
        "race": "White",
        "ethnicity": "Not Hispanic or Latino",
        "deceased": True,
        "id": patient["id"],
    }


async def test_a_section_a_role_may_not_see_is_withheld_and_the_rest_is_answered(house: House) -> None:
    patient = make_patient()
    visit, sugar = make_encounter(patient, "2024-01-01T10:00:00Z"), make_observation(patient, "2345-7", "2024-01-20", 95)
    await house.write(patient, visit, sugar)
    query = """query ($id: ID!) { chart(patient: $id) { patient { birthDate } encounters { total } sugar: results { total } trends { code }
        allergyStatus } }"""

    biller = await house.ask(query, as_="biller", id=patient["id"])
    front_desk = await house.ask(query, as_="front.desk", id=patient["id"])

    assert biller["data"]["chart"] == {
        "patient": {"birthDate": "1867-11-07"},
        "encounters": {"total": 1},
        "sugar": None,
        "trends": None,
        "allergyStatus": None,
    }
    assert [(error["path"], error["extensions"]["code"]) for error in biller["errors"]] == [
        (["chart", "sugar"], "forbidden"),
        (["chart", "trends"], "forbidden"),
        (["chart", "allergyStatus"], "forbidden"),
    ]
    assert front_desk["data"]["chart"]["encounters"] is None
    assert front_desk["data"]["chart"]["patient"] == {"birthDate": "1867-11-07"}


@pytest.mark.parametrize("role", ["admin", "compliance"])
async def test_roles_without_patients_see_none_and_the_refusal_is_audited(house: House, role: str) -> None:
    patient = make_patient()
    await house.write(patient)
    query = "query ($id: ID!) { chart(patient: $id) { patient { id } } patient(id: $id) { id } }"

    chart = await house.ask(query, as_=role, id=patient["id"])
    found = await house.ask('{ patients(search: "curie") { items { id } } }', as_=role)

    assert chart["data"] == {"chart": None, "patient": None}
    assert {error["extensions"]["code"] for error in chart["errors"]} == {"forbidden"}
    assert found["data"] is None
    assert found["errors"][0]["extensions"]["code"] == "forbidden"
    assert len(await house.audit("outcome = 403 and detail like '%' || $1", patient["id"])) == 1


async def test_another_tenants_patient_is_nobody(house: House) -> None:
    patient = make_patient(family="Alphason")
    await house.write(patient, make_observation(patient, "2345-7", "2024-01-20", 95))
    query = """query ($id: ID!) { chart(patient: $id) { patient { id } results { total } } patient(id: $id) { id }
      patients(search: "alphason") { items { id } } }"""

    assert (await house.ask(query, id=patient["id"]))["data"]["patients"]["items"] == [{"id": patient["id"]}]
    assert await house.ask(query, tenant="beta", id=patient["id"]) == {"data": {"chart": None, "patient": None, "patients": {"items": []}}}


async def test_records_of_a_patient_who_is_not_there_make_no_chart(house: House) -> None:
    await house.write(make_observation({"id": "never-registered"}, "2345-7", "2024-01-20", 95))

    assert await house.ask('{ chart(patient: "never-registered") { results { total } } }') == {"data": {"chart": None}}


async def test_every_view_is_audited_before_it_is_answered(house: House) -> None:
    patient = make_patient()
    await house.write(patient)
    query = "query ($id: ID!) { chart(patient: $id) { patient { id } } }"

    for seen in range(1, 5):
        await house.ask(query, as_="nurse", id=patient["id"])
        views = await house.audit("action = 'G' and id = $1 and outcome = 200", patient["id"])
        assert len(views) == seen
        assert views[-1]["actor"].startswith("user/")
        await asyncio.gather(*house.face.keeping)


async def test_a_deleted_patient_has_no_chart_though_it_was_kept(house: House) -> None:
    patient = make_patient()
    await house.write(patient)
    query = "query ($id: ID!) { chart(patient: $id) { patient { id } } }"
    for _ in range(2):
        assert (await house.ask(query, id=patient["id"]))["data"]["chart"] is not None
        await asyncio.gather(*house.face.keeping)

    await house.store.delete(house.context(), "Patient", patient["id"])

    assert (await house.ask(query, id=patient["id"]))["data"]["chart"] is None
