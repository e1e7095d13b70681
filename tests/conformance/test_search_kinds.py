"""Over HTTP: the kinds of search that have an index of their own, and what is said of those that cannot be answered."""

import pytest

UCUM = "http://unitsofmeasure.org"


def observation(patient, code, **more):
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": "Systolic pressure"}]},
        "subject": {"reference": patient},
    } | more


async def created(client, resource):
    answer = await client.ask("POST", resource["resourceType"], resource)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def found(client, query):
    answer = await client.get(query)
    assert answer.status_code == 200, answer.text
    return {entry["resource"]["id"] for entry in answer.json().get("entry", ())}


@pytest.fixture
async def person(alpha):
    return "Patient/" + await created(alpha, {"resourceType": "Patient", "name": [{"family": "Smith"}]})


async def test_composites_and_units_by_get_and_post(alpha, beta, person):
    value = {"value": 1000, "unit": "mg", "system": UCUM, "code": "mg"}
    mine = await created(alpha, observation(person, "kinds-1", valueQuantity=value))

    assert await found(alpha, "Observation?code-value-quantity=kinds-1$gt999") == {mine}
    assert await found(alpha, f"Observation?code-value-quantity=kinds-1$1|{UCUM}|g") == {mine}
    assert await found(alpha, f"Observation?code=kinds-1&value-quantity=1|{UCUM}|g") == {mine}
    assert await found(beta, "Observation?code-value-quantity=kinds-1$gt999") == set()
    form = "application/x-www-form-urlencoded"
    posted = await alpha.ask("POST", "Observation/_search", b"code-value-quantity=kinds-1%24gt999", content_type=form)
    assert [entry["resource"]["id"] for entry in posted.json()["entry"]] == [mine]


async def test_words_and_texts(alpha, person):
    mine = await created(alpha, observation(person, "kinds-2", note=[{"text": "Zebra crossing"}]))

    assert await found(alpha, "Observation?_content=zebra") == {mine}
    assert await found(alpha, 'Observation?_content="zebra%20crossing"') == {mine}
    assert await found(alpha, "Observation?code=kinds-2&code:text=systolic") == {mine}
    assert await found(alpha, "Observation?code=kinds-2&code:text=pressure") == set()


async def test_a_reference_by_our_own_address_is_one_to_the_record_here(alpha, person):
    mine = await created(alpha, observation(f"{alpha.base}/{person}", "kinds-3"))

    assert await found(alpha, f"Observation?subject={person}&code=kinds-3") == {mine}
    assert await found(alpha, f"Observation?subject={alpha.base}/{person}&code=kinds-3") == {mine}
    assert await found(alpha, f"Observation?subject={person}/_history/1&code=kinds-3") == {mine}
    stored = (await alpha.get(f"Observation/{mine}")).json()
    assert stored["subject"] == {"reference": person}


async def test_an_own_parameter_over_http(alpha):
    definition = {
        "resourceType": "SearchParameter",
        "url": "urn:sp:shoe",
        "name": "shoe",
        "status": "active",
        "description": "Shoe size",
        "code": "shoe-size",
        "base": ["Patient"],
        "type": "number",
        "expression": "Patient.extension.where(url='urn:shoe').value.ofType(integer)",
    }
    answer = await alpha.ask("POST", "SearchParameter", definition)
    assert answer.status_code == 201, answer.text

    early = await alpha.get("Patient?shoe-size=42")

    assert early.status_code == 400
    assert "cannot be searched yet" in early.json()["issue"][0]["diagnostics"]
    wrong = await alpha.ask("POST", "SearchParameter", definition | {"code": "family"})
    assert wrong.status_code == 422
    assert wrong.json()["issue"][0]["expression"] == ["SearchParameter.code"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("Patient?_query=x", "_query"),
        ("Observation?code:in=urn:nowhere", "in"),
        ("Observation?code-value-quantity=x", "code-value-quantity"),
        ("Location?near=1", "near"),
        ("Observation?code:of-type=a|b|c", "of-type"),
    ],
)
async def test_what_cannot_be_answered_is_refused_by_name(alpha, query, named):
    answer = await alpha.get(query)

    assert answer.status_code == 400
    assert named in answer.json()["issue"][0]["diagnostics"]
