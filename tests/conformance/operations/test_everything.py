"""$everything gives the whole record, each resource once, and nothing the role may not read."""

import pytest

from tests.conformance.operations.conftest import shown

OWN = ("one", "visit", "result", "order", "appointment", "allergy")
AROUND = ("house", "doctor", "role", "room", "drug")


async def walk(client, path):
    """All entries over all pages, and the number of pages."""
    found, pages = [], 0
    while path:
        answer = await client.get(path)
        found += shown(answer)
        pages += 1
        assert pages < 200
        path = next((link["url"].removeprefix(client.base + "/") for link in answer.json()["link"] if link["relation"] == "next"), None)
    return found, pages


async def test_the_record_comes_whole_with_what_supports_it_and_nobody_elses(alpha, ward):
    answer = await alpha.get(f"{ward['one']}/$everything")

    found = shown(answer)
    assert sorted(found) == sorted(ward[name] for name in OWN + AROUND)
    assert found[0] == ward["one"]
    assert answer.json()["type"] == "searchset"
    modes = {f"{e['resource']['resourceType']}/{e['resource']['id']}": e["search"]["mode"] for e in answer.json()["entry"]}
    assert {modes[ward[name]] for name in OWN} == {"match"}
    assert {modes[ward[name]] for name in AROUND} == {"include"}
    assert [link["relation"] for link in answer.json()["link"]] == ["self"]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 10])
async def test_pages_of_any_size_show_each_resource_once(alpha, ward, count):
    found, pages = await walk(alpha, f"{ward['one']}/$everything?_count={count}")

    assert sorted(found) == sorted(ward[name] for name in OWN + AROUND)
    assert pages >= 11 // count


async def test_a_page_link_holds_while_records_are_added_before_and_after_it(alpha, ward):
    first = await alpha.get(f"{ward['one']}/$everything?_count=2")
    for _ in range(3):
        await alpha.made({"resourceType": "Flag", "status": "active", "code": {"text": "later"}, "subject": {"reference": ward["one"]}})
        await alpha.made({"resourceType": "Account", "status": "active", "subject": [{"reference": ward["one"]}]})
    link = next(link["url"] for link in first.json()["link"] if link["relation"] == "next")
    rest, _ = await walk(alpha, link.removeprefix(alpha.base + "/"))

    seen = shown(first) + rest
    assert len(seen) == len(set(seen))
    assert {ward[name] for name in OWN + AROUND} <= set(seen)


async def test_care_dates_choose_by_overlap_and_keep_what_has_no_date(alpha, ward):
    found = shown(await alpha.get(f"{ward['one']}/$everything?start=2024-03-04&end=2024-12-31"))

    assert sorted(found) == sorted(ward[name] for name in ("one", "visit", "allergy", "role", "room", "doctor", "house"))


async def test_types_and_since_narrow_what_comes(alpha, ward):
    typed = shown(await alpha.get(f"{ward['one']}/$everything?_type=Observation,Location&_type=Patient"))
    assert sorted(typed) == sorted([ward["one"], ward["result"]])
    with_places = shown(await alpha.get(f"{ward['one']}/$everything?_type=Encounter,Location"))
    assert sorted(with_places) == sorted([ward["visit"], ward["room"]])
    updated = (await alpha.get(ward["drug"])).json()["meta"]["lastUpdated"]
    since = shown(await alpha.get(f"{ward['one']}/$everything?_since={updated.replace('+', '%2B')}"))
    assert ward["house"] not in since
    assert ward["result"] in since


async def test_by_post_with_parameters(alpha, ward):
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "_type", "valueCode": "Observation"}, {"name": "start", "valueDate": "2024"}],
    }

    assert shown(await alpha.ask("POST", f"{ward['one']}/$everything", body)) == [ward["result"]]
    assert len(shown(await alpha.ask("POST", f"{ward['one']}/$everything"))) == 11


async def test_a_visit_comes_with_what_names_it_and_the_patient(alpha, ward):
    found = shown(await alpha.get(f"{ward['visit']}/$everything"))

    assert sorted(found) == sorted(ward[name] for name in ("visit", "result", "one", "role", "room", "doctor", "house"))
    assert found[0] == ward["visit"]
    paged, _ = await walk(alpha, f"{ward['visit']}/$everything?_count=2")
    assert sorted(paged) == sorted(found)


async def test_where_a_record_came_from_comes_with_it(alpha, ward):
    agent = [{"who": {"reference": ward["doctor"]}}]
    body = {"resourceType": "Provenance", "recorded": "2024-03-02T10:00:00Z", "agent": agent}
    of_result = await alpha.made(body | {"target": [{"reference": ward["result"]}]})
    of_other = await alpha.made(body | {"target": [{"reference": ward["theirs"]}]})

    for path in (f"{ward['one']}/$everything", f"{ward['visit']}/$everything"):
        found, _ = await walk(alpha, path)
        assert f"Provenance/{of_result['id']}" in found
        assert f"Provenance/{of_other['id']}" not in found
        assert ward["doctor"] in found
        assert len(found) == len(set(found))
        paged, _ = await walk(alpha, f"{path}?_count=3")
        assert sorted(paged) == sorted(found)
    typed = shown(await alpha.get(f"{ward['one']}/$everything?_type=Observation,Provenance"))
    assert typed == [ward["result"], f"Provenance/{of_result['id']}"]


async def test_every_patient_comes_once_over_all_pages(alpha, ward):
    found, pages = await walk(alpha, "Patient/$everything?_count=7")

    assert pages > 2
    assert len(found) == len(set(found))
    assert set(ward.values()) <= set(found)
    people = [name for name in found if name.startswith("Patient/")]
    matched = (await alpha.get("Patient?_total=accurate&_summary=count")).json()["total"]
    assert len(people) == matched


async def test_only_types_the_role_may_read_come(everyone, ward):
    assert shown(await everyone("front.desk", "GET", f"{ward['one']}/$everything")) == [ward["one"], ward["appointment"]]
    biller = shown(await everyone("biller", "GET", f"{ward['one']}/$everything"))
    assert ward["result"] not in biller
    assert ward["visit"] in biller
    for role in ("admin", "compliance"):
        answer = await everyone(role, "GET", f"{ward['one']}/$everything")
        assert answer.status_code == 403
    assert (await everyone("front.desk", "GET", f"{ward['one']}/$everything?_type=Observation")).status_code == 403


async def test_another_tenant_finds_no_such_patient_and_cannot_use_the_link(alpha, beta, ward, everyone):
    page = await alpha.get(f"{ward['one']}/$everything?_count=1")
    link = next(link["url"] for link in page.json()["link"] if link["relation"] == "next")

    assert (await beta.get(f"{ward['one']}/$everything")).status_code == 404
    query = link.partition("?")[2]
    assert (await beta.get(f"{ward['one']}/$everything?{query}")).status_code in (400, 404)
    assert (await alpha.get(f"{ward['two']}/$everything?{query}")).status_code == 400
    assert (await alpha.get(f"{ward['one']}/$everything?{query}&start=2024")).status_code == 400
    assert (await alpha.get(f"{ward['one']}/$everything?_cursor=AAAA")).status_code == 400


async def test_every_patient_whose_data_left_has_an_audit_row(alpha, ward, audited):
    one, two = ward["one"].partition("/")[2], ward["two"].partition("/")[2]
    await alpha.get(f"{ward['one']}/$everything")

    (mine,) = await audited(one, "G")
    (theirs,) = await audited(two, "G")
    assert mine[1] == theirs[1] == 200
    assert ward["result"] in mine[2]
    assert theirs[2] == f"$everything {ward['appointment']}/1"


async def test_a_patient_that_is_gone_or_never_was(alpha, ward, patient, audited):
    gone = await alpha.made(patient())
    await alpha.ask("DELETE", f"Patient/{gone['id']}")

    assert (await alpha.get(f"Patient/{gone['id']}/$everything")).status_code == 410
    assert (await alpha.get("Patient/never-was/$everything")).status_code == 404
    assert ("G", 410, "") in await audited(gone["id"])


@pytest.mark.parametrize(
    "query",
    [
        "start=yesterday",
        "start=2024-02-30",
        "end=2023&start=2024",
        "_since=2024",
        "_type=Nothing",
        "_count=0",
        "_count=x",
        "_count=1&_count=2",
        "code=1",
        "start=",
    ],
)
async def test_what_it_cannot_do_is_refused(refused, ward, query):
    await refused(400, "GET", f"{ward['one']}/$everything?{query}")


@pytest.mark.parametrize(
    ("status", "method", "path"),
    [
        (404, "GET", "$everything"),
        (404, "GET", "Encounter/$everything"),
        (404, "GET", "Observation/1/$everything"),
        (404, "GET", "Patient/1/$nothing"),
        (404, "GET", "Patient/1/_history/1/$everything"),
        (404, "GET", "Patient/$everything/1"),
        (405, "PUT", "Patient/1/$everything"),
        (405, "DELETE", "Patient/1/$everything"),
        (405, "PATCH", "Patient/$everything"),
    ],
)
async def test_it_is_there_only_where_it_is_defined(refused, status, method, path):
    await refused(status, method, path, code="not-supported" if status == 404 or status == 405 else None)


async def test_in_a_batch_but_not_in_a_transaction(alpha, ward):
    entry = {"request": {"method": "GET", "url": f"{ward['one']}/$everything?_type=Observation"}}
    batch = await alpha.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})

    inner = batch.json()["entry"][0]
    assert inner["response"]["status"].startswith("200")
    assert [e["resource"]["id"] for e in inner["resource"]["entry"]] == [ward["result"].partition("/")[2]]
    refused = await alpha.ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert refused.status_code == 400


async def test_a_record_of_seven_hundred_visits_comes_in_pages_of_bounded_size(alpha, clinic, module_database):
    """Seven thousand records: the first page holds 5,000, the second the rest and what supports them."""
    person = (await alpha.made({"resourceType": "Patient"}))["id"]
    doctor = (await alpha.made({"resourceType": "Practitioner"}))["id"]
    kinds = [{"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}}] + [
        {"resourceType": "Observation", "status": "final", "code": {"text": f"measured {number}"}} for number in range(9)
    ]
    subject = {"subject": {"reference": f"Patient/{person}"}}
    by = {"performer": [{"reference": f"Practitioner/{doctor}"}]}
    one = [kind | subject | (by if kind["resourceType"] == "Observation" else {}) for kind in kinds]
    entries = [{"request": {"method": "POST", "url": kind["resourceType"]}, "resource": kind} for kind in one] * 70
    for _ in range(10):
        answer = await alpha.ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
        assert answer.status_code == 200, answer.text

    found, pages = await walk(alpha, f"Patient/{person}/$everything")

    assert pages == 2
    assert len(found) == len(set(found)) == 7002
    assert found[-1] == f"Practitioner/{doctor}"
