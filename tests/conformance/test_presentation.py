"""_format, Accept, _pretty, _elements, _summary, Prefer, gzip, CORS. https://hl7.org/fhir/R4/http.html"""

from __future__ import annotations

import gzip
import json

import pytest

SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


@pytest.fixture
async def rich(alpha, patient):
    return await alpha.made(
        patient(
            text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Marie</div>'},
            active=True,
            contact=[{"name": {"text": "Pierre"}}],
            photo=[{"title": "x"}],
            meta={"tag": [{"system": "http://tags.example", "code": "t"}]},
        )
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"accept": "application/fhir+json"},
        {"accept": "application/json"},
        {"accept": "application/fhir+json; fhirVersion=4.0"},
        {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"},
        {"accept": "application/fhir+xml;q=0.9, application/fhir+json"},
        {},
    ],
)
async def test_json_is_answered_to_whoever_reads_it(alpha, rich, asked):
    assert (await alpha.get(f"Patient/{rich['id']}", **asked)).status_code == 200


@pytest.mark.parametrize(
    "accept", ["text/turtle", "application/fhir+json; fhirVersion=3.0", "application/json;q=0", "application/fhir+xml; fhirVersion=5.0"]
)
async def test_other_formats_are_406(alpha, rich, refused, accept):
    await refused(406, "GET", f"Patient/{rich['id']}", code="not-supported", accept=accept)


@pytest.mark.parametrize("value", ["json", "application/json", "application/fhir%2Bjson", "application/fhir+json", "text/json"])
async def test_format_wins_over_accept(alpha, rich, value):
    answer = await alpha.get(f"Patient/{rich['id']}?_format={value}", accept="application/fhir+xml")

    assert answer.status_code == 200
    assert answer.json()["id"] == rich["id"]


@pytest.mark.parametrize("value", ["ttl", "text/turtle", "", "yaml", "csv", "application/fhir%2Bjson;fhirVersion=3.0"])
async def test_a_format_we_do_not_write_is_406(alpha, rich, refused, value):
    await refused(406, "GET", f"Patient/{rich['id']}?_format={value}")


async def test_pretty_indents_and_changes_nothing_else(alpha, rich):
    plain, pretty = await alpha.get(f"Patient/{rich['id']}"), await alpha.get(f"Patient/{rich['id']}?_pretty=true")

    assert b"\n  " in pretty.content
    assert b"\n" not in plain.content
    assert pretty.json() == plain.json()


async def test_elements_answers_those_and_the_mandatory_ones_and_says_it_is_a_part(alpha, rich):
    answer = await alpha.get(f"Patient/{rich['id']}?_elements=birthDate,Patient.photo,Observation.status")

    part = answer.json()
    assert set(part) == {"resourceType", "id", "meta", "birthDate", "photo", "active"}
    assert part["meta"]["tag"] == [{"system": "http://tags.example", "code": "t"}, SUBSETTED]
    assert part["meta"]["versionId"] == "1"


@pytest.mark.parametrize(
    ("summary", "members"),
    [
        ("true", {"resourceType", "id", "meta", "name", "birthDate", "active"}),
        ("text", {"resourceType", "id", "meta", "text"}),
        ("data", {"resourceType", "id", "meta", "name", "birthDate", "active", "contact", "photo"}),
    ],
)
async def test_summary_answers_the_part_it_names(alpha, rich, summary, members):
    part = (await alpha.get(f"Patient/{rich['id']}?_summary={summary}")).json()

    assert set(part) == members
    assert part["meta"]["tag"][-1] == SUBSETTED


async def test_summary_false_answers_everything(alpha, rich):
    assert (await alpha.get(f"Patient/{rich['id']}?_summary=false")).json() == rich


async def test_summary_count_answers_the_number_alone(alpha, patient):
    family = alpha.unique("Count")
    for _ in range(3):
        await alpha.made(patient(family))

    bundle = (await alpha.get(f"Patient?family={family}&_summary=count")).json()

    assert bundle["total"] == 3
    assert "entry" not in bundle


async def test_search_answers_parts_too(alpha, patient):
    family = alpha.unique("Part")
    await alpha.made(patient(family, photo=[{"title": "x"}]))

    whole = (await alpha.get(f"Patient?family={family}")).json()["entry"][0]["resource"]
    part = (await alpha.get(f"Patient?family={family}&_elements=birthDate")).json()["entry"][0]["resource"]
    brief = (await alpha.get(f"Patient?family={family}&_summary=true")).json()["entry"][0]["resource"]

    assert "photo" in whole
    assert set(part) == {"resourceType", "id", "meta", "birthDate"}
    assert set(brief) == {"resourceType", "id", "meta", "name", "birthDate"}


@pytest.mark.parametrize("query", ["_summary=some", "_pretty=maybe"])
async def test_a_value_that_a_parameter_does_not_have_is_refused(rich, refused, query):
    await refused(400, "GET", f"Patient/{rich['id']}?{query}")


async def test_prefer_return_decides_about_the_body_of_a_write(alpha, patient):
    minimal = await alpha.ask("POST", "Patient", patient(), prefer="return=minimal")
    told = await alpha.ask("POST", "Patient", patient(), prefer='return="OperationOutcome"')
    whole = await alpha.ask("POST", "Patient", patient(), prefer="return=representation")

    assert (minimal.status_code, minimal.content) == (201, b"")
    assert minimal.headers["location"].endswith("/_history/1")
    assert told.json()["issue"][0] == {"severity": "information", "code": "informational", "diagnostics": "Created"}
    assert whole.json()["resourceType"] == "Patient"
    made = whole.json()["id"]
    gone = await alpha.ask("DELETE", f"Patient/{made}", prefer="return=minimal")
    assert (gone.status_code, gone.content) == (204, b"")


@pytest.mark.parametrize("prefer", ["return=everything", "nonsense", "respond-async", "handling=", ";;,=", "wait=10, priority=5"])
async def test_a_preference_we_do_not_know_is_ignored(alpha, patient, prefer):
    assert (await alpha.ask("POST", "Patient", patient(), prefer=prefer)).status_code == 201


async def test_unknown_parameters_are_refused_unless_the_caller_asks_for_leniency(alpha, rich, refused):
    await refused(400, "GET", "Patient?nonsense=1", code="not-supported")
    await refused(400, "GET", f"Patient/{rich['id']}?nonsense=1", code="not-supported")
    await refused(400, "GET", "Patient?nonsense=1", prefer="handling=strict")

    lenient = await alpha.get(f"Patient?nonsense=1&_id={rich['id']}", prefer="handling=lenient")

    bundle = lenient.json()
    assert lenient.status_code == 200
    assert [entry["search"]["mode"] for entry in bundle["entry"]] == ["match", "outcome"]
    assert "nonsense" in bundle["entry"][1]["resource"]["issue"][0]["diagnostics"]
    assert bundle["link"][0]["url"] == f"{alpha.base}/Patient?_id={rich['id']}"
    assert (await alpha.get(f"Patient/{rich['id']}?nonsense=1", prefer="handling=lenient")).status_code == 200


async def test_bodies_over_a_kilobyte_are_compressed_for_whoever_reads_that(alpha, patient):
    large = await alpha.made(patient(name=[{"family": "C" * 3000}]))
    small = await alpha.made(patient())

    packed = await alpha.get(f"Patient/{large['id']}", accept_encoding="gzip")
    plain = await alpha.get(f"Patient/{large['id']}", accept_encoding="identity")
    refused_gzip = await alpha.get(f"Patient/{large['id']}", accept_encoding="gzip;q=0")
    short = await alpha.get(f"Patient/{small['id']}", accept_encoding="gzip")

    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json() == large
    assert int(packed.headers["content-length"]) < 300
    for answer in (plain, refused_gzip, short):
        assert "content-encoding" not in answer.headers
    assert packed.headers["etag"] == plain.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"]


async def test_a_body_may_come_as_gzip(alpha, patient, refused):
    body = gzip.compress(json.dumps(patient()).encode())

    assert (await alpha.ask("POST", "Patient", body, content_encoding="gzip")).status_code == 201
    await refused(400, "POST", "Patient", body[:-9], content_encoding="gzip")
    await refused(400, "POST", "Patient", b"not gzip", content_encoding="gzip")
    await refused(415, "POST", "Patient", body, content_encoding="br")
    await refused(413, "POST", "Patient", gzip.compress(b" " * 2_000_000), code="too-long", content_encoding="gzip")
