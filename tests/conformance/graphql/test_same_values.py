"""What the compiled plans answer equals what graphql-core answers over the same records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.graphql.conftest import House
from tests.conformance.graphql.oracle import Oracle
from tests.conformance.graphql.queries import FULL
from tests.conformance.graphql.records import make_encounter, make_observation, make_patient, synthea_record

SHAPES = {
    "aliases": """query ($id: ID!) { chart(patient: $id) {
        a: patient { first: name { family } second: name { given use } name { family } birthDate born: birthDate }
        few: vitals(first: 3) { id value: valueQuantity { v: value unit } code { coding { c: code } text } }
        vitals(first: 5) { id valueQuantity { value } } } }""",
    "typenames": """query ($id: ID!) { __typename chart(patient: $id) { __typename patient { __typename name { __typename family } }
        encounters(first: 4) { __typename total items { __typename id class { __typename code } period { start } } } } }""",
    "nested fragments": """query ($id: ID!) { chart(patient: $id) { ...top ... on Chart { problems { ...problem id } } } }
        fragment top on Chart { patient { id ... { gender } } problems { onsetDateTime } }
        fragment problem on Condition { code { ... on CodeableConcept { text } ...codes } }
        fragment codes on CodeableConcept { coding { code ... { system } } }""",
    "skip and include": """query ($id: ID!, $with: Boolean = true, $out: Boolean!) { chart(patient: $id) {
        patient { id birthDate @include(if: $with) gender @skip(if: $with) name @include(if: $out) { family } }
        careTeam @skip(if: true) { id } immunizations @include(if: true) { id status @include(if: $out) } } }""",
}


@pytest.fixture(scope="module")
async def real(house: House) -> tuple[str, Oracle]:
    """A Synthea patient in the store, and the same records in the oracle."""
    await house.write(*synthea_record())
    patient = next(json.loads(body)["id"] for body in synthea_record() if json.loads(body)["resourceType"] == "Patient")
    stored = []
    for body in synthea_record():
        kind = json.loads(body)["resourceType"]
        stored.append((await house.store.read(house.context(), kind, json.loads(body)["id"])).content)
    return patient, Oracle(stored)


async def test_a_full_chart_of_a_real_patient_has_the_same_values(house: House, real: tuple[str, Oracle]) -> None:
    patient, oracle = real

    ours = await house.ask(FULL, id=patient)

    assert "errors" not in ours
    assert ours["data"] == oracle.answer(FULL, {"id": patient})
    assert len(ours["data"]["chart"]["results"]["items"]) > 50


@pytest.mark.parametrize("shape", SHAPES)
async def test_every_shape_of_query_has_the_same_values_in_the_same_order(house: House, real: tuple[str, Oracle], shape: str) -> None:
    patient, oracle = real
    variables: dict[str, Any] = {"id": patient} | ({"out": False} if shape == "skip and include" else {})

    answer = await house.send(SHAPES[shape], variables=variables)

    theirs = oracle.answer(SHAPES[shape], variables)
    assert answer.json()["data"] == theirs
    assert json.dumps(answer.json()["data"]) == json.dumps(theirs)


async def test_decimals_keep_their_digits(house: House) -> None:
    patient = make_patient()
    body = json.dumps(make_observation(patient, "2160-0", "2024-01-01", 0)).replace('"value": 0', '"value": 1.00').encode()
    await house.write(patient, body)

    chart = await house.ask("query ($id: ID!) { chart(patient: $id) { results { items { valueQuantity { value } } } } }", id=patient["id"])

    assert chart["data"]["chart"]["results"]["items"][0]["valueQuantity"]["value"] == "1.00"


async def test_a_null_that_only_carries_an_extension_is_not_listed(house: House) -> None:
    patient = make_patient()
    patient["name"][0] |= {"given": [None, "Anna"], "_given": [{"extension": [{"url": "http://example.org/x", "valueString": "y"}]}, None]}
    await house.write(patient)

    answer = await house.ask("query ($id: ID!) { patient(id: $id) { name { given } displayName } }", id=patient["id"])

    assert answer["data"]["patient"] == {"name": [{"given": ["Anna"]}], "displayName": "Anna Curie"}


async def test_pages_follow_on_without_gap_or_overlap(house: House) -> None:
    patient = make_patient()
    visits = [make_encounter(patient, f"2020-01-{1 + number // 2:02d}T10:00:00Z") for number in range(11)]
    await house.write(patient, *visits)
    query = (
        """query ($id: ID!, $after: String) { chart(patient: $id) { encounters(first: 4, after: $after) { total next items { id } } } }"""
    )

    seen: list[str] = []
    after = None
    for size in (4, 4, 3):
        page = (await house.ask(query, id=patient["id"], after=after))["data"]["chart"]["encounters"]
        assert (page["total"], len(page["items"])) == (11, size)
        seen += [item["id"] for item in page["items"]]
        after = page["next"]

    assert after is None
    assert sorted(seen) == sorted(visit["id"] for visit in visits)
