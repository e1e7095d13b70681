"""What is not R4 is refused with the element's path, the right status and the place in the text."""

from __future__ import annotations

import pytest

from osler.platform import fhir
from osler.platform.errors import Invalid, Issue, Malformed, OslerError

OBSERVATION = '{"resourceType":"Observation","status":"final","code":{"text":"Glucose"}%s}'
MEDICATION = '{"resourceType":"MedicationRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"}}'
CONDITION = '{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":%s}'
PATIENT = '{"resourceType":"Patient"%s}'


def refused(text: str | bytes) -> tuple[type[OslerError], list[Issue]]:
    with pytest.raises((Malformed, Invalid)) as error:
        fhir.parse(text.encode() if isinstance(text, str) else text)
    return type(error.value), error.value.outcome()


MALFORMED = [
    (PATIENT % ',"meta":{"project":"p"}', "Patient.meta.project"),
    ('{"resourceType":"Binary","contentType":"text/plain","url":"http://h.example"}', "Binary.url"),
    (OBSERVATION % ',"component":[{"code":{"text":"x"},"colour":1}]', "Observation.component[0].colour"),
    (OBSERVATION % ',"valueQuantity":{"value":"1.0"}', "Observation.value.ofType(Quantity).value"),
    (OBSERVATION % ',"valueInteger":1.0', "Observation.value.ofType(integer)"),
    (OBSERVATION % ',"valueInteger":"1"', "Observation.value.ofType(integer)"),
    (OBSERVATION % ',"valueBoolean":"true"', "Observation.value.ofType(boolean)"),
    (OBSERVATION % ',"subject":null', "Observation.subject"),
    (OBSERVATION % ',"note":[]', "Observation.note"),
    (OBSERVATION % ',"category":[{}]', "Observation.category[0]"),
    (OBSERVATION % ',"category":{"text":"x"}', "Observation.category"),
    (OBSERVATION % ',"subject":[{"reference":"Patient/1"}]', "Observation.subject"),
    (OBSERVATION % ',"status":"final"', "Observation.status"),
    (OBSERVATION % ',"issued":""', "Observation.issued"),
    (PATIENT % ',"name":[{"given":["Ann",null]}]', "Patient.name[0].given[1]"),
    (PATIENT % ',"name":[{"given":["Ann"],"_given":[null]}]', "Patient.name[0].given"),
    (PATIENT % ',"_birthDate":{}', "Patient.birthDate"),
    (PATIENT % ',"_birthDate":{"valueString":"x"}', "Patient.birthDate.valueString"),
    (PATIENT % ',"contained":[{"resourceType":"Nothing"}]', "Patient.contained[0].resourceType"),
    (PATIENT % ',"contained":[{"id":"x"}]', "Patient.contained[0].resourceType"),
    (PATIENT % ',"active":true,"active":true', "Patient.active"),
    ('{"resourceType":"Telepathy"}', "Resource.resourceType"),
    ('{"status":"final"}', "Resource.resourceType"),
    ("[]", "Resource.resourceType"),
    ('{"resourceType":"Bundle","type":"collection","entry":[{"resource":null}]}', "Bundle.entry[0].resource.resourceType"),
]

INVALID = [
    (OBSERVATION % ',"valueString":"a","valueInteger":1', "Observation.value", "invariant"),
    (OBSERVATION % ',"valueString":"a","_valueInteger":{"id":"x"}', "Observation.value", "invariant"),
    (OBSERVATION % ',"valueString":"a","\\u005fvalueInteger":{"id":"x"}', "Observation.value", "invariant"),
    ('{"resourceType":"Observation","status":"final"}', "Observation.code", "required"),
    ('{"resourceType":"Observation","code":{"text":"x"}}', "Observation.status", "required"),
    (OBSERVATION.replace("final", "finished") % "", "Observation.status", "code-invalid"),
    (CONDITION % '{"text":"active"}', "Condition.clinicalStatus", "code-invalid"),
    (CONDITION % '{"coding":[{"system":"http://h.example","code":"active"}]}', "Condition.clinicalStatus", "code-invalid"),
    (OBSERVATION % ',"effectiveDateTime":"1981-02-29"', "Observation.effective.ofType(dateTime)", "value"),
    (OBSERVATION % ',"effectiveDateTime":"2024-04-31T10:00:00Z"', "Observation.effective.ofType(dateTime)", "value"),
    (OBSERVATION % ',"effectiveDateTime":"2024-04-30T10:00:00"', "Observation.effective.ofType(dateTime)", "value"),
    (OBSERVATION % ',"effectiveDateTime":"2024-04-30T10:00Z"', "Observation.effective.ofType(dateTime)", "value"),
    (OBSERVATION % ',"issued":"2024-04-30"', "Observation.issued", "value"),
    (OBSERVATION % ',"issued":"2024-04-30T24:00:00Z"', "Observation.issued", "value"),
    (OBSERVATION % ',"subject":{"reference":"Practitioner/1"}', "Observation.subject.reference", "value"),
    (OBSERVATION % ',"subject":{"reference":"https://h.example/fhir/Practitioner/1"}', "Observation.subject.reference", "value"),
    (OBSERVATION % ',"performer":[{"reference":"Patient/1"},{"reference":"Slot/1"}]', "Observation.performer[1].reference", "value"),
    (OBSERVATION % ',"valueInteger":2147483648', "Observation.value.ofType(integer)", "value"),
    (OBSERVATION % ',"id":"not an id"', "Observation.id", "value"),
    (OBSERVATION % ',"implicitRules":"a b"', "Observation.implicitRules", "value"),
    (OBSERVATION % ',"language":" en"', "Observation.language", "value"),
    (OBSERVATION % ',"valueString":"a\\u0000b"', "Observation.value.ofType(string)", "value"),
    (OBSERVATION % ',"valueString":"a\\bb"', "Observation.value.ofType(string)", "value"),
    (PATIENT % ',"photo":[{"data":"abc"}]', "Patient.photo[0].data", "value"),
    (PATIENT % ',"birthDate":"1900-02-29"', "Patient.birthDate", "value"),
    (PATIENT % ',"birthDate":"0000"', "Patient.birthDate", "value"),
    (PATIENT % ',"multipleBirthInteger":1,"multipleBirthBoolean":true', "Patient.multipleBirth", "invariant"),
    (PATIENT % ',"extension":[{"url":"urn:x","valueOid":"urn:oid:3.1"}]', "Patient.extension[0].value.ofType(oid)", "value"),
    (PATIENT % ',"extension":[{"url":"urn:x","valueUuid":"urn:uuid:1"}]', "Patient.extension[0].value.ofType(uuid)", "value"),
    (PATIENT % ',"extension":[{"valueString":"x"}]', "Patient.extension[0].url", "required"),
    (PATIENT % ',"contained":[{"resourceType":"Patient","gender":"x"}]', "Patient.contained[0].gender", "code-invalid"),
    (MEDICATION, "MedicationRequest.medication", "required"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expression"), MALFORMED)
def test_what_is_no_fhir_json_is_malformed_and_the_element_is_named(text: str, expression: str) -> None:
    kind, issues = refused(text)

    assert kind is Malformed
    assert [issue.expression for issue in issues] == [expression]
    assert issues[0].line == 1


@pytest.mark.parametrize(("text", "expression", "code"), INVALID)
def test_what_breaks_a_rule_of_r4_is_invalid_and_the_element_is_named(text: str, expression: str, code: str) -> None:
    kind, issues = refused(text)

    assert kind is Invalid
    assert [(issue.expression, issue.code) for issue in issues] == [(expression, code)]
    assert issues[0].line == 1


def test_every_broken_rule_is_told_at_once_with_its_line_and_column() -> None:
    text = """{
  "resourceType": "Patient",
  "gender": "f",
  "birthDate": "1981-02-29",
  "name": [
    { "use": "old" },
    { "use": "often" }
  ]
}"""

    kind, issues = refused(text)

    assert kind is Invalid
    assert [(i.expression, i.line, i.column) for i in issues] == [
        ("Patient.gender", 3, 3),
        ("Patient.birthDate", 4, 3),
        ("Patient.name[1].use", 7, 7),
    ]


def test_an_issue_inside_a_bundle_carries_its_place_in_the_whole_text() -> None:
    text = """{"resourceType":"Bundle","type":"collection","entry":[
{"resource":{"resourceType":"Patient"}},
{"resource":
{"resourceType":"Patient","active":1}}]}"""

    _, issues = refused(text)

    assert [(i.expression, i.line, i.column) for i in issues] == [("Bundle.entry[1].resource.active", 4, 27)]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (b'{"resourceType":"Patient",}', 1, 27),
        (b'{\n  "resourceType" "Patient"\n}', 2, 18),
        (b'{"resourceType":\n"Patient"', 2, 10),
        (b"", 1, 1),
        ('{"a":"é",\n"b":"éé", x}'.encode(), 2, 11),
        (b'{"resourceType":"Patient"}}', 1, 27),
        (b'{"resourceType":"Patient","active":NaN}', 1, 36),
        (b'{"resourceType":"Patient","language":"\xff"}', 1, 39),
        (b'\xef\xbb\xbf{"resourceType":"Patient"}', 1, 1),
        ('{"resourceType":"Patient"}'.encode("utf-16"), 1, 1),
    ],
)
def test_broken_json_is_malformed_with_line_and_column(text: bytes, line: int, column: int) -> None:
    kind, issues = refused(text)

    assert kind is Malformed
    assert [(i.line, i.column) for i in issues] == [(line, column)]


def test_another_type_than_the_one_asked_for_is_refused() -> None:
    with pytest.raises(Malformed) as error:
        fhir.parse(b'{"resourceType":"Patient"}', "Observation")

    assert error.value.issues[0].expression == "Observation.resourceType"


def test_no_message_repeats_what_was_sent() -> None:
    _, issues = refused(PATIENT % ',"name":[{"use":"Secretname"}],"birthDate":"Secretname"')

    assert "Secretname" not in repr(issues)
