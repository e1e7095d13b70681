"""The CapabilityStatement says what is really registered. https://hl7.org/fhir/R4/capabilitystatement.html"""

from __future__ import annotations

from osler.platform.fhir import TYPES, parse, search_parameters


async def test_the_capability_statement_needs_no_sign_in_and_is_valid(clinic):
    answer = await clinic.anyone.get(f"{clinic.origin}/alpha/fhir/metadata")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    statement = answer.json()
    assert parse(answer.content).type == "CapabilityStatement"
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == f"{clinic.origin}/alpha/fhir"
    assert (await clinic.anyone.get(f"{clinic.origin}/alpha/fhir/metadata?_format=ttl")).status_code == 406
    assert (await clinic.anyone.head(f"{clinic.origin}/alpha/fhir/metadata")).status_code == 200


async def test_every_type_is_listed_with_what_it_answers(clinic):
    statement = (await clinic.anyone.get(f"{clinic.origin}/alpha/fhir/metadata")).json()
    resources = {resource["type"]: resource for resource in statement["rest"][0]["resource"]}

    assert set(resources) == set(TYPES)
    patient = resources["Patient"]
    assert {one["code"] for one in patient["interaction"]} == {
        "read", "vread", "search-type", "history-instance", "history-type", "create", "update", "patch", "delete"
    }  # fmt: skip
    assert patient["updateCreate"] is True
    assert patient["conditionalDelete"] == "single"
    assert "Observation:subject" in patient["searchRevInclude"]
    assert "Observation:subject" in resources["Observation"]["searchInclude"]


async def test_exactly_the_search_parameters_listed_are_answered(clinic, alpha):
    statement = (await clinic.anyone.get(f"{clinic.origin}/alpha/fhir/metadata")).json()
    resources = {resource["type"]: resource for resource in statement["rest"][0]["resource"]}
    values = {"date": "2020", "number": "1", "quantity": "1", "reference": "Patient/1"}

    for kind in ("Patient", "Observation", "Encounter", "MedicationRequest"):
        listed = {one["name"]: one["type"] for one in resources[kind]["searchParam"]}
        for name in search_parameters(kind):
            answer = await alpha.get(f"{kind}?{name}={values.get(listed.get(name, ''), 'x')}")
            assert answer.status_code == (200 if name in listed else 400), (kind, name, answer.text)
