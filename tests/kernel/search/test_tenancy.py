"""Another tenant's records, by every way a search could reach them: as if they did not exist."""

from __future__ import annotations

from tests.kernel.search.conftest import observation, patient, put, search

from osler.platform.context import Context

IDENTIFIER = [{"system": "urn:mrn", "value": "1"}]


QUERIES = (
    "Patient?",
    "Patient?_id=p1",
    "Patient?identifier=urn:mrn|1",
    "Patient?identifier=1",
    "Patient?identifier=urn:mrn|",
    "Patient?name=smith",
    "Patient?name:contains=mit",
    "Patient?gender=male",
    "Patient?gender=male,female",
    "Patient?gender:not=female",
    "Patient?gender:missing=false",
    "Patient?birthdate=1980-01-01",
    "Patient?_lastUpdated=gt2000",
    "Patient?_sort=family",
    "Patient?_sort=-_lastUpdated",
    "Observation?patient=p1",
    "Observation?subject=p1",
    "Observation?patient=p1&code=8480-6",
    "Observation?patient=p1&code=http://loinc.org|",
    "Observation?code=8480-6",
    "Observation?date=ge2000",
    "Observation?value-quantity=5",
)


async def test_another_tenants_record_is_not_found(ctx: Context, other: Context) -> None:
    described = {"gender": "male", "birthDate": "1980-01-01", "identifier": IDENTIFIER}
    await put(other, patient("p1", **described), observation("o", valueQuantity={"value": 5}))

    for query in QUERIES:
        page = await search(ctx, f"{query}&_total=accurate")

        assert (page.matches, page.total, page.next) == ([], 0, None), query
        assert len((await search(other, query)).matches) == 1, f"{query}: it is there for its own tenant"


async def test_another_tenants_record_is_not_included(ctx: Context, other: Context) -> None:
    await put(other, patient("p1"), {"resourceType": "Practitioner", "id": "d"})
    await put(ctx, observation("o", performer=[{"reference": "Practitioner/d"}]))

    page = await search(ctx, "Observation?_id=o&_include=Observation:patient&_include=Observation:performer&_include=*")

    assert ([stored.id for stored in page.matches], page.included) == (["o"], [])


async def test_another_tenants_record_is_not_revincluded(ctx: Context, other: Context) -> None:
    await put(ctx, patient("p1"))
    await put(other, patient("p1"), observation("o"), observation("q", performer=[{"reference": "Patient/p1"}]))

    page = await search(ctx, "Patient?_id=p1&_revinclude=Observation:patient&_revinclude=Observation:performer&_revinclude=*")

    assert ([stored.id for stored in page.matches], page.included) == (["p1"], [])


async def test_the_same_ids_in_two_tenants_stay_apart(ctx: Context, other: Context) -> None:
    await put(ctx, patient("p1", "Ours"), observation("o", code="ours"))
    await put(other, patient("p1", "Theirs"), observation("o", code="theirs"))

    assert b"Ours" in (await search(ctx, "Patient?_id=p1")).matches[0].content
    assert b"Theirs" in (await search(other, "Patient?_id=p1")).matches[0].content
    assert (await search(ctx, "Observation?patient=p1&code=theirs")).matches == []
