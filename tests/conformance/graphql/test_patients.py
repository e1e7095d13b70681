"""The one search box."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.conformance.graphql.conftest import House
from tests.conformance.graphql.records import concept, make_encounter, make_patient

QUERY = """query ($search: String!, $first: Int) { patients(search: $search, first: $first) {
  hasMore items { id name birthDate gender mrn phone lastVisit deceased } } }"""


def numbered(family: str, given: str, birth: str, mrn: str, phone: str, **more: Any) -> dict[str, Any]:
    return make_patient(
        family,
        given,
        birth,
        identifier=[{"type": concept("MR", system="http://terminology.hl7.org/CodeSystem/v2-0203"), "system": "urn:mrn", "value": mrn}],
        telecom=[{"system": "phone", "value": phone, "use": "mobile"}],
        **more,
    )


JOHN = numbered("Smith", "John Paul", "1950-03-01", "MRN-1001", "+1 (555) 123-4567")
JOAN = numbered("Smithson", "Joan", "1950-03-01", "MRN-1002", "555-987-6543")
SARA = numbered("Müller", "Sara", "1984-12-25", "77001234", "555-222-1111", deceasedBoolean=True)
PAUL = numbered("Johnson", "Paul", "1966-01-13", "A12", "555-123-0000")


@pytest.fixture(scope="module")
async def clinic(house: House) -> House:
    await house.write(JOHN, JOAN, SARA, PAUL)
    await house.write(make_encounter(JOHN, "2020-01-01T10:00:00Z"), make_encounter(JOHN, "2021-06-05T08:30:00+02:00"))
    await house.write(make_encounter(JOHN, (house.clock.now() + timedelta(days=9)).isoformat(), status="planned"))
    return house


async def found(house: House, search: str, **more: Any) -> list[str]:
    page = (await house.ask(QUERY, search=search, **more))["data"]["patients"]
    return [item["id"] for item in page["items"]]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("smith", [JOHN, JOAN]),
        ("SMI", [JOHN, JOAN]),
        ("smith john", [JOHN]),
        ("jo smi", [JOHN, JOAN]),
        ("john", [JOHN, PAUL]),
        ("paul", [PAUL, JOHN]),
        ("Smith, John Paul", [JOHN]),
        ("muller", [SARA]),
        ("MÜLLER s", [SARA]),
        ("1950-03-01", [JOHN, JOAN]),
        ("03/01/1950", [JOHN, JOAN]),
        ("3/1/1950", [JOHN, JOAN]),
        ("1 Mar 1950", [JOHN, JOAN]),
        ("March 1, 1950 joan", [JOAN]),
        ("joan 1 march 1950", [JOAN]),
        ("01.03.1950", [JOHN, JOAN]),
        ("13/01/1966", [PAUL]),
        ("01/13/1966", [PAUL]),
        ("19500301 smithson", [JOAN]),
        ("MRN-1001", [JOHN]),
        ("mrn-1001", [JOHN]),
        ("77001234", [SARA]),
        ("a12 paul", [PAUL]),
        ("MRN-1001 sara", []),
        ("5551234567", [JOHN]),
        ("555-123-4567", [JOHN]),
        ("(555) 123-4567", [JOHN]),
        ("+1 555 123 4567", [JOHN]),
        ("4567", [JOHN]),
        ("555123", [PAUL, JOHN]),
        ("smith 4567 1950-03-01", [JOHN]),
        ("smith 1951-03-01", []),
        ("nobody", []),
        ("%", []),
        ("'; drop table patient.resource; --", []),
        ("\x00smith\u0007", [JOHN, JOAN]),
    ],
)
async def test_one_box_finds_by_name_birth_date_number_and_phone(clinic: House, typed: str, expected: list[dict[str, Any]]) -> None:
    assert await found(clinic, typed) == [patient["id"] for patient in expected]


async def test_a_row_says_what_identifies_the_patient_and_the_last_visit_that_has_been(clinic: House) -> None:
    page = (await clinic.ask(QUERY, search="smith john"))["data"]["patients"]

    assert page == {
        "hasMore": False,
        "items": [
            {
                "id": JOHN["id"],
                "name": "John Paul Smith",
                "birthDate": "1950-03-01",
                "gender": "female",
                "mrn": "MRN-1001",
                "phone": "+1 (555) 123-4567",
                "lastVisit": "2021-06-05T06:30:00Z",
                "deceased": False,
            }
        ],
    }
    assert (await clinic.ask(QUERY, search="muller"))["data"]["patients"]["items"][0]["deceased"] is True


async def test_front_desk_finds_patients_but_not_their_visits(clinic: House) -> None:
    page = (await clinic.ask(QUERY, as_="front.desk", search="smith john"))["data"]["patients"]

    assert page["items"][0]["lastVisit"] is None


async def test_an_empty_box_shows_whose_record_changed_last(clinic: House) -> None:
    clinic.clock.advance(timedelta(seconds=5))
    await clinic.write(JOAN | {"gender": "other"})
    clinic.clock.advance(timedelta(seconds=5))
    await clinic.write(PAUL | {"gender": "male"})

    assert (await found(clinic, " "))[:2] == [PAUL["id"], JOAN["id"]]
    assert (await clinic.ask(QUERY, search="", first=1))["data"]["patients"]["hasMore"] is True


async def test_first_limits_the_list_and_says_that_there_is_more(clinic: House) -> None:
    page = (await clinic.ask(QUERY, search="smith", first=1))["data"]["patients"]

    assert ([item["id"] for item in page["items"]], page["hasMore"]) == ([JOHN["id"]], True)
    answer = await clinic.ask(QUERY, search="smith", first=101)
    assert (answer["data"], answer["errors"][0]["extensions"]["code"]) == (None, "invalid")


async def test_too_many_words_are_refused(clinic: House) -> None:
    answer = await clinic.ask(QUERY, search="a b c d e f g h i")

    assert answer["errors"][0]["extensions"]["code"] == "invalid"


async def test_a_search_is_audited_with_what_was_typed_and_who_was_found(clinic: House) -> None:
    await found(clinic, 'Smi "jo')
    await found(clinic, "joan smithson")

    rows = await clinic.audit("action = 'S' and detail like '%joan smithson%'")
    assert len(rows) == 1
    assert rows[0]["detail"] == f'{{"search":"joan smithson","ids":["{JOAN["id"]}"]}}'


async def test_a_former_name_finds_the_patient_once_and_not_after_it_is_taken_out(clinic: House) -> None:
    twice = make_patient(
        "Ophelia", "Ophelia", name=[{"family": "Ophelia", "given": ["Ophelia"]}, {"use": "maiden", "family": "Ophelington"}]
    )
    await clinic.write(twice)
    assert await found(clinic, "ophel") == [twice["id"]]

    await clinic.write(twice | {"name": [{"family": "Hamlet"}]})
    assert await found(clinic, "ophel") == []
    await clinic.store.delete(clinic.context(), "Patient", twice["id"])
    assert await found(clinic, "hamlet") == []
