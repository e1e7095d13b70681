"""Every way to be refused: the exact status, an OperationOutcome that names the element, and nothing changed."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize(
    ("status", "method", "path", "code"),
    [
        (404, "GET", "Patient/nobody", "not-found"),
        (404, "GET", "Patient/nobody/_history", "not-found"),
        (404, "GET", "Patient/nobody/_history/1", "not-found"),
        (404, "GET", "Patient/no_legal_id", "not-found"),
        (404, "GET", "Patient/" + "x" * 65, "not-found"),
        (404, "GET", "Nonsense", "not-supported"),
        (404, "GET", "Nonsense/1", "not-supported"),
        (404, "GET", "patient/1", "not-supported"),
        (404, "GET", "Nonsense?x=1", "not-supported"),
        (404, "GET", "Patient/1/nonsense", "not-found"),
        (404, "GET", "Patient/1/_history/1/more", "not-found"),
        (404, "GET", "Patient/_nonsense", "not-found"),
        (404, "GET", "Patient//1", "not-found"),
        (404, "GET", "metadata/more", "not-supported"),
        (404, "GET", "Patient/$nonsense", "not-supported"),
        (404, "POST", "Patient/1/$nonsense", "not-supported"),
        (404, "POST", "$nonsense", "not-supported"),
        (400, "GET", "_search?name=x", "not-supported"),
        (400, "GET", "Patient/_history?_since=yesterday", "structure"),
        (400, "GET", "Patient/_history?_count=-1", "structure"),
        (400, "GET", "Patient/_history?_cursor=nonsense", "structure"),
        (400, "GET", "Patient/_history?name=x", "not-supported"),
        (400, "GET", "Patient?_count=x", None),
        (400, "GET", "Patient?birthdate=x", None),
        (400, "GET", "Patient?_cursor=nonsense", "invalid"),
    ],
)
async def test_what_is_not_there_or_not_known_is_refused(refused, status, method, path, code):
    await refused(status, method, path, b"" if method == "POST" else None, code=code)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "", "GET, HEAD, POST"),
        ("DELETE", "metadata", "GET, HEAD"),
        ("POST", "Patient/1", "GET, PUT, PATCH, DELETE, HEAD"),
        ("PUT", "Patient/1/_history/1", "GET, HEAD"),
        ("POST", "Patient/_history", "GET, HEAD"),
        ("DELETE", "Patient/_search", "GET, POST, HEAD"),
        ("PUT", "_history", "GET, HEAD"),
        ("OPTIONS", "Patient/1", "GET, PUT, PATCH, DELETE, HEAD"),
        ("TRACE", "Patient", "GET, POST, PUT, PATCH, DELETE, HEAD"),
    ],
)
async def test_a_wrong_method_is_405_and_names_the_right_ones(clinic, refused, method, path, allow):
    await refused(405, method, path, code="not-supported")

    assert (await clinic.alpha.ask(method, path)).headers["allow"] == allow


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "application/fhir+turtle", "application/fhir+json; charset=latin-1",
                                  "application/fhir+json; fhirVersion=3.0", "application/x-www-form-urlencoded",
                                  "application/json-patch+json", ""])  # fmt: skip
async def test_a_body_of_another_kind_is_415(refused, patient, kind):
    await refused(415, "POST", "Patient", patient(), code="not-supported", content_type=kind)
    await refused(415, "PUT", "Patient/a", patient(id="a"), content_type=kind)
    await refused(415, "POST", "", {"resourceType": "Bundle", "type": "batch"}, content_type=kind)


@pytest.mark.parametrize("kind", ["application/fhir+json", "application/json", "application/fhir+json; charset=UTF-8", "text/json",
                                  "APPLICATION/FHIR+JSON;fhirVersion=4.0"])  # fmt: skip
async def test_json_of_any_usual_name_is_read(alpha, patient, kind):
    assert (await alpha.ask("POST", "Patient", patient(), content_type=kind)).status_code == 201


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b'{"resourceType":"Patient",\n  "birthDate": }', 2, 16),
        (b'{"resourceType":"Patient"', 1, 26),
        (b"", None, None),
        (b"null", None, None),
        (b"[]", None, None),
        (b'{"resourceType":"Patient","gender":"\xff"}', None, None),
        (b"\xef\xbb\xbf{}", None, None),
        (b'{"resourceType":"Nonsense"}', None, None),
        (b'{"birthDate":"1867-11-07"}', None, None),
        (b"[" * 100_000, None, None),
        (b'{"resourceType":"Patient","contained":' * 5_000, None, None),
    ],
    ids=range(11),
)
async def test_a_broken_body_is_400_and_says_where(refused, body, line, column):
    outcome = await refused(400, "POST", "Patient", body)

    places = [extension["valueInteger"] for extension in outcome["issue"][0].get("extension", [])]
    if line is not None:
        assert places == [line, column]


@pytest.mark.parametrize(
    ("status", "more", "at"),
    [
        (400, {"nonsense": 1}, "Patient.nonsense"),
        (400, {"birthDate": 1867}, "Patient.birthDate"),
        (400, {"name": {"family": "x"}}, "Patient.name"),
        (422, {"birthDate": "1867-13-07"}, "Patient.birthDate"),
        (422, {"birthDate": "1867-02-29"}, "Patient.birthDate"),
        (422, {"gender": "unheard-of"}, "Patient.gender"),
        (422, {"deceasedBoolean": True, "deceasedDateTime": "1934"}, None),
        (422, {"managingOrganization": {"reference": "Patient/1"}}, None),
        (422, {"link": [{"other": {"reference": "Patient/1"}}]}, "Patient.link[0].type"),
    ],
)
async def test_a_rule_that_is_broken_is_named_with_its_element(refused, patient, status, more, at):
    await refused(status, "POST", "Patient", patient(**more), at=at)


async def test_a_body_that_does_not_fit_its_address_is_400(alpha, refused, patient):
    await refused(400, "POST", "Observation", patient(), at="Patient.resourceType")
    await refused(400, "PUT", "Observation/a", patient(id="a"), at="Patient.resourceType")
    await refused(400, "PUT", "Patient/a", patient(id="b"), code="value", at="Patient.id")
    await refused(400, "PUT", "Patient/a", patient(), code="required", at="Patient.id")
    await refused(400, "PUT", "Patient/no_legal_id", patient(id="no_legal_id"), at="Patient.id")
    await refused(400, "PUT", "Patient/" + "x" * 65, patient(id="x" * 65), at="Patient.id")


async def test_a_body_over_the_limit_is_413(clinic, refused, patient):
    await refused(413, "POST", "Patient", patient("x" * 600_000), code="too-long")


async def test_refusals_carry_the_request_id(clinic, alpha):
    named = await alpha.get("Patient/nobody", x_request_id="given-by-caller-1")
    made_up = await alpha.get("Patient/nobody")
    injected = await alpha.get("Patient/nobody", x_request_id="bad id\tx")

    assert named.headers["x-request-id"] == "given-by-caller-1"
    assert made_up.headers["x-request-id"]
    assert injected.headers["x-request-id"] not in ("", "bad id\tx")


async def test_whoever_has_not_signed_in_is_401(clinic, alpha):
    before = await alpha.versions()
    for method, path in (
        ("GET", "Patient/1"),
        ("GET", "Patient"),
        ("POST", "Patient"),
        ("GET", "Nonsense"),
        ("POST", ""),
        ("GET", "_history"),
    ):
        answer = await clinic.anyone.request(method, f"{clinic.origin}/alpha/fhir/{path}")

        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["issue"][0]["code"] == "login"
    assert await alpha.versions() == before


async def test_a_role_that_may_not_is_403_and_the_attempt_is_recorded(clinic, alpha, patient, module_database):
    made = await alpha.made({"resourceType": "Observation", "status": "final", "code": {"text": "x"}})
    before = await alpha.versions()
    entry = {"request": {"method": "GET", "url": f"Observation/{made['id']}"}}
    transaction = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry]}).encode()
    batch = transaction.replace(b"transaction", b"batch")
    desk = {"authorization": "Bearer alpha/front.desk", "content-type": "application/fhir+json"}

    async with module_database.owner() as owner:
        recorded = await owner.fetchval("select count(*) from audit.event where outcome = 403")
        for method, path, body in (
            ("GET", f"Observation/{made['id']}", None),
            ("GET", "Observation?code=x", None),
            ("GET", "_history", None),
            ("DELETE", f"Observation/{made['id']}", None),
            ("POST", "Observation", b"{}"),
            ("PATCH", f"Observation/{made['id']}", b"[]"),
            ("POST", "", transaction),
        ):
            answer = await clinic.anyone.request(method, f"{alpha.base}/{path}", content=body, headers=desk)
            assert answer.status_code == 403, path
            assert answer.json()["issue"][0]["code"] == "forbidden"
        assert await owner.fetchval("select count(*) from audit.event where outcome = 403") == recorded + 7
        entries = (await clinic.anyone.post(alpha.base, content=batch, headers=desk)).json()["entry"]
        assert entries[0]["response"]["status"] == "403"
        assert await owner.fetchval("select count(*) from audit.event where outcome = 403") == recorded + 8
    assert (await clinic.anyone.get(f"{alpha.base}/Patient?family=x", headers=desk)).status_code == 200
    assert await alpha.versions() == before
