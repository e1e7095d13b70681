"""A kept chart is as true as a live one."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import httpx

from tests.conformance.graphql.conftest import House
from tests.conformance.graphql.records import make_allergy, make_observation, make_patient

QUERY = "query ($id: ID!) { chart(patient: $id) { allergies { id } results(first: 1000) { total items { id } } encounters { total } } }"


async def settled(house: House) -> None:
    await asyncio.gather(*house.face.keeping)


async def view(house: House, patient: dict[str, Any], as_: str = "physician", **headers: str) -> httpx.Response:
    return await house.send(QUERY, as_, variables={"id": patient["id"]}, **headers)


async def kept(house: House, patient: dict[str, Any]) -> int:
    return len(await house.audit("action = 'G' and id = $1 and detail = 'chart cache'", patient["id"]))


async def test_the_second_view_comes_from_the_cache_byte_for_byte(house: House) -> None:
    patient = make_patient()
    await house.write(patient, make_observation(patient, "2345-7", "2024-01-20", 95))

    live = await view(house, patient)
    await settled(house)
    cached = await view(house, patient)
    plain = await view(house, patient, accept_encoding="identity")

    assert await kept(house, patient) == 2
    assert live.content == cached.content == plain.content
    assert live.headers["etag"] == cached.headers["etag"]
    assert cached.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers


async def test_an_unchanged_chart_is_304_and_a_changed_one_is_sent(house: House) -> None:
    patient = make_patient()
    await house.write(patient)
    first = await view(house, patient)

    same = await view(house, patient, if_none_match=first.headers["etag"])
    await house.write(make_allergy(patient, "91936005", "Penicillin"))
    changed = await view(house, patient, if_none_match=first.headers["etag"])

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    assert changed.status_code == 200
    assert len(changed.json()["data"]["chart"]["allergies"]) == 1
    assert changed.headers["etag"] != first.headers["etag"]


async def test_every_write_is_in_the_next_view(house: House) -> None:
    patient = make_patient()
    await house.write(patient)

    for number in range(6):
        await view(house, patient)
        await settled(house)
        await house.write(make_observation(patient, "2345-7", f"2024-01-{number + 1:02d}", 95))
        assert (await view(house, patient)).json()["data"]["chart"]["results"]["total"] == number + 1


async def test_no_view_is_older_than_the_last_write_before_it_even_under_load(house: House) -> None:
    patient = make_patient()
    await house.write(patient)
    written = 0

    async def writer() -> None:
        nonlocal written
        for number in range(40):
            await house.write(make_observation(patient, "2345-7", f"2023-01-{number % 28 + 1:02d}", 95))
            written += 1

    async def viewer() -> int:
        views = 0
        while written < 40:
            before = written
            seen = (await view(house, patient)).json()["data"]["chart"]["results"]["total"]
            assert seen >= before
            views += 1
        return views

    results = await asyncio.gather(writer(), *(viewer() for _ in range(4)))
    assert sum(filter(None, results)) > 20
    await settled(house)
    assert (await view(house, patient)).json()["data"]["chart"]["results"]["total"] == 40


async def test_a_roles_copy_is_never_given_to_another_role(house: House) -> None:
    patient = make_patient()
    await house.write(patient, make_observation(patient, "2345-7", "2024-01-20", 95))
    for _ in range(2):
        full = await view(house, patient, "physician")
        await settled(house)

    biller = await view(house, patient, "biller")
    await settled(house)
    again = await view(house, patient, "biller", if_none_match=full.headers["etag"])

    for answer in (biller, again):
        assert answer.status_code == 200
        assert answer.json()["data"]["chart"] == {"allergies": None, "results": None, "encounters": {"total": 0}}
    assert (await view(house, patient, "physician")).json()["data"]["chart"]["results"]["total"] == 1


async def test_no_cache_is_answered_live(house: House) -> None:
    patient = make_patient()
    await house.write(patient)
    await view(house, patient)
    await settled(house)
    before = await kept(house, patient)

    live = await view(house, patient, cache_control="no-cache")

    assert live.status_code == 200
    assert await kept(house, patient) == before


async def test_a_kept_copy_of_another_tenants_query_is_not_found(house: House) -> None:
    patient = make_patient()
    await house.write(patient)
    for _ in range(2):
        await view(house, patient)
        await settled(house)

    answer = await house.send(QUERY, tenant="beta", variables={"id": patient["id"]})

    assert answer.json() == {"data": {"chart": None}}
    async with house.database.connection(house.alpha) as connection:
        packed = await connection.fetchval("select gz from kernel.chart_cache where tenant = $1 limit 1", house.alpha.key)
    assert gzip.decompress(packed).startswith(b'{"data"')
