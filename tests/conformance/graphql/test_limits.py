"""What is too much, unreadable, or not in the schema is refused before anything is read."""

from __future__ import annotations

import httpx
import pytest
from graphql import get_introspection_query

from osler.services.identity.workflows.ensure_demo import PASSWORD
from tests.conformance.graphql.conftest import House

CHAIN = "identifier { assigner { " * 10 + "display" + " } }" * 10
CHART = """chart(patient: "a") { results(first: 1000) { items { id status issued code { text coding { system code display } }
  valueQuantity { value unit code system comparator } interpretation { text coding { code system display } }
  component { valueString } meta { versionId lastUpdated } } } }"""
REFUSED = {
    "deep": ('{ patient(id: "a") { generalPractitioner { ' + CHAIN + " } } }", "too-costly"),
    "aliases": ('{ patient(id: "a") { ' + " ".join(f"a{number}: id" for number in range(101)) + " } }", "too-costly"),
    "roots": ("{ " + " ".join(f'a{number}: patient(id: "a") {{ id }}' for number in range(11)) + " }", "too-costly"),
    "charts": ("{ " + " ".join(f"a{number}: {CHART}" for number in range(10)) + " }", "too-costly"),
    "tokens": ("{ " + "id " * 5000 + "}", "structure"),
    "bytes": ("{ __typename } #" + "x" * 40_000, "too-costly"),
    "fragment bomb": (
        '{ patient(id: "a") { ...f0 } } '
        + " ".join(f"fragment f{number} on Patient {{ ...f{number + 1} ...f{number + 1} }}" for number in range(30))
        + " fragment f30 on Patient { id }",
        "too-costly",
    ),
    "circle": ('{ patient(id: "a") { ...a } } fragment a on Patient { ...b } fragment b on Patient { ...a }', "invalid"),
    "unknown field": ('{ patient(id: "a") { ssn } }', "invalid"),
    "broken": ("{ patient(", "structure"),
    "missing argument": ("{ patient { id } }", "invalid"),
    "mutation": ("mutation { drop }", "invalid"),
    "wrong variable": ("query ($id: ID!) { patient(id: $id) { id } }", "invalid"),
    "two operations": ("query a { __typename } query b { __typename }", "invalid"),
    "mixed introspection": ('{ __schema { types { name } } patient(id: "a") { id } }', "not-supported"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_too_much_or_unreadable_is_refused_with_a_reason(house: House, case: str) -> None:
    query, code = REFUSED[case]

    answer = await house.send(query)

    assert answer.status_code == 400, answer.text
    assert "data" not in answer.json()
    assert answer.json()["errors"][0]["extensions"]["code"] == code
    assert answer.json()["errors"][0]["message"]


async def test_a_bad_page_is_refused(house: House) -> None:
    for arguments in ("first: 0", "first: 1001", 'after: "nonsense"', 'after: "AAAA"'):
        answer = await house.send(f'{{ chart(patient: "a") {{ results({arguments}) {{ total }} }} }}')

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["extensions"]["code"] == "invalid"


async def test_bodies_that_are_no_query_are_refused(house: House) -> None:
    browser = await house.browser("physician")

    broken = await browser.post("/graphql", content=b"{", headers={"content-type": "application/json"})
    listed = await browser.post("/graphql", json=[{"query": "{ __typename }"}])
    form = await browser.post("/graphql", data={"query": "{ __typename }"})
    read = await browser.get("/graphql?query={__typename}")

    assert [answer.status_code for answer in (broken, listed, form, read)] == [400, 400, 415, 405]
    assert all(answer.json()["errors"][0]["extensions"]["code"] for answer in (broken, listed, form, read))


async def test_the_schema_can_be_asked_about_itself_by_who_has_signed_in(house: House) -> None:
    known = await house.ask(get_introspection_query())

    assert "Chart" in {kind["name"] for kind in known["data"]["__schema"]["types"]}
    async with httpx.AsyncClient() as nobody:
        refused = await nobody.post(f"{house.origin}/alpha/graphql", json={"query": get_introspection_query()})
    assert refused.status_code == 401
    assert PASSWORD not in refused.text
