"""R4's invariants hold on whatever is read: each refusal names the rule, what it asks for and the element."""

from __future__ import annotations

import json
from typing import Any

import pytest

from osler.platform import fhir
from osler.platform.errors import Invalid, Issue
from osler.platform.fhir import invariants
from osler.platform.fhir.rules.generated.invariants import NOT_CHECKED, RULES

OBSERVATION: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
PATIENT: dict[str, Any] = {"resourceType": "Patient"}
CONDITION: dict[str, Any] = {"resourceType": "Condition", "subject": {"reference": "Patient/1"}}
VER_STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
XHTML = '<div xmlns="http://www.w3.org/1999/xhtml">%s</div>'


def refusal(resource: dict[str, Any]) -> list[Issue]:
    with pytest.raises(Invalid) as refused:
        fhir.parse(json.dumps(resource).encode())
    return refused.value.issues


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def narrative(inner: str) -> dict[str, Any]:
    return {"text": {"status": "generated", "div": XHTML % inner}}


def items(*several: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Questionnaire", "status": "draft", "item": list(several)}


BROKEN = [
    ("ext-1", "Patient.extension[0]", PATIENT | {"extension": [{"url": "urn:x"}]}),
    ("ext-1", "Patient.extension[0]", PATIENT | {"extension": [{"url": "urn:x", "id": "a"}]}),
    (
        "ext-1",
        "Patient.extension[0]",
        PATIENT | {"extension": [{"url": "urn:x", "valueString": "a", "extension": [{"url": "urn:y", "valueString": "b"}]}]},
    ),
    ("ext-1", "Patient.extension[0].extension[0]", PATIENT | {"extension": [{"url": "urn:x", "extension": [{"url": "urn:y"}]}]}),
    (
        "ext-1",
        "Patient.name[0].given[1].extension[0]",
        PATIENT | {"name": [{"given": ["A", "B"], "_given": [None, {"extension": [{"url": "urn:x"}]}]}]},
    ),
    ("ext-1", "Patient.birthDate.extension[0]", PATIENT | {"_birthDate": {"extension": [{"url": "urn:x"}]}}),
    ("per-1", "Patient.name[0].period", PATIENT | {"name": [{"text": "x", "period": {"start": "2020-02", "end": "2020-01"}}]}),
    (
        "per-1",
        "Patient.identifier[0].period",
        PATIENT | {"identifier": [{"period": {"start": "2020-01-01T12:00:00Z", "end": "2020-01-01T12:30:00+02:00"}}]},
    ),
    (
        "per-1",
        "Patient.extension[0].value.ofType(Period)",
        PATIENT | {"extension": [{"url": "urn:x", "valuePeriod": {"start": "2021", "end": "2020"}}]},
    ),
    ("cpt-2", "Patient.telecom[1]", PATIENT | {"telecom": [{"system": "phone", "value": "1"}, {"value": "2"}]}),
    ("pat-1", "Patient.contact[0]", PATIENT | {"contact": [{"gender": "male"}]}),
    ("att-1", "Patient.photo[0]", PATIENT | {"photo": [{"data": "AAAA"}]}),
    ("ele-1", "Patient.name[0]", PATIENT | {"name": [{"id": "a"}]}),
    ("ref-1", "Observation.subject", OBSERVATION | {"subject": {"reference": "#p"}}),
    ("dom-3", "Observation.contained[0]", OBSERVATION | {"contained": [{"resourceType": "Patient", "id": "p"}]}),
    (
        "dom-4",
        "Observation",
        OBSERVATION
        | {"contained": [{"resourceType": "Patient", "id": "p", "meta": {"versionId": "1"}}], "subject": {"reference": "#p"}},
    ),
    (
        "cpt-2",
        "Observation.contained[0].telecom[0]",
        OBSERVATION | {"contained": [{"resourceType": "Patient", "id": "p", "telecom": [{"value": "1"}]}], "subject": {"reference": "#p"}},
    ),
    ("qty-3", "Observation.value.ofType(Quantity)", OBSERVATION | {"valueQuantity": {"value": 1, "code": "mg"}}),
    ("rng-2", "Observation.value.ofType(Range)", OBSERVATION | {"valueRange": {"low": {"value": 2}, "high": {"value": 1}}}),
    ("rat-1", "Observation.value.ofType(Ratio)", OBSERVATION | {"valueRatio": {"numerator": {"value": 1}}}),
    ("obs-3", "Observation.referenceRange[0]", OBSERVATION | {"referenceRange": [{"type": {"text": "x"}}]}),
    ("obs-6", "Observation", OBSERVATION | {"valueString": "x", "dataAbsentReason": {"text": "y"}}),
    (
        "obs-7",
        "Observation",
        OBSERVATION
        | {
            "code": concept("http://loinc.org", "1-8"),
            "valueString": "x",
            "component": [{"code": concept("http://loinc.org", "1-8"), "valueString": "y"}],
        },
    ),
    ("tim-1", "ServiceRequest.occurrence.ofType(Timing).repeat", {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": {"reference": "Patient/1"},
        "occurrenceTiming": {"repeat": {"duration": 1}},
    }),
    ("prr-1", "ServiceRequest", {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": {"reference": "Patient/1"},
        "orderDetail": [{"text": "x"}],
    }),
    ("con-4", "Condition", CONDITION | {"abatementString": "x", "clinicalStatus": concept(CLINICAL, "active")}),
    ("con-5", "Condition", CONDITION | {
        "clinicalStatus": concept(CLINICAL, "active"), "verificationStatus": concept(VER_STATUS, "entered-in-error"),
    }),
    ("con-1", "Condition.stage[0]", CONDITION | {"stage": [{"type": {"text": "x"}}]}),
    ("org-1", "Organization", {"resourceType": "Organization", "active": True}),
    ("org-3", "Organization.telecom[0]", {
        "resourceType": "Organization", "name": "x", "telecom": [{"system": "phone", "value": "1", "use": "home"}],
    }),
    ("app-2", "Appointment", {
        "resourceType": "Appointment", "status": "proposed", "start": "2020-01-01T10:00:00Z",
        "participant": [{"status": "accepted", "actor": {"reference": "Patient/1"}}],
    }),
    ("que-2", "Questionnaire", items({"linkId": "1", "type": "string"}, {"linkId": "1", "type": "string"})),
    ("que-1", "Questionnaire.item[0]", items({"linkId": "1", "type": "group"})),
    ("que-7", "Questionnaire.item[1].enableWhen[0]", items(
        {"linkId": "1", "type": "string"},
        {"linkId": "2", "type": "string", "enableWhen": [{"question": "1", "operator": "exists", "answerString": "x"}]},
    )),
    ("ras-1", "RiskAssessment.prediction[0].probability.ofType(Range)", {
        "resourceType": "RiskAssessment", "status": "final", "subject": {"reference": "Patient/1"},
        "prediction": [{"probabilityRange": {"low": {"value": 1, "code": "mg", "system": "http://unitsofmeasure.org"}}}],
    }),
    ("inv-1", "Parameters.parameter[0]", {"resourceType": "Parameters", "parameter": [{"name": "x"}]}),
    ("bdl-1", "Bundle", {"resourceType": "Bundle", "type": "collection", "total": 1}),
    ("bdl-5", "Bundle.entry[0]", {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": "urn:uuid:1"}]}),
    ("bdl-3", "Bundle", {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": PATIENT}]}),
    ("bdl-7", "Bundle.entry[1]", {
        "resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": "urn:x", "resource": PATIENT}] * 2,
    }),
    ("bdl-8", "Bundle.entry[0]", {
        "resourceType": "Bundle", "type": "collection",
        "entry": [{"fullUrl": "http://h.example/Patient/1/_history/2", "resource": PATIENT}],
    }),
    ("cpt-2", "Bundle.entry[0].resource.telecom[0]", {
        "resourceType": "Bundle", "type": "collection",
        "entry": [{"fullUrl": "urn:x", "resource": PATIENT | {"telecom": [{"value": "1"}]}}],
    }),
    ("txt-1", "Patient.text.div", PATIENT | narrative("<script>alert(1)</script>")),
    ("txt-1", "Patient.text.div", PATIENT | narrative('<a href="javascript:alert(1)">x</a>')),
    ("txt-1", "Patient.text.div", PATIENT | narrative('<b onclick="x()">x</b>')),
    ("txt-1", "Patient.text.div", PATIENT | narrative("<b>x")),
    ("txt-1", "Patient.text.div", PATIENT | {"text": {"status": "generated", "div": "<p>x</p>"}}),
    ("txt-2", "Patient.text.div", PATIENT | narrative(" <p> </p> ")),
    ("sdf-1", "StructureDefinition", {
        "resourceType": "StructureDefinition", "url": "http://h.example/s", "name": "S", "status": "draft", "kind": "resource",
        "abstract": True, "type": "Patient", "snapshot": {"element": [
            {"id": name, "path": "Patient", "min": 0, "max": "1", "definition": "x", "base": {"path": "Patient", "min": 0, "max": "1"}}
            for name in ("a", "b")
        ]},
    }),
]  # fmt: skip


@pytest.mark.parametrize(("key", "path", "resource"), BROKEN, ids=[f"{key} at {path}" for key, path, _ in BROKEN])
def test_a_broken_rule_is_refused_with_its_key_its_words_and_its_place(key: str, path: str, resource: dict[str, Any]) -> None:
    issues = refusal(resource)

    human = next(rule[1] for rule in RULES if rule[0] == key)
    found = [(issue.code, issue.diagnostics.partition(":")[0], issue.expression, issue.severity) for issue in issues]
    assert ("invariant", key, path, "error") in found
    assert any(human[:30] in issue.diagnostics for issue in issues) or key == "inv-1"


KEPT = [
    PATIENT | {"extension": [{"url": "urn:x", "_valueString": {"extension": [{"url": "urn:y", "valueCode": "masked"}]}}]},
    PATIENT | {"extension": [{"url": "urn:x", "valueBoolean": False}]},
    PATIENT | {"extension": [{"url": "urn:x", "valueInteger": 0}]},
    PATIENT | {"extension": [{"url": "urn:x", "id": "a", "valueString": 'with "value" and { in it'}]},
    PATIENT | {"extension": [{"url": "urn:x", "valueQuantity": {"value": 1}}]},
    PATIENT | {"name": [{"text": "x", "period": {"start": "2020-01-01T10:00:00Z", "end": "2020-01-01"}}]},
    PATIENT | {"name": [{"text": "x", "period": {"start": "2020-01", "end": "2020"}}]},
    PATIENT | {"telecom": [{"_value": {"extension": [{"url": "urn:x", "valueCode": "masked"}]}, "system": "phone"}]},
    PATIENT | {"contact": [{"organization": {"reference": "Organization/1"}}]},
    OBSERVATION | {"contained": [{"resourceType": "Patient", "id": "p"}], "subject": {"reference": "#p"}},
    OBSERVATION
    | {"contained": [{"resourceType": "Provenance", "id": "p", "target": [{"reference": "#"}], "recorded": "2020-01-01T10:00:00Z",
                      "agent": [{"who": {"reference": "Patient/1"}}]}]},
    OBSERVATION | {"valueRange": {"low": {"value": 1, "unit": "g"}, "high": {"value": 2, "unit": "spoons"}}},
    OBSERVATION | {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 2}}},
    CONDITION | {"abatementString": "x", "clinicalStatus": concept(CLINICAL, "resolved")},
    PATIENT | narrative('<p title="x">A&nbsp;<b>b</b> &lt; &#169; <img src="#i" alt="x"/><a href="http://h.example">l</a></p>'),
    PATIENT | narrative('<img src="http://h.example/x.png" alt=""/>'),
    items({"linkId": "1", "type": "string"}, {"linkId": "2", "type": "string", "enableWhen": [
        {"question": "1", "operator": "exists", "answerBoolean": True}]}),
]  # fmt: skip


@pytest.mark.parametrize("resource", KEPT, ids=range(len(KEPT)))
def test_what_keeps_the_rules_or_cannot_be_decided_is_read(resource: dict[str, Any]) -> None:
    text = json.dumps(resource, separators=(",", ":")).encode()

    assert fhir.parse(text).body == text


def test_an_extension_with_two_values_is_still_a_fault_of_structure() -> None:
    issues = refusal(PATIENT | {"extension": [{"url": "urn:x", "valueString": "a", "valueCode": "b"}]})

    assert [issue.expression for issue in issues] == ["Patient.extension[0].value"]


def test_every_broken_rule_of_a_resource_is_named_with_line_and_column() -> None:
    text = b'{"resourceType":"Patient",\n "telecom":[{"value":"1"},\n {"value":"2"}],\n "contact":[{"gender":"male"}]}'

    with pytest.raises(Invalid) as refused:
        fhir.parse(text)

    assert [(i.diagnostics[:5], i.expression, i.line) for i in refused.value.issues] == [
        ("cpt-2", "Patient.telecom[0]", 2),
        ("cpt-2", "Patient.telecom[1]", 3),
        ("pat-1", "Patient.contact[0]", 4),
    ]


def test_a_resource_made_in_the_program_is_held_to_the_rules() -> None:
    patient = fhir.parse(b'{"resourceType":"Patient"}').resource
    patient.contact = [type(patient).__struct_fields__ and fhir.parse(
        b'{"resourceType":"Patient","contact":[{"name":{"text":"x"}}]}').resource.contact[0]]  # fmt: skip
    patient.contact[0].name = None
    patient.contact[0].gender = "male"

    with pytest.raises(Invalid):
        fhir.from_struct(patient)


def test_recommendations_are_warnings_and_only_given_when_asked_for() -> None:
    parsed = fhir.parse(json.dumps(PATIENT).encode())

    found = [(issue.severity, issue.diagnostics.partition(":")[0]) for issue in invariants.advice(parsed.resource)]

    assert found == [("warning", "dom-6")]


def test_the_rules_no_program_can_decide_are_listed_and_few() -> None:
    keys = {rule[0] for rule in RULES}

    assert set(NOT_CHECKED) == {"ctm-1", "cid-0", "evv-1"}
    assert len(keys) > 220
