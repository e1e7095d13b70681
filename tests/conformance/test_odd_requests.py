"""What callers send that nobody planned for: each of these was once answered wrongly."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest

MRN = "http://osler.test/mrn"
JSON_PATCH = "application/json-patch+json"


def urn() -> str:
    return f"urn:uuid:{uuid4()}"


def entry(method: str, url: str, resource: Any = None, full_url: str | None = None, **request: str) -> dict[str, Any]:
    made: dict[str, Any] = {"request": {"method": method, "url": url} | request}
    return made | ({"resource": resource} if resource else {}) | ({"fullUrl": full_url} if full_url else {})


def transaction(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def about(reference: str) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": reference}}


@pytest.fixture
def numbered(patient):
    return lambda number: patient(identifier=[{"system": MRN, "value": number}])


async def test_a_version_tag_in_other_digits_is_refused(alpha, patient):
    made = await alpha.made(patient())
    superscript = [(b"content-type", b"application/fhir+json"), (b"if-match", b'W/"\xb2"')]

    answer = await alpha.http.put(f"{alpha.base}/Patient/{made['id']}", content=json.dumps(made), headers=superscript)

    assert answer.status_code == 412, answer.text


@pytest.mark.parametrize("version", ["01", "0", "1.0", "+1"])
async def test_only_the_version_id_as_given_names_a_version(alpha, patient, version):
    made = await alpha.made(patient())

    assert (await alpha.get(f"Patient/{made['id']}/_history/{version}")).status_code == 404


@pytest.mark.parametrize("place", [(datetime(2020, 1, 1, tzinfo=UTC), 1, 2**40), (datetime(2020, 1, 1, tzinfo=UTC), -(2**63), 1)])
async def test_a_history_cursor_made_up_by_the_caller_is_400(refused, place):
    word = base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).decode().rstrip("=")

    await refused(400, "GET", f"Patient/_history?_cursor={word}")


@pytest.mark.parametrize("twice", ["_since=2020&_since=2021", "_count=1&_count=2"])
async def test_a_history_parameter_given_twice_is_refused_rather_than_half_heard(refused, twice):
    await refused(400, "GET", f"_history?{twice}")


@pytest.mark.parametrize("blank", ["%20", "%CC%81", "x,%20", "%09"])
async def test_a_name_that_folds_to_nothing_matches_nobody_rather_than_everybody(alpha, refused, patient, blank):
    await alpha.made(patient())

    await refused(400, "DELETE", f"Patient?family={blank}")
    await refused(400, "GET", f"Patient?family={blank}")


async def test_conditional_create_refuses_criteria_about_another_type(alpha, refused, numbered):
    number = alpha.unique()
    await alpha.made(numbered(number))

    await refused(400, "POST", "Patient", numbered(number), if_none_exist=f"Observation?identifier={number}")
    same = await alpha.ask("POST", "Patient", numbered(number), if_none_exist=f"Patient?identifier={number}")
    assert same.status_code == 200


async def test_a_question_mark_inside_criteria_is_part_of_their_value(alpha, numbered):
    number = alpha.unique("why?")
    made = await alpha.made(numbered(number))

    answer = await alpha.ask("POST", "Patient", numbered(number), if_none_exist=f"identifier={MRN}|{number}")

    assert (answer.status_code, answer.json()["id"]) == (200, made["id"])


async def test_if_none_exist_in_plain_utf8_finds_what_its_escaped_form_finds(alpha, numbered):
    number = alpha.unique("Zoë")
    made = await alpha.made(numbered(number))
    headers = [(b"content-type", b"application/fhir+json"), (b"if-none-exist", f"identifier={number}".encode())]

    answer = await alpha.http.post(f"{alpha.base}/Patient", content=json.dumps(numbered(number)), headers=headers)

    assert (answer.status_code, answer.json()["id"]) == (200, made["id"])


async def test_equal_conditional_creates_of_one_transaction_make_one_resource(alpha, numbered):
    number, first, second = alpha.unique(), urn(), urn()
    wanted = f"identifier={MRN}|{number}"
    body = transaction(
        entry("POST", "Observation", about(second)),
        entry("POST", "Patient", numbered(number), first, ifNoneExist=wanted),
        entry("POST", "Patient", numbered(number), second, ifNoneExist=wanted),
    )

    answers = (await alpha.ask("POST", "", body)).json()["entry"]

    assert [answer["response"]["status"][:3] for answer in answers] == ["201", "201", "200"]
    assert answers[1]["response"]["location"] == answers[2]["response"]["location"]
    found = (await alpha.get(f"Patient?{wanted}")).json()["entry"]
    observation = await alpha.get(answers[0]["response"]["location"])
    assert len(found) == 1
    assert observation.json()["subject"]["reference"] == f"Patient/{found[0]['resource']['id']}"


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_conditional_update_may_not_overwrite_what_equal_criteria_make(alpha, refused, numbered, method):
    number = alpha.unique()
    wanted = f"identifier={MRN}|{number}"
    update = entry("PUT", f"Patient?{wanted}", numbered(number))
    first = update if method == "PUT" else entry("POST", "Patient", numbered(number), ifNoneExist=wanted)

    await refused(400, "POST", "", transaction(first, update), code="duplicate", at="Bundle.entry[1]")


async def test_a_conditional_update_in_a_transaction_never_overwrites_a_record_it_does_not_match(alpha, refused, numbered, patient):
    other, number = await alpha.made(patient("Other")), alpha.unique()
    body = transaction(entry("PUT", f"Patient?identifier={MRN}|{number}", numbered(number) | {"id": other["id"]}))

    await refused(409, "POST", "", body, at="Bundle.entry[0]")


async def test_a_conditional_update_with_if_none_match_any_creates_only(alpha, refused, numbered):
    number = alpha.unique()
    address = f"Patient?identifier={MRN}|{number}"

    assert (await alpha.ask("PUT", address, numbered(number), if_none_match="*")).status_code == 201
    await refused(412, "PUT", address, numbered(number), if_none_match="*")


@pytest.mark.parametrize("written", ['"refer\\u0065nce":"{}"', '"reference":"{}","display":"caf\\u00e9"'])
@pytest.mark.parametrize("mark", ["?", "\\u003f"])
async def test_references_are_resolved_however_their_json_is_escaped(alpha, numbered, written, mark):
    number, name = alpha.unique(), urn()
    made = await alpha.made(numbered(number))
    observations = [about("THERE"), about(name) | {"note": [{"text": ":"}, {"text": '",":'}]}]
    body = json.dumps(
        transaction(*(entry("POST", "Observation", one) for one in observations), entry("POST", "Patient", numbered("x"), name))
    )
    for reference in ("THERE", name):
        body = body.replace(f'"reference": "{reference}"', written.format(reference))
    answers = (await alpha.ask("POST", "", body.replace("THERE", f"Patient{mark}identifier={number}").encode())).json()["entry"]

    subjects = [(await alpha.get(answer["response"]["location"])).json()["subject"]["reference"] for answer in answers[:2]]
    assert subjects == [f"Patient/{made['id']}", answers[2]["response"]["location"].removesuffix("/_history/1")]


async def test_a_packed_json_patch_may_refer_to_another_entry(alpha, patient):
    made, name = await alpha.made(patient()), urn()
    operations = [{"op": "add", "path": "/managingOrganization", "value": {"reference": name}}]
    packed = {
        "resourceType": "Binary",
        "contentType": JSON_PATCH,
        "data": base64.b64encode(json.dumps(operations).encode()).decode(),
    }
    clinic = {"resourceType": "Organization", "name": "Clinic"}

    answer = await alpha.ask(
        "POST", "", transaction(entry("PATCH", f"Patient/{made['id']}", packed), entry("POST", "Organization", clinic, name))
    )

    patched = (await alpha.get(f"Patient/{made['id']}")).json()
    assert patched["managingOrganization"]["reference"] + "/_history/1" == answer.json()["entry"][1]["response"]["location"]


@pytest.mark.parametrize("half", ["\\ud800", "\\ud800?x=1"])
async def test_half_a_surrogate_pair_in_a_reference_is_400(refused, half):
    body = json.dumps(transaction(entry("POST", "Observation", about("HALF")))).replace("HALF", half)

    await refused(400, "POST", "", body.encode())


async def test_a_document_stored_by_a_transaction_keeps_its_own_references(alpha, patient):
    name = urn()
    document = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": name, "resource": patient()}, {"resource": about(name)}],
    }

    answers = (
        await alpha.ask("POST", "", transaction(entry("POST", "Bundle", document), entry("POST", "Patient", patient(), name)))
    ).json()

    stored = (await alpha.get(answers["entry"][0]["response"]["location"])).json()
    assert stored["entry"] == document["entry"]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "/active"},
        {"op": "test", "path": "/active"},
        {"op": "move", "path": "/name"},
        {"op": "copy", "path": "/name", "from": 5},
        {"op": "add", "path": 5, "value": 1},
    ],
)
async def test_a_json_patch_operation_that_lacks_a_part_is_400(alpha, refused, patient, operation):
    made = await alpha.made(patient())

    await refused(400, "PATCH", f"Patient/{made['id']}", [operation], content_type=JSON_PATCH)


async def test_elements_finds_a_choice_by_the_name_fhir_gives_it(alpha):
    made = await alpha.made(about("Patient/1") | {"valueQuantity": {"value": 1, "unit": "g"}, "note": [{"text": "n"}]})

    part = (await alpha.get(f"Observation/{made['id']}?_elements=value")).json()

    assert part["valueQuantity"] == {"value": 1, "unit": "g"}
    assert "note" not in part


async def test_preferences_are_read_in_any_case(alpha, patient):
    assert (await alpha.ask("POST", "Patient", patient(), prefer="Return=minimal")).content == b""


@pytest.mark.parametrize("accept", ["application/fhir+json;q=0.0", "*/*; q=0.000"])
async def test_a_caller_who_gives_json_no_weight_does_not_get_it(refused, accept):
    await refused(406, "GET", "Patient", accept=accept)


async def test_a_search_over_no_known_type_says_so(refused):
    await refused(400, "GET", "_search?_type=Foo", at="http._type")
