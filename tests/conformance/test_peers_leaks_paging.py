"""Threads of peers about pages, totals and includes: nothing twice, nothing lost, nothing cut in silence."""

import asyncio

import pytest

from tests.conformance.peers import Threads, every_page

thread = Threads("pages and totals")
LOINC = "http://loinc.org"
MANY = 1300


def bundle(*resources):
    entries = [{"request": {"method": "POST", "url": one["resourceType"]}, "resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


async def written(client, resources, at_once=400):
    for start in range(0, len(resources), at_once):
        answer = await client.ask("POST", "", bundle(*resources[start : start + at_once]))
        assert answer.status_code == 200, answer.text


def result(person, **more):
    body = {"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": LOINC, "code": "1-8"}]}}
    return body | {"subject": {"reference": f"Patient/{person}"}} | more


@pytest.fixture(scope="module")
async def crowd(clinic):
    """One patient with 1,300 observations of one moment, and 40 patients who share a birth date."""
    alpha = clinic.alpha
    person = (await alpha.made({"resourceType": "Patient", "name": [{"family": "Crowd"}]}))["id"]
    await written(alpha, [result(person, effectiveDateTime="2020-01-01") for _ in range(MANY)])
    await written(alpha, [{"resourceType": "Patient", "birthDate": "1999-09-09", "gender": "other"} for _ in range(40)])
    return person


@thread("hapi#3608", "microsoft#1792")
@pytest.mark.parametrize(
    "query",
    [
        "Patient?birthdate=1999-09-09",
        "Patient?birthdate=1999-09-09&_sort=birthdate",
        "Patient?gender=other&_sort=-birthdate",
        "Patient?gender=other&_sort=gender,birthdate",
        "Patient?birthdate=1999-09-09&_sort=family",
    ],
)
async def test_equal_sort_keys_neither_repeat_nor_lose_a_row(alpha, crowd, query):
    found = [name for one in await every_page(alpha, f"{query}&_count=7") for name in one]

    assert len(found) == len(set(found)) == 40


@thread("hapi#3608 while writing")
async def test_pages_hold_while_rows_come_and_go_between_them(alpha, crowd):
    path, found = "Patient?birthdate=1999-09-09&_count=7&_sort=birthdate", []
    gone = None
    while path:
        answer = await alpha.get(path)
        found += [entry["resource"]["id"] for entry in answer.json()["entry"]]
        await alpha.made({"resourceType": "Patient", "birthDate": "1999-09-09", "active": False})
        if gone is None:
            gone = found[0]
            await alpha.ask("DELETE", f"Patient/{gone}")
        path = next((link["url"].removeprefix(alpha.base + "/") for link in answer.json()["link"] if link["relation"] == "next"), None)
        assert len(found) < 200
    assert len(found) == len(set(found))
    assert len(found) >= 40
    await written(alpha, [{"resourceType": "Patient", "birthDate": "1999-09-09", "gender": "other"}])
    for entry in (await alpha.get("Patient?birthdate=1999-09-09&active=false&_count=100")).json()["entry"]:
        await alpha.ask("DELETE", f"Patient/{entry['resource']['id']}")


@thread("hapi#7448", "hapi#1943", "hapi#785", "LinuxForHealth#264")
@pytest.mark.parametrize(
    "query",
    [
        "Observation?patient={}&_count=500",
        "Observation?code=1-8,2-2&_count=500",
        "Observation?patient={}&code=1-8&_include=Observation:subject&_count=500",
        "Observation?subject=Patient/{}&date=2020&_count=500",
        "Patient?gender=other&_count=9",
        "Patient?birthdate:missing=true&_count=9",
        "Patient?_id={}",
        "Patient?family=nobody-has-this-name",
    ],
)
async def test_an_accurate_total_is_the_number_of_matches_on_all_pages(alpha, crowd, query):
    path = f"{query.format(crowd)}&_total=accurate"

    pages = await every_page(alpha, path)

    total = (await alpha.get(path)).json()["total"]
    assert total == sum(map(len, pages))
    assert (await alpha.get(f"{query.format(crowd).partition('&_count')[0]}&_summary=count")).json()["total"] == total


@thread("hapi#6803")
async def test_more_than_500_included_come_whole(alpha, crowd):
    answer = await alpha.get(f"Patient?_id={crowd}&_revinclude=Observation:subject")

    included = [entry["resource"]["id"] for entry in answer.json()["entry"] if entry["search"]["mode"] == "include"]
    assert len(included) == len(set(included)) == MANY
    assert [entry for entry in answer.json()["entry"] if entry["search"]["mode"] == "outcome"] == []


@thread("hapi#7081")
async def test_a_page_with_includes_has_its_next_link(alpha, crowd):
    path = f"Observation?patient={crowd}&_include=Observation:subject&_count=400"

    pages = await every_page(alpha, path)

    assert [len(one) for one in pages] == [400, 400, 400, 100]
    first = (await alpha.get(path)).json()
    assert [entry["resource"]["id"] for entry in first["entry"] if entry["search"]["mode"] == "include"] == [crowd]


@thread("hapi#5353")
async def test_an_include_that_iterates_loses_no_row_of_a_plain_one_beside_it(alpha):
    house = (await alpha.made({"resourceType": "Organization", "name": "H"}))["id"]
    above = (await alpha.made({"resourceType": "Organization", "name": "A"}))["id"]
    part = (await alpha.made({"resourceType": "Organization", "name": "P", "partOf": {"reference": f"Organization/{above}"}}))["id"]
    doctor = (await alpha.made({"resourceType": "Practitioner", "name": [{"family": "D"}]}))["id"]
    general = [{"reference": f"Practitioner/{doctor}"}, {"reference": f"Organization/{house}"}]
    managed = {"managingOrganization": {"reference": f"Organization/{part}"}, "generalPractitioner": general}
    person = (await alpha.made({"resourceType": "Patient"} | managed))["id"]
    subject = {"reference": f"Patient/{person}"}
    made = (await alpha.made({"resourceType": "Condition", "subject": subject, "code": {"text": "x"}}))["id"]
    path = (
        f"Condition?_id={made}&_include=Condition:subject&_include:iterate=Patient:organization"
        "&_include:iterate=Patient:general-practitioner&_include:iterate=Organization:partof"
    )

    answer = await alpha.get(path)

    assert answer.status_code == 200, answer.text
    assert sorted(entry["resource"]["id"] for entry in answer.json()["entry"]) == sorted([made, person, part, above, doctor, house])


async def kept(owner):
    """How many rows each table outside the records and the audit has: where a server would keep result sets."""
    tables = await owner.fetch("select relname from pg_stat_user_tables where schemaname = 'kernel' order by relname")
    return {row["relname"]: await owner.fetchval(f"select count(*) from kernel.{row['relname']}") for row in tables}


@thread("hapi#3664", "hapi#6109")
async def test_one_page_link_followed_by_many_at_once_answers_all_alike_and_keeps_nothing(alpha, crowd, module_database):
    first = await alpha.get(f"Observation?patient={crowd}&_count=100")
    link = next(link["url"] for link in first.json()["link"] if link["relation"] == "next").removeprefix(alpha.base + "/")
    async with module_database.owner() as owner:
        before = await kept(owner)
        async with asyncio.timeout(20):
            answers = await asyncio.gather(*(alpha.get(link) for _ in range(24)))
        after = await kept(owner)

    bodies = {tuple(entry["resource"]["id"] for entry in answer.json()["entry"]) for answer in answers}
    assert {answer.status_code for answer in answers} == {200}
    assert len(bodies) == 1
    assert len(next(iter(bodies))) == 100
    assert after == before


def test_threads_about_pages_and_totals(judge):
    thread.report(judge)
