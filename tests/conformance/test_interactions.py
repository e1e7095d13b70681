"""create, read, vread, update, delete and history as FHIR R4 has them. https://hl7.org/fhir/R4/http.html"""

from __future__ import annotations

import re

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def test_a_created_resource_comes_back_with_id_version_and_location(alpha, patient):
    answer = await alpha.ask("POST", "Patient", patient())

    made = answer.json()
    assert answer.status_code == 201
    assert made["meta"]["versionId"] == "1"
    assert INSTANT.fullmatch(made["meta"]["lastUpdated"])
    assert answer.headers["location"] == f"{alpha.base}/Patient/{made['id']}/_history/1"
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert answer.headers["last-modified"].endswith(" GMT")


async def test_an_id_sent_with_a_create_is_ignored(alpha, patient):
    made = await alpha.made(patient(id="mine"))

    assert made["id"] != "mine"
    assert (await alpha.get("Patient/mine")).status_code == 404


async def test_a_read_answers_the_stored_bytes(alpha, patient):
    created = await alpha.ask("POST", "Patient", patient())

    answer = await alpha.get(f"Patient/{created.json()['id']}")

    assert answer.status_code == 200
    assert answer.content == created.content
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["last-modified"] == created.headers["last-modified"]


async def test_decimals_keep_their_digits(alpha):
    body = b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.00}}'

    made = (await alpha.ask("POST", "Observation", body)).json()

    assert b'"value":1.00' in (await alpha.get(f"Observation/{made['id']}")).content


async def test_an_update_makes_the_next_version_and_keeps_the_old_one(alpha, patient):
    made = await alpha.made(patient())
    path = f"Patient/{made['id']}"

    answer = await alpha.ask("PUT", path, patient("Skłodowska", id=made["id"]))

    assert answer.status_code == 200
    assert answer.headers["etag"] == 'W/"2"'
    assert answer.headers["location"] == f"{alpha.base}/{path}/_history/2"
    assert (await alpha.get(path)).json()["name"] == [{"family": "Skłodowska"}]
    old = await alpha.get(f"{path}/_history/1")
    assert old.status_code == 200
    assert old.json()["name"] == [{"family": "Curie"}]
    assert old.headers["etag"] == 'W/"1"'


async def test_an_update_creates_under_any_legal_id(alpha, patient):
    for name in ("a", "A.b-9", "x" * 64, "0123", "-", "..."):
        answer = await alpha.ask(
            "PUT", f"Patient/{name}" if name != "..." else "Patient/a...", patient(id="a..." if name == "..." else name)
        )

        assert answer.status_code == 201, (name, answer.text)
        assert answer.headers["etag"] == 'W/"1"'
        assert (await alpha.get(f"Patient/{answer.json()['id']}")).status_code == 200


async def test_a_deleted_resource_answers_410_and_its_history_remains(alpha, patient):
    made = await alpha.made(patient())
    path = f"Patient/{made['id']}"

    answer = await alpha.ask("DELETE", path)

    assert answer.status_code == 200
    assert answer.json()["issue"][0]["severity"] == "information"
    assert answer.headers["etag"] == 'W/"2"'
    gone = await alpha.get(path)
    assert gone.status_code == 410
    assert gone.json()["issue"][0]["code"] == "deleted"
    assert (await alpha.get(f"{path}/_history/1")).status_code == 200
    assert (await alpha.get(f"{path}/_history/2")).status_code == 410


async def test_a_deleted_resource_is_found_by_no_search(alpha, patient):
    family = alpha.unique("Gone")
    made = await alpha.made(patient(family))
    assert len((await alpha.get(f"Patient?family={family}")).json()["entry"]) == 1

    await alpha.ask("DELETE", f"Patient/{made['id']}")

    assert "entry" not in (await alpha.get(f"Patient?family={family}")).json()
    assert "entry" not in (await alpha.get(f"Patient?_id={made['id']}")).json()


async def test_deleting_what_is_not_there_is_no_error(alpha):
    before = await alpha.versions()

    answer = await alpha.ask("DELETE", "Patient/never-was")

    assert answer.status_code == 200
    assert "etag" not in answer.headers
    assert await alpha.versions() == before


async def test_an_update_brings_a_deleted_resource_back_as_the_next_version(alpha, patient):
    made = await alpha.made(patient())
    path = f"Patient/{made['id']}"
    await alpha.ask("DELETE", path)

    answer = await alpha.ask("PUT", path, patient(id=made["id"]))

    assert answer.status_code == 201
    assert answer.headers["etag"] == 'W/"3"'
    assert (await alpha.get(path)).status_code == 200


async def test_history_tells_newest_first_what_was_done(alpha, patient):
    made = await alpha.made(patient())
    path = f"Patient/{made['id']}"
    await alpha.ask("PUT", path, patient("Joliot", id=made["id"]))
    await alpha.ask("DELETE", path)

    answer = await alpha.get(f"{path}/_history")

    bundle = answer.json()
    assert bundle["type"] == "history"
    assert [entry["request"] for entry in bundle["entry"]] == [
        {"method": "DELETE", "url": path},
        {"method": "PUT", "url": path},
        {"method": "POST", "url": "Patient"},
    ]
    assert [entry["response"]["status"] for entry in bundle["entry"]] == ["204", "200", "201"]
    assert [entry["response"]["etag"] for entry in bundle["entry"]] == ['W/"3"', 'W/"2"', 'W/"1"']
    assert "resource" not in bundle["entry"][0]
    assert bundle["entry"][1]["resource"]["name"] == [{"family": "Joliot"}]
    assert all(entry["fullUrl"] == f"{alpha.base}/{path}" for entry in bundle["entry"])
    assert all(INSTANT.fullmatch(entry["response"]["lastModified"]) for entry in bundle["entry"])


async def test_history_pages_give_every_version_once(alpha, patient):
    made = await alpha.made(patient())
    path = f"Patient/{made['id']}"
    for number in range(6):
        await alpha.ask("PUT", path, patient(f"Curie{number}", id=made["id"]))

    seen, url = [], f"{alpha.base}/{path}/_history?_count=3"
    while url:
        bundle = (await alpha.http.get(url)).json()
        seen += [entry["response"]["etag"] for entry in bundle["entry"]]
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)

    assert seen == [f'W/"{number}"' for number in range(7, 0, -1)]


async def test_history_since_leaves_out_what_is_older(alpha, patient):
    made = await alpha.made(patient())
    path = f"Patient/{made['id']}"
    second = (await alpha.ask("PUT", path, patient("Later", id=made["id"]))).json()

    newer = (await alpha.get(f"{path}/_history?_since={second['meta']['lastUpdated']}")).json()
    none = (await alpha.get(f"{path}/_history?_since=2999-01-01T00:00:00Z")).json()

    assert [entry["response"]["etag"] for entry in newer["entry"]] == ['W/"2"']
    assert "entry" not in none


async def test_history_at_tells_what_was_current_then(alpha, patient):
    made = await alpha.made(patient())
    path = f"Patient/{made['id']}"
    await alpha.ask("PUT", path, patient("Later", id=made["id"]))

    then = (await alpha.get(f"{path}/_history?_at={made['meta']['lastUpdated']}")).json()
    before = (await alpha.get(f"{path}/_history?_at=2001")).json()

    assert 'W/"1"' in [entry["response"]["etag"] for entry in then["entry"]]
    assert "entry" not in before


async def test_type_and_system_history_show_new_versions(alpha, patient):
    made = await alpha.made(patient())
    basic = await alpha.made({"resourceType": "Basic", "code": {"text": "x"}})

    of_type = (await alpha.get("Patient/_history?_count=1")).json()["entry"]
    of_all = (await alpha.get("_history?_count=2")).json()["entry"]

    assert [entry["resource"]["id"] for entry in of_type] == [made["id"]]
    assert [entry["resource"]["id"] for entry in of_all] == [basic["id"], made["id"]]


async def test_head_answers_like_get_without_a_body(alpha, patient):
    made = await alpha.made(patient())
    path = f"Patient/{made['id']}"

    whole, head = await alpha.get(path, accept_encoding="identity"), await alpha.ask("HEAD", path, accept_encoding="identity")

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.headers["etag"] == whole.headers["etag"]
    assert (await alpha.ask("HEAD", "Patient?family=x")).status_code == 200
    assert (await alpha.ask("HEAD", "Patient/nobody")).status_code == 404


async def test_a_caller_who_holds_the_version_gets_304(alpha, patient):
    created = await alpha.ask("POST", "Patient", patient())
    path = f"Patient/{created.json()['id']}"

    for headers in (
        {"if_none_match": 'W/"1"'},
        {"if_none_match": '"7", W/"1"'},
        {"if_none_match": "*"},
        {"if_modified_since": created.headers["last-modified"]},
    ):
        answer = await alpha.get(path, **headers)
        assert answer.status_code == 304, headers
        assert answer.content == b""
        assert answer.headers["etag"] == 'W/"1"'
    for headers in ({"if_none_match": 'W/"2"'}, {"if_modified_since": "Mon, 01 Jan 2001 00:00:00 GMT"}, {"if_modified_since": "yesterday"}):
        assert (await alpha.get(path, **headers)).status_code == 200, headers


async def test_a_history_tells_who_chose_the_id_of_a_first_version(alpha, patient):
    ours = (await alpha.made(patient()))["id"]
    theirs = f"chosen-{alpha.unique('id')}"
    looks_like_ours = "01234567-89ab-7cde-8f01-23456789abcd"
    for name in (theirs, looks_like_ours):
        assert (await alpha.ask("PUT", f"Patient/{name}", patient(id=name))).status_code == 201

    for name, method in ((ours, "POST"), (theirs, "PUT"), (looks_like_ours, "PUT")):
        url = "Patient" if method == "POST" else f"Patient/{name}"
        (entry,) = (await alpha.get(f"Patient/{name}/_history")).json()["entry"]
        assert entry["request"] == {"method": method, "url": url}
        assert entry["response"]["status"] == "201"
