"""What R4 allows is read, even where it is rare."""

from __future__ import annotations

from decimal import Decimal

import pytest

from osler.platform import fhir
from osler.platform.errors import Invalid, Malformed
from osler.platform.fhir.r4 import CodeableConcept, Observation, Patient, Quantity

OBSERVATION = '{"resourceType":"Observation","status":"final","code":{"text":"Glucose"}%s}'
PATIENT = '{"resourceType":"Patient"%s}'


@pytest.mark.parametrize(
    "text",
    [
        PATIENT % ',"_birthDate":{"extension":[{"url":"urn:x","valueDateTime":"1974-12-25T14:35:45-05:00"}]}',
        PATIENT % ',"name":[{"given":["Ann",null],"_given":[null,{"extension":[{"url":"urn:x","valueCode":"masked"}]}]}]',
        '{"resourceType":"Observation","_status":{"extension":[{"url":"urn:absent","valueCode":"unknown"}]},"code":{"text":"x"}}',
        OBSERVATION % ',"valueString":"null, {} and [] are only text, and so is \\u0022quoted\\u0022 or \\/ or _this"',
        OBSERVATION % ',"valueString":"\\u00e9\\n\\t"',
        OBSERVATION % ',"subject":{"reference":"Patient?identifier=http://h.example|1"}',
        OBSERVATION % ',"subject":{"reference":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"}',
        OBSERVATION % ',"contained":[{"resourceType":"Patient","id":"p"}],"subject":{"reference":"#p"}',
        OBSERVATION % ',"subject":{"reference":"https://h.example/fhir/Patient/1/_history/2"}',
        OBSERVATION % ',"subject":{"reference":"https://h.example/people/1"}',
        OBSERVATION % ',"effectiveDateTime":"2000-02-29"',
        OBSERVATION % ',"effectiveDateTime":"2015-06-30T23:59:60Z"',
        OBSERVATION % ',"effectiveDateTime":"2015-06"',
        OBSERVATION % ',"valueTime":"10:00:00.5"',
        PATIENT % ',"photo":[{"contentType":"image/png","data":"YWJj ZGVm"}]',
        '{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"code":"x"},'
        '{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"relapse"}]}}',
        '{"resourceType":"EvidenceVariable","status":"draft","characteristic":[{"definitionCanonical":"urn:x","groupMeasure":"mean"}]}',
    ],
)
def test_rare_but_legal_resources_are_read_and_kept_as_sent(text: str) -> None:
    parsed = fhir.parse(text.encode())

    assert parsed.body == text.encode()
    assert fhir.from_struct(parsed.resource).resource == parsed.resource


@pytest.mark.parametrize("digits", ["1.00", "1", "0.10", "-0.0", "1e2", "1E-7", "123456789012345678901234567890.00"])
def test_a_decimal_keeps_its_digits(digits: str) -> None:
    text = (OBSERVATION % f',"valueQuantity":{{"value":{digits}}}').encode()

    parsed = fhir.parse(text)

    assert parsed.body == text
    assert parsed.resource.valueQuantity.value.as_tuple() == Decimal(digits).as_tuple()


def test_words_of_python_are_read_under_a_trailing_underscore() -> None:
    text = b'{"resourceType":"Encounter","status":"planned","class":{"code":"AMB"}}'

    parsed = fhir.parse(text)

    assert parsed.resource.class_.code == "AMB"
    assert fhir.from_struct(parsed.resource).body == text


def test_contained_resources_are_structs_of_their_own_type() -> None:
    text = PATIENT % ',"contained":[{"resourceType":"Organization","id":"o","name":"Clinic"}],"managingOrganization":{"reference":"#o"}'

    parsed = fhir.parse(text.encode())

    assert parsed.resource.contained[0].resourceType == "Organization"
    assert parsed.resource.contained[0].name == "Clinic"


def test_one_broken_entry_of_a_batch_leaves_the_others_readable() -> None:
    text = (
        b'{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient"},'
        b'"request":{"method":"POST","url":"Patient"}},{"resource":{"resourceType":"Patient","active":1},'
        b'"request":{"method":"POST","url":"Patient"}},{"request":{"method":"DELETE","url":"Patient/1"}}]}'
    )

    envelope = fhir.parse_envelope(text)

    first, second, third = envelope.resources
    assert first is not None and second is not None
    assert fhir.parse_value(first).type == "Patient"
    with pytest.raises(Malformed) as refused:
        fhir.parse_value(second, "Bundle.entry[1].resource")
    assert refused.value.issues[0].expression == "Bundle.entry[1].resource.active"
    assert third is None
    assert [entry.request.method for entry in envelope.bundle.entry or () if entry.request] == ["POST", "POST", "DELETE"]


def test_a_resource_made_in_the_program_is_held_to_the_same_rules() -> None:
    made = Observation(status="final", code=CodeableConcept(text="Glucose"), valueQuantity=Quantity(value=Decimal("6.30")))

    assert fhir.from_struct(made).body == (OBSERVATION % ',"valueQuantity":{"value":6.30}').encode()
    with pytest.raises(Invalid):
        fhir.from_struct(Patient(birthDate="1981-02-29"))


def test_the_tables_know_summary_mandatory_and_modifier_elements() -> None:
    assert {"id", "meta", "resourceType", "status", "code", "valueQuantity"} <= fhir.summary_elements("Observation")
    assert "note" not in fhir.summary_elements("Observation")
    assert fhir.mandatory_elements("Observation") == {"resourceType", "id", "meta", "status", "code"}
    assert fhir.is_modifier("Patient", "active")
    assert not fhir.is_modifier("Patient", "name")


def test_the_numbers_of_the_types_are_those_in_the_tables_for_ever() -> None:
    assert len(fhir.TYPES) == 146
    assert tuple(sorted(fhir.TYPES)) == fhir.TYPES
    assert [fhir.TYPE_CODE[name] for name in ("Account", "Observation", "Patient", "VisionPrescription")] == [1, 96, 103, 146]
