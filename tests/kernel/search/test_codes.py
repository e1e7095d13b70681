"""`:in`, `:not-in`, `:below`, `:above` of codes: by the tenant's own value sets and code systems, and by those that come with R4."""

from __future__ import annotations

from typing import Any

import pytest
from tests.kernel.search.conftest import ids, observation, patient, put

from osler.platform.context import Context
from osler.platform.errors import Malformed, Unsupported

ANIMALS = "http://example.org/animals"
TREE = {
    "resourceType": "CodeSystem",
    "id": "animals",
    "url": ANIMALS,
    "status": "active",
    "content": "complete",
    "concept": [
        {"code": "mammal", "concept": [{"code": "dog", "concept": [{"code": "Poodle"}]}, {"code": "cat"}]},
        {"code": "fish", "property": [{"code": "habitat", "valueString": "water"}]},
        {"code": "trout", "property": [{"code": "parent", "valueCode": "fish"}, {"code": "habitat", "valueString": "water"}]},
    ],
}


def value_set(name: str, include: list[dict[str, Any]], exclude: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    compose = {"include": include} | ({"exclude": exclude} if exclude else {})
    return {"resourceType": "ValueSet", "id": name, "url": f"urn:vs:{name}", "status": "active", "compose": compose}


def animal(code: str, system: str = ANIMALS) -> dict[str, Any]:
    return observation(f"{code.lower()}-{'own' if system == ANIMALS else 'other'}", code=code) | {
        "code": {"coding": [{"system": system, "code": code}]}
    }


@pytest.fixture
async def zoo(ctx: Context) -> Context:
    await put(ctx, TREE, *(animal(code) for code in ("mammal", "dog", "poodle", "cat", "fish", "trout")), animal("dog", "urn:other"))
    return ctx


async def found(ctx: Context, query: str) -> set[str]:
    return {name.removesuffix("-own") for name in await ids(ctx, f"Observation?{query}")}


async def test_what_lies_below_and_above_a_code(zoo: Context) -> None:
    assert await found(zoo, f"code:below={ANIMALS}|dog") == {"dog", "poodle"}
    assert await found(zoo, f"code:above={ANIMALS}|poodle") == {"poodle", "dog", "mammal"}  # the system writes Poodle
    assert await found(zoo, f"code:below={ANIMALS}|fish,{ANIMALS}|cat") == {"fish", "trout", "cat"}
    assert await found(zoo, f"patient=p1&code:below={ANIMALS}|fish") == {"fish", "trout"}
    with pytest.raises(Malformed, match="code:below"):
        await found(zoo, "code:below=dog")
    with pytest.raises(Unsupported, match="below"):
        await found(zoo, "code:below=urn:nowhere|dog")


async def test_value_sets_by_list_filter_import_and_exclusion(zoo: Context) -> None:
    await put(
        zoo,
        value_set("listed", [{"system": ANIMALS, "concept": [{"code": "cat"}, {"code": "trout"}]}]),
        value_set("filtered", [{"system": ANIMALS, "filter": [{"property": "concept", "op": "is-a", "value": "mammal"}]}]),
        value_set("wet", [{"system": ANIMALS, "filter": [{"property": "habitat", "op": "=", "value": "water"}]}]),
        value_set("all", [{"system": ANIMALS}]),
        value_set(
            "both", [{"valueSet": ["urn:vs:listed"]}, {"valueSet": ["urn:vs:wet"]}], [{"system": ANIMALS, "concept": [{"code": "fish"}]}]
        ),
        value_set("shared", [{"system": ANIMALS, "valueSet": ["urn:vs:listed"]}]),
    )

    assert await found(zoo, "code:in=urn:vs:listed") == {"cat", "trout"}
    assert await found(zoo, "code:in=urn:vs:filtered") == {"mammal", "dog", "poodle", "cat"}
    assert await found(zoo, "code:in=urn:vs:wet") == {"fish", "trout"}
    assert await found(zoo, "code:in=urn:vs:all") == {"mammal", "dog", "poodle", "cat", "fish", "trout"}
    assert await found(zoo, "code:in=urn:vs:both") == {"cat", "trout"}
    assert await found(zoo, "code:in=urn:vs:shared") == {"cat", "trout"}
    assert await found(zoo, "code:not-in=urn:vs:filtered") == {"fish", "trout", "dog-other"}
    assert await found(zoo, "code:in=urn:vs:listed,urn:vs:wet") == {"cat", "fish", "trout"}


async def test_an_unknown_or_endless_value_set_is_refused(zoo: Context, other: Context) -> None:
    await put(zoo, value_set("a", [{"valueSet": ["urn:vs:b"]}]), value_set("b", [{"valueSet": ["urn:vs:a"]}]))
    await put(zoo, value_set("but", [{"system": ANIMALS}], [{"system": ANIMALS, "concept": [{"code": "cat"}]}]))

    for url in ("urn:vs:nowhere", "urn:vs:a", "urn:vs:but"):
        with pytest.raises(Unsupported, match="in"):
            await found(zoo, f"code:in={url}")
    with pytest.raises(Unsupported):  # another tenant's value set is nobody's business
        await found(other, "code:in=urn:vs:a")


async def test_a_value_set_that_changes_is_read_again(zoo: Context) -> None:
    await put(zoo, value_set("v", [{"system": ANIMALS, "concept": [{"code": "cat"}]}]))
    assert await found(zoo, "code:in=urn:vs:v") == {"cat"}

    await put(zoo, value_set("v", [{"system": ANIMALS, "concept": [{"code": "dog"}]}]))

    assert await found(zoo, "code:in=urn:vs:v") == {"dog"}


async def test_shipped_value_sets_and_codes_without_a_system(ctx: Context) -> None:
    await put(ctx, patient("f", gender="female"), patient("n"))

    assert await ids(ctx, "Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender") == ["f"]
    assert await ids(ctx, "Patient?gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender") == ["n"]


async def test_codes_at_the_end_of_a_chain(zoo: Context) -> None:
    await put(zoo, patient("p1"))

    assert await ids(zoo, f"Patient?_has:Observation:subject:code:below={ANIMALS}|dog") == ["p1"]
    assert await ids(zoo, f"Patient?_has:Observation:subject:code:below={ANIMALS}|horse") == []
