"""Operations take and give XML like every other interaction, and NDJSON where they answer many resources."""

import json

from tests.conformance.operations.conftest import shown

XML = "application/fhir+xml"
NS = 'xmlns="http://hl7.org/fhir"'


async def test_parameters_come_in_xml(alpha, ward):
    body = f'<Parameters {NS}><parameter><name value="_type"/><valueCode value="Observation"/></parameter></Parameters>'

    answer = await alpha.ask("POST", f"{ward['one']}/$everything", body.encode(), content_type=XML)

    assert shown(answer) == [ward["result"]]


async def test_a_resource_inside_parameters_comes_in_xml(alpha, patient):
    made = await alpha.made(patient("Xmlperson", birthDate="1931-01-02"))
    person = f'<Patient {NS}><name><family value="Xmlperson"/></name><birthDate value="1931-01-02"/></Patient>'
    body = f'<Parameters {NS}><parameter><name value="resource"/><resource>{person}</resource></parameter></Parameters>'

    for sent in (body, person):
        answer = await alpha.ask("POST", "Patient/$match", sent.encode(), content_type=XML)
        assert answer.status_code == 200, answer.text
        assert answer.json()["entry"][0]["resource"]["id"] == made["id"]


async def test_answers_go_out_as_xml_and_ndjson(alpha, ward):
    answer = await alpha.get(f"{ward['one']}/$everything?_type=Observation", accept=XML)
    assert answer.headers["content-type"].startswith(XML)
    assert f'<id value="{ward["result"].partition("/")[2]}"/>' in answer.text

    lines = await alpha.get(f"{ward['one']}/$everything", accept="application/fhir+ndjson")
    assert lines.headers["content-type"].startswith("application/fhir+ndjson")
    found = [json.loads(line) for line in lines.text.splitlines()]
    names = {f"{one['resourceType']}/{one.get('id')}" for one in found}
    assert names >= {ward["one"], ward["result"]}

    meta = await alpha.get(f"{ward['one']}/$meta", accept=XML)
    assert "<Parameters" in meta.text
    assert "<valueMeta>" in meta.text


async def test_graphql_is_json_whatever_else_is_asked_for(alpha, ward):
    answer = await alpha.ask("POST", f"{ward['one']}/$graphql", b"{ id }", content_type="application/graphql", accept="application/json")

    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json() == {"data": {"id": ward["one"].partition("/")[2]}}


async def test_a_refusal_is_in_the_form_asked_for(alpha):
    answer = await alpha.get("Patient/never-was/$everything", accept=XML)

    assert answer.status_code == 404
    assert "<OperationOutcome" in answer.text
