"""Another tenant's record is always as if it did not exist: every way to reach a record is tried from the other side."""

from __future__ import annotations

import pytest

MRN = "http://hospital.example/mrn"
PATCH = [{"op": "replace", "path": "/birthDate", "value": "1900-01-01"}]


@pytest.fixture
async def theirs(beta, patient):
    """A patient of the other tenant with an observation, both at version 2."""
    number = beta.unique("mrn")
    person = await beta.made(patient(identifier=[{"system": MRN, "value": number}], name=[{"family": f"Secret{number}"}]))
    await beta.ask("PUT", f"Patient/{person['id']}", person)
    result = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": f"Patient/{person['id']}"}}
    result = await beta.made(result)
    return person["id"], number, result["id"]


@pytest.fixture
def untouched(beta, theirs):
    """Checks that the other tenant's record is as it was."""

    async def check():
        answer = await beta.get(f"Patient/{theirs[0]}")
        assert answer.status_code == 200
        assert answer.headers["etag"] == 'W/"2"'

    return check


def without_ids(answer, *names):
    text = answer.text
    for name in names:
        text = text.replace(name, "ID")
    return text


async def test_reads_answer_as_for_a_record_that_never_was(alpha, theirs):
    person = theirs[0]
    for path in ("Patient/{}", "Patient/{}/_history/1", "Patient/{}/_history/2", "Patient/{}/_history"):
        real, invented = await alpha.get(path.format(person)), await alpha.get(path.format("never-was"))

        assert real.status_code == invented.status_code == 404
        assert without_ids(real, person) == without_ids(invented, "never-was")
        assert (await alpha.ask("HEAD", path.format(person))).status_code == 404
    for headers in ({"if_none_match": 'W/"2"'}, {"if_none_match": "*"}):
        assert (await alpha.get(f"Patient/{person}", **headers)).status_code == 404


async def test_searches_find_nothing_of_it(alpha, theirs, patient):
    person, number, result = theirs
    for query in (
        f"Patient?_id={person}",
        f"Patient?identifier={MRN}|{number}",
        f"Patient?identifier={number}",
        f"Patient?family=Secret{number}",
        f"Patient?name=Secret{number}",
        f"Observation?_id={result}",
        f"Observation?patient={person}",
        f"Observation?subject=Patient/{person}",
        f"Observation?patient={person}&_include=Observation:subject",
        f"Patient?_id={person}&_revinclude=Observation:subject",
        f"Patient?_id={person}&_total=accurate",
    ):
        answer = await alpha.get(query)
        assert answer.status_code == 200, (query, answer.text)
        assert "entry" not in answer.json(), query
        assert answer.json().get("total", 0) == 0
    form = await alpha.ask("POST", "Patient/_search", f"_id={person}".encode(), content_type="application/x-www-form-urlencoded")
    assert "entry" not in form.json()


async def test_a_reference_to_it_includes_nothing(alpha, theirs):
    person = theirs[0]
    body = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": f"Patient/{person}"}}
    mine = await alpha.made(body)

    bundle = (await alpha.get(f"Observation?_id={mine['id']}&_include=Observation:subject")).json()

    assert [entry["resource"]["id"] for entry in bundle["entry"]] == [mine["id"]]


async def test_histories_show_nothing_of_it(alpha, theirs):
    for path in ("Patient/_history?_count=1000", "_history?_count=1000"):
        text = (await alpha.get(path)).text
        assert theirs[0] not in text
        assert theirs[1] not in text


async def test_writes_neither_change_it_nor_tell_of_it(alpha, theirs, patient, refused, untouched):
    person, number, _ = theirs
    kind = "application/json-patch+json"
    criteria = f"Patient?identifier={MRN}|{number}"

    await refused(404, "PATCH", f"Patient/{person}", PATCH, content_type=kind)
    await refused(404, "PATCH", criteria, PATCH, content_type=kind)
    await refused(412, "PUT", f"Patient/{person}", patient(id=person), if_match='W/"2"')
    deleted, invented = await alpha.ask("DELETE", f"Patient/{person}"), await alpha.ask("DELETE", "Patient/never-was")
    assert deleted.status_code == invented.status_code == 200
    assert deleted.text == invented.text
    assert (await alpha.ask("DELETE", criteria)).text == invented.text
    made = await alpha.ask("POST", "Patient", patient(), if_none_exist=f"identifier={MRN}|{number}")
    assert made.status_code == 201
    assert made.json()["id"] != person
    await untouched()


async def test_the_same_id_may_be_used_by_both_and_they_stay_apart(alpha, beta, theirs, patient, untouched):
    person = theirs[0]

    mine = await alpha.ask("PUT", f"Patient/{person}", patient("Mine", id=person))

    assert mine.status_code == 201
    assert mine.headers["etag"] == 'W/"1"'
    assert (await alpha.get(f"Patient/{person}")).json()["name"] == [{"family": "Mine"}]
    assert len((await alpha.get(f"Patient/{person}/_history")).json()["entry"]) == 1
    await untouched()
    await alpha.ask("DELETE", f"Patient/{person}")
    await untouched()


async def test_a_transaction_neither_refers_to_it_nor_reads_it(alpha, theirs, patient, refused, untouched):
    person, number, _ = theirs

    def transaction(*entries):
        return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}

    body = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    reference = body | {"subject": {"reference": f"Patient?identifier={MRN}|{number}"}}
    await refused(412, "POST", "", transaction({"resource": reference, "request": {"method": "POST", "url": "Observation"}}))
    await refused(404, "POST", "", transaction({"request": {"method": "GET", "url": f"Patient/{person}"}}))
    conditional = {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier={MRN}|{number}"}
    done = await alpha.ask("POST", "", transaction({"resource": patient(), "request": conditional}))
    assert done.json()["entry"][0]["response"]["status"].startswith("201")
    gone = await alpha.ask("POST", "", transaction({"request": {"method": "DELETE", "url": f"Patient/{person}"}}))
    assert "etag" not in gone.json()["entry"][0]["response"]
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": f"Patient/{person}"}}]}
    assert (await alpha.ask("POST", "", batch)).json()["entry"][0]["response"]["status"] == "404"
    await untouched()


async def test_a_page_link_of_one_tenant_opens_nothing_in_another(alpha, beta, patient):
    family = beta.unique("Paged")
    for _ in range(3):
        await beta.made(patient(family))
    bundle = (await beta.get(f"Patient?family={family}&_count=1")).json()
    link = next(link["url"] for link in bundle["link"] if link["relation"] == "next")

    assert (await alpha.http.get(link.replace("/beta/", "/alpha/"))).status_code == 400
    assert (await alpha.http.get(link)).status_code == 404


async def test_a_token_of_one_tenant_is_worth_nothing_in_another(alpha, theirs):
    for path in (f"Patient/{theirs[0]}", "Patient?name=Secret", "_history"):
        answer = await alpha.http.get(f"{alpha.base.replace('/alpha/', '/beta/')}/{path}")
        assert answer.status_code == 404
    assert (await alpha.http.get(f"{alpha.base.replace('/alpha/', '/nowhere/')}/Patient/1")).status_code == 404
