"""The search interaction as HTTP: methods, links, modes and totals. What is found is the business of tests/kernel/search."""

from __future__ import annotations

import pytest

FORM = "application/x-www-form-urlencoded"


def links(bundle):
    return {link["relation"]: link["url"] for link in bundle["link"]}


@pytest.fixture
async def family(alpha, patient):
    """Five patients of one name."""
    name = alpha.unique("Search")
    for _ in range(5):
        await alpha.made(patient(name))
    return name


async def test_a_search_answers_a_searchset(alpha, family):
    answer = await alpha.get(f"Patient?family={family}&_count=10")

    bundle = answer.json()
    assert answer.status_code == 200
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    assert len(bundle["entry"]) == 5
    for entry in bundle["entry"]:
        assert entry["fullUrl"] == f"{alpha.base}/Patient/{entry['resource']['id']}"
        assert entry["search"] == {"mode": "match"}
    assert links(bundle) == {"self": f"{alpha.base}/Patient?family={family}&_count=10"}
    assert "total" not in bundle


async def test_get_and_both_forms_of_post_find_the_same(alpha, family):
    asked = f"family={family}&_sort=_id"
    whole = (await alpha.get(f"Patient?{asked}")).json()

    by_get = (await alpha.get(f"Patient/_search?{asked}")).json()
    by_post = (await alpha.ask("POST", "Patient/_search", asked.encode(), content_type=FORM)).json()
    split = (await alpha.ask("POST", f"Patient/_search?family={family}", b"_sort=_id", content_type=FORM)).json()
    at_base = (await alpha.get(f"_search?_type=Patient&{asked}")).json()

    for bundle in (by_get, by_post, split, at_base):
        assert bundle["entry"] == whole["entry"]


@pytest.mark.parametrize("way", ["GET", "POST"])
async def test_next_links_lead_to_every_match_once_and_name_nobody(alpha, family, way):
    if way == "GET":
        bundle = (await alpha.get(f"Patient?family={family}&_count=2")).json()
    else:
        form = f"family={family}&_count=2".encode()
        bundle = (await alpha.ask("POST", "Patient/_search", form, content_type=FORM)).json()
        assert family not in links(bundle)["self"]

    seen = [entry["resource"]["id"] for entry in bundle["entry"]]
    while "next" in links(bundle):
        assert family not in links(bundle)["next"]
        bundle = (await alpha.http.get(links(bundle)["next"])).json()
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]

    assert len(seen) == 5
    assert len(set(seen)) == 5


async def test_pages_stay_right_while_records_come_and_go(alpha, family, patient):
    bundle = (await alpha.get(f"Patient?family={family}&_count=2&_sort=_id")).json()
    first = [entry["resource"]["id"] for entry in bundle["entry"]]

    await alpha.ask("DELETE", f"Patient/{first[0]}")
    await alpha.made(patient(family))
    seen = list(first)
    while "next" in links(bundle):
        bundle = (await alpha.http.get(links(bundle)["next"])).json()
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]

    assert len(seen) == len(set(seen)) == 6


async def test_next_links_carry_the_form_asked_for(alpha, family):
    bundle = (await alpha.get(f"Patient?family={family}&_count=2&_elements=birthDate&_pretty=true")).json()

    answer = await alpha.http.get(links(bundle)["next"])

    assert b"\n" in answer.content
    assert set(answer.json()["entry"][0]["resource"]) == {"resourceType", "id", "meta", "birthDate"}


async def test_a_total_is_counted_when_asked_for(alpha, family):
    bundle = (await alpha.get(f"Patient?family={family}&_count=2&_total=accurate")).json()

    assert bundle["total"] == 5
    assert len(bundle["entry"]) == 2


async def test_included_resources_carry_their_mode(alpha, patient):
    person = await alpha.made(patient())
    body = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": f"Patient/{person['id']}"}}
    result = await alpha.made(body)

    forward = (await alpha.get(f"Observation?_id={result['id']}&_include=Observation:subject")).json()["entry"]
    back = (await alpha.get(f"Patient?_id={person['id']}&_revinclude=Observation:subject")).json()["entry"]

    assert [(one["resource"]["id"], one["search"]["mode"]) for one in forward] == [(result["id"], "match"), (person["id"], "include")]
    assert [(one["resource"]["id"], one["search"]["mode"]) for one in back] == [(person["id"], "match"), (result["id"], "include")]


async def test_a_search_form_of_another_kind_or_size_is_refused(alpha, refused):
    await refused(415, "POST", "Patient/_search", b"family=x", content_type="application/json")
    await refused(413, "POST", "Patient/_search", b"family=" + b"x" * 600_000, content_type=FORM)
    await refused(400, "POST", "Patient/_search", b"family=%zz", content_type=FORM)
