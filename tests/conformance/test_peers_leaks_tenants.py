"""Threads of peers about tenants: every way in which another server showed one tenant's data to another is tried on ours."""

import pytest

from tests.conformance.peers import Threads

thread = Threads("tenants")
MRN, TAG = "http://hospital.example/mrn", "http://hospital.example/tags"


@pytest.fixture
async def twins(alpha, beta):
    """The same id, identifier, source and tag in both tenants; only the family name differs."""
    name = alpha.unique("shared-")
    for client, family in ((alpha, "Mine"), (beta, "Theirs")):
        body = {
            "resourceType": "Patient",
            "id": name,
            "meta": {"source": f"urn:source:{name}", "tag": [{"system": TAG, "code": name}]},
            "identifier": [{"system": MRN, "value": name}],
            "name": [{"family": family}],
        }
        assert (await client.ask("PUT", f"Patient/{name}", body)).status_code == 201
    return name


def families(answer):
    assert answer.status_code == 200, answer.text
    return [entry["resource"]["name"][0]["family"] for entry in answer.json().get("entry", [])]


@thread("hapi#2207")
async def test_a_search_by_id_finds_only_the_own_tenants(alpha, beta, twins):
    assert families(await alpha.get(f"Patient?_id={twins}")) == ["Mine"]
    assert families(await beta.get(f"Patient?_id={twins}")) == ["Theirs"]
    assert families(await alpha.get(f"Patient?_id={twins},Patient/{twins}")) == ["Mine"]


@thread("hapi#2853")
async def test_a_search_by_source_finds_only_the_own_tenants(alpha, beta, twins):
    for client, family in ((alpha, "Mine"), (beta, "Theirs")):
        assert families(await client.get(f"Patient?_source=urn:source:{twins}")) == [family]
        assert families(await client.get(f"Patient?_tag={TAG}|{twins}")) == [family]


@thread("hapi#2220")
async def test_the_same_search_asked_right_after_by_another_tenant_is_not_answered_from_memory(alpha, beta, twins):
    for _ in range(3):
        for client, family in ((alpha, "Mine"), (beta, "Theirs")):
            assert families(await client.get(f"Patient?identifier={MRN}|{twins}&_total=accurate")) == [family]
    page = await alpha.get("Patient?_count=1&_sort=_id")
    assert page.status_code == 200
    links = {link["relation"]: link["url"] for link in page.json()["link"]}
    if "next" in links:
        stolen = await beta.get(links["next"].removeprefix(alpha.base + "/"))
        assert stolen.status_code == 400
        assert "Mine" not in stolen.text


@thread("hapi#7777")
async def test_a_version_is_looked_up_in_the_own_tenant(alpha, beta, twins):
    await beta.ask("PUT", f"Patient/{twins}", {"resourceType": "Patient", "id": twins, "name": [{"family": "Theirs2"}]})

    assert (await beta.get(f"Patient/{twins}/_history/2")).json()["name"] == [{"family": "Theirs2"}]
    assert (await alpha.get(f"Patient/{twins}/_history/2")).status_code == 404
    assert (await alpha.get(f"Patient/{twins}/_history/1")).json()["name"] == [{"family": "Mine"}]
    assert len((await alpha.get(f"Patient/{twins}/_history")).json()["entry"]) == 1
    assert "Theirs" not in (await alpha.get("_history?_count=1000")).text
    assert "Theirs" not in (await alpha.get("Patient/_history?_count=1000")).text
    assert (await alpha.ask("PUT", f"Patient/{twins}", {"resourceType": "Patient", "id": twins}, if_match='W/"2"')).status_code == 412
    assert (await alpha.get(f"Patient/{twins}/_history/2/$meta")).status_code == 404
    assert (await alpha.get(f"Patient/{twins}/_history/2/$diff")).status_code == 404


@thread("hapi#5184")
async def test_two_tenants_may_hold_the_same_canonical_url_and_the_same_identity(alpha, beta):
    url = f"http://shared.example/{alpha.unique('vs')}"
    values = {"resourceType": "ValueSet", "status": "draft", "url": url}
    for client in (alpha, beta):
        first = await client.ask("POST", "ValueSet", values, if_none_exist=f"url={url}")
        again = await client.ask("POST", "ValueSet", values, if_none_exist=f"url={url}")
        assert (first.status_code, again.status_code) == (201, 200)
        found = (await client.get(f"ValueSet?url={url}")).json()["entry"]
        assert len(found) == 1
    ours, theirs = [(await client.get(f"ValueSet?url={url}")).json()["entry"][0]["resource"]["id"] for client in (alpha, beta)]
    assert ours != theirs


@thread("hapi#2207 by reference")
async def test_chains_includes_and_compartments_stay_in_the_own_tenant(alpha, beta, twins):
    result = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": f"Patient/{twins}"}}
    mine, theirs = (await alpha.made(result))["id"], (await beta.made(result))["id"]

    for path in (
        "Observation?subject:Patient.family=Theirs",
        "Observation?patient.name=Theirs",
        f"Patient?_id={twins}&family=Theirs",
        "Patient?_has:Observation:patient:code=x&family=Theirs",
    ):
        assert "entry" not in (await alpha.get(path)).json(), path
    included = await alpha.get(f"Observation?subject=Patient/{twins}&_include=Observation:subject")
    assert sorted(entry["resource"]["id"] for entry in included.json()["entry"]) == sorted([mine, twins])
    assert "Theirs" not in included.text
    back = await alpha.get(f"Patient?_id={twins}&_revinclude=Observation:subject")
    assert sorted(entry["resource"]["id"] for entry in back.json()["entry"]) == sorted([mine, twins])
    whole = await alpha.get(f"Patient/{twins}/$everything")
    assert sorted(entry["resource"]["id"] for entry in whole.json()["entry"]) == sorted([mine, twins])
    assert theirs not in whole.text + back.text + included.text


def test_threads_about_tenants(judge):
    thread.report(judge)
