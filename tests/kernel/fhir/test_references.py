"""Temporary names of a transaction become real references, and nothing else changes. https://hl7.org/fhir/R4/http.html#trules"""

from __future__ import annotations

from osler.platform import fhir

URN = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
NAMES = {URN: "Patient/p1", "Practitioner?identifier=a|1": "Practitioner/x"}


def rewritten(text: str) -> str:
    return fhir.rewrite_references(fhir.parse(text.encode()), NAMES.get).body.decode()


def test_references_and_uris_that_are_a_temporary_name_are_replaced() -> None:
    text = (
        '{"resourceType":"Observation","extension":[{"url":"http://h.example/x","valueUri":"%s"}],"status":"final","code":{"text":"x"},'
        '"subject":{"reference":"%s"},"performer":[{"reference":"Practitioner?identifier=a|1"}]}'
    )

    assert rewritten(text % (URN, URN)) == (text % ("Patient/p1", "Patient/p1")).replace("Practitioner?identifier=a|1", "Practitioner/x")


def test_the_struct_says_what_the_text_says() -> None:
    parsed = fhir.parse(
        f'{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"subject":{{"reference":"{URN}"}}}}'.encode()
    )

    assert fhir.rewrite_references(parsed, NAMES.get).resource.subject.reference == "Patient/p1"


def test_plain_text_and_identifier_values_stay() -> None:
    div = f'<div xmlns=\\"http://www.w3.org/1999/xhtml\\">{URN} \\"reference\\":\\"{URN}\\"</div>'
    text = (
        f'{{"resourceType":"Patient","text":{{"status":"generated","div":"{div}"}},'
        f'"identifier":[{{"system":"urn:ietf:rfc:3986","value":"{URN}"}}]}}'
    )

    assert rewritten(text) == text


def test_a_resource_without_temporary_names_stays_the_same_object() -> None:
    parsed = fhir.parse(b'{"resourceType":"Patient","managingOrganization":{"reference":"Organization/1"}}')

    assert fhir.rewrite_references(parsed, NAMES.get) is parsed


def test_a_reference_written_with_escapes_is_replaced_too() -> None:
    text = '{"resourceType":"Patient","managingOrganization":{"reference":"Organization?identifier=http:\\/\\/h.example|1"}}'
    names = {"Organization?identifier=http://h.example|1": "Organization/o1"}

    rewritten = fhir.rewrite_references(fhir.parse(text.encode()), names.get)

    assert rewritten.resource.managingOrganization.reference == "Organization/o1"
