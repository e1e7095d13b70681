"""What a profile can ask, one rule at a time: every kind of slicing and discriminator, values, bounds, contexts, differentials.

https://hl7.org/fhir/R4/profiling.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from osler.platform.validation import Definitions, accepts, validate

FHIR = "http://hl7.org/fhir/StructureDefinition/"
URL = "http://clinic.test/StructureDefinition/"
CODES = "http://clinic.test/CodeSystem/codes"


def profile(kind: str, *elements: dict[str, Any], name: str = "p", base: str = "", **more: Any) -> dict[str, Any]:
    """A profile by its differential; an element's path is its id without the names of slices."""
    rows = [{"path": ".".join(step.partition(":")[0] for step in e["id"].split("."))} | e for e in elements]
    return {
        "resourceType": "StructureDefinition",
        "url": URL + name,
        "name": name,
        "status": "active",
        "kind": "complex-type" if kind == "Extension" else "resource",
        "abstract": False,
        "type": kind,
        "baseDefinition": base or FHIR + kind,
        "derivation": "constraint",
        "differential": {"element": rows},
    } | more


def errors(resource: dict[str, Any], *definitions: dict[str, Any], url: str = "p") -> list[str]:
    """The errors, each with its place; what the quick test accepts must have none."""
    known = Definitions(definitions)
    text = json.dumps(resource).encode()
    found = [
        f"{i.expression}: {i.diagnostics}"
        for i in validate(text, profiles=[URL + url], definitions=known)
        if i.severity in ("error", "fatal")
    ]
    assert not (found and accepts(text, resource["resourceType"], (URL + url,), known)), found
    return found


def sliced(path: str, kind: str, by: str, *slices: dict[str, Any], rules: str = "open", ordered: bool = False) -> list[dict[str, Any]]:
    discriminator = {"discriminator": [{"type": kind, "path": by}]} if kind else {}
    return [{"id": path, "slicing": discriminator | {"rules": rules, "ordered": ordered}}, *slices]


def patient(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient"} | members


def coded(code: str) -> dict[str, Any]:
    return {"coding": [{"system": CODES, "code": code}]}


def observation(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": coded("a")} | members


A = [
    {"id": "Patient.telecom:phone", "sliceName": "phone", "min": 1, "max": "1"},
    {"id": "Patient.telecom:phone.system", "min": 1, "fixedCode": "phone"},
]
B = [
    {"id": "Patient.telecom:mail", "sliceName": "mail", "max": "1"},
    {"id": "Patient.telecom:mail.system", "min": 1, "fixedCode": "email"},
]
PHONE = {"system": "phone", "value": "1"}
MAIL = {"system": "email", "value": "a@b.c"}
FAX = {"system": "fax", "value": "2"}


@pytest.mark.parametrize(
    ("rules", "ordered", "given", "right"),
    [
        ("open", False, [FAX, MAIL, PHONE], True),
        ("open", False, [MAIL], False),
        ("open", False, [PHONE, PHONE], False),
        ("closed", False, [MAIL, PHONE], True),
        ("closed", False, [PHONE, FAX], False),
        ("open", True, [PHONE, MAIL], True),
        ("open", True, [MAIL, PHONE], False),
        ("openAtEnd", False, [MAIL, PHONE, FAX], True),
        ("openAtEnd", False, [PHONE, FAX, MAIL], False),
    ],
)
def test_slices_open_closed_ordered_and_open_at_the_end(rules: str, ordered: bool, given: list[Any], right: bool) -> None:
    rule = profile("Patient", *sliced("Patient.telecom", "value", "system", *A, *B, rules=rules, ordered=ordered))

    found = errors(patient(telecom=given), rule)

    assert (found == []) is right, found


def test_a_slice_by_pattern_asks_its_own_of_what_falls_into_it() -> None:
    rule = profile(
        "Observation",
        *sliced(
            "Observation.component",
            "pattern",
            "code",
            {"id": "Observation.component:one", "sliceName": "one", "min": 1, "max": "1"},
            {"id": "Observation.component:one.code", "patternCodeableConcept": coded("one")},
            {"id": "Observation.component:one.value[x]", "min": 1, "type": [{"code": "Quantity"}]},
        ),
    )

    assert errors(observation(component=[{"code": coded("one"), "valueQuantity": {"value": 1}}, {"code": coded("two")}]), rule) == []
    assert errors(observation(component=[{"code": coded("one"), "valueString": "1"}]), rule)
    assert errors(observation(component=[{"code": coded("two")}]), rule)


def test_a_slice_by_existence() -> None:
    rule = profile(
        "Patient",
        *sliced(
            "Patient.name",
            "exists",
            "period",
            {"id": "Patient.name:past", "sliceName": "past", "max": "1"},
            {"id": "Patient.name:past.period", "min": 1},
            {"id": "Patient.name:now", "sliceName": "now", "min": 1, "max": "1"},
            {"id": "Patient.name:now.period", "max": "0"},
        ),
    )
    now, past = {"family": "Now"}, {"family": "Past", "period": {"end": "2020"}}

    assert errors(patient(name=[past, now]), rule) == []
    assert errors(patient(name=[past]), rule)
    assert errors(patient(name=[now, past, past]), rule)


def test_a_slice_by_type() -> None:
    rule = profile(
        "Observation",
        *sliced(
            "Observation.value[x]",
            "type",
            "$this",
            {"id": "Observation.value[x]:valueQuantity", "sliceName": "valueQuantity", "type": [{"code": "Quantity"}]},
            {"id": "Observation.value[x]:valueQuantity.code", "min": 1},
            rules="closed",
        ),
    )

    assert errors(observation(valueQuantity={"value": 1, "system": "http://unitsofmeasure.org", "code": "kg"}), rule) == []
    assert errors(observation(valueQuantity={"value": 1}), rule)
    assert errors(observation(valueString="x"), rule)


def test_a_slice_by_profile_and_by_the_type_of_a_contained_resource() -> None:
    named = profile("Patient", {"id": "Patient.name", "min": 1}, name="named")
    rule = profile(
        "Bundle",
        *sliced(
            "Bundle.entry",
            "profile",
            "resource",
            {"id": "Bundle.entry:named", "sliceName": "named", "min": 1, "max": "1"},
            {"id": "Bundle.entry:named.resource", "min": 1, "type": [{"code": "Patient", "profile": [URL + "named"]}]},
        ),
    )

    def bundle(*resources: Any) -> dict[str, Any]:
        return {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"fullUrl": f"urn:uuid:0f00b0f0-0000-4000-8000-00000000000{n}", "resource": r} for n, r in enumerate(resources)],
        }

    assert errors(bundle(patient(name=[{"family": "x"}]), patient(active=True)), named, rule) == []
    assert errors(bundle(patient(active=True)), named, rule)


def test_a_slice_divided_further() -> None:
    rule = profile(
        "Patient",
        *sliced(
            "Patient.telecom",
            "value",
            "system",
            {
                "id": "Patient.telecom:phone",
                "sliceName": "phone",
                "slicing": {"discriminator": [{"type": "value", "path": "use"}], "rules": "open"},
            },
            A[1],
            {"id": "Patient.telecom:phone/home", "sliceName": "phone/home", "min": 1, "max": "1"},
            {"id": "Patient.telecom:phone/home.use", "min": 1, "fixedCode": "home"},
        ),
    )

    assert errors(patient(telecom=[PHONE | {"use": "home"}, PHONE | {"use": "work"}]), rule) == []
    assert errors(patient(telecom=[PHONE | {"use": "home"}, PHONE | {"use": "home"}]), rule)
    assert errors(patient(telecom=[PHONE | {"use": "work"}, MAIL | {"use": "home"}]), rule)


def test_what_falls_into_no_slice_can_have_rules_too() -> None:
    rule = profile(
        "Patient",
        *sliced(
            "Patient.telecom",
            "value",
            "system",
            *A,
            {"id": "Patient.telecom:@default", "sliceName": "@default"},
            {"id": "Patient.telecom:@default.use", "min": 1},
            rules="closed",
        ),
    )

    assert errors(patient(telecom=[PHONE, FAX | {"use": "work"}]), rule) == []
    assert errors(patient(telecom=[PHONE, FAX]), rule)


@pytest.mark.parametrize(
    ("element", "right", "wrong"),
    [
        ({"id": "Patient.active", "fixedBoolean": True}, {"active": True}, {"active": False}),
        ({"id": "Patient.birthDate", "min": 1}, {"birthDate": "2020"}, {"active": True}),
        ({"id": "Patient.name", "max": "1"}, {"name": [{"text": "a"}]}, {"name": [{"text": "a"}, {"text": "b"}]}),
        ({"id": "Patient.photo", "max": "0"}, {"active": True}, {"photo": [{"url": "http://x.test/y"}]}),
        ({"id": "Patient.name.family", "maxLength": 3}, {"name": [{"family": "abc"}]}, {"name": [{"family": "abcd"}]}),
        ({"id": "Patient.birthDate", "minValueDate": "1900-01-01"}, {"birthDate": "1900-01-02"}, {"birthDate": "1899-12-31"}),
        (
            {"id": "Patient.multipleBirth[x]", "type": [{"code": "integer"}], "maxValueInteger": 4},
            {"multipleBirthInteger": 4},
            {"multipleBirthInteger": 5},
        ),
        ({"id": "Patient.deceased[x]", "type": [{"code": "boolean"}]}, {"deceasedBoolean": True}, {"deceasedDateTime": "2020"}),
        (
            {"id": "Patient.maritalStatus", "patternCodeableConcept": coded("x")},
            {"maritalStatus": {"coding": [{"system": CODES, "code": "y"}, {"system": CODES, "code": "x", "display": "X"}]}},
            {"maritalStatus": coded("y")},
        ),
        (
            {"id": "Patient.maritalStatus", "fixedCodeableConcept": coded("x")},
            {"maritalStatus": coded("x")},
            {"maritalStatus": coded("x") | {"text": "more"}},
        ),
        (
            {"id": "Patient.name", "constraint": [{"key": "n-1", "severity": "error", "human": "both", "expression": "given.exists()"}]},
            {"name": [{"given": ["a"]}]},
            {"name": [{"family": "a"}]},
        ),
        (
            {"id": "Patient.generalPractitioner", "type": [{"code": "Reference", "targetProfile": [FHIR + "Practitioner"]}]},
            {"generalPractitioner": [{"reference": "Practitioner/1"}]},
            {"generalPractitioner": [{"reference": "Organization/1"}]},
        ),
    ],
)
def test_one_rule_at_a_time(element: dict[str, Any], right: dict[str, Any], wrong: dict[str, Any]) -> None:
    rule = profile("Patient", element)

    assert errors(patient(**right), rule) == []
    assert errors(patient(**wrong), rule)


def test_a_profile_of_a_profile_keeps_what_both_ask() -> None:
    below = profile("Patient", {"id": "Patient.name", "min": 1}, name="below")
    rule = profile("Patient", {"id": "Patient.name.family", "min": 1}, base=URL + "below")

    assert errors(patient(name=[{"family": "x"}]), below, rule) == []
    assert errors(patient(active=True), below, rule)
    assert errors(patient(name=[{"text": "x"}]), below, rule)


def test_profiles_that_come_from_each_other_are_an_error_not_a_loop() -> None:
    one = profile("Patient", {"id": "Patient.name", "min": 1}, base=URL + "q")
    two = profile("Patient", {"id": "Patient.name", "min": 1}, name="q", base=URL + "p")

    assert errors(patient(active=True), one, two)


def extension(*contexts: str, **more: Any) -> dict[str, Any]:
    return profile(
        "Extension",
        {"id": "Extension.url", "fixedUri": URL + "note"},
        {"id": "Extension.value[x]", "min": 1, "type": [{"code": "string"}]},
        name="note",
        context=[{"type": "element", "expression": each} for each in contexts],
        **more,
    )


@pytest.mark.parametrize(
    ("contexts", "holder", "right"),
    [
        (["Patient"], {"extension": [{"url": URL + "note", "valueString": "x"}]}, True),
        (["Observation"], {"extension": [{"url": URL + "note", "valueString": "x"}]}, False),
        (["HumanName"], {"name": [{"extension": [{"url": URL + "note", "valueString": "x"}]}]}, True),
        (["Patient.name"], {"name": [{"extension": [{"url": URL + "note", "valueString": "x"}]}]}, True),
        (["Patient.contact"], {"name": [{"extension": [{"url": URL + "note", "valueString": "x"}]}]}, False),
        (["Element"], {"birthDate": "2020", "_birthDate": {"extension": [{"url": URL + "note", "valueString": "x"}]}}, True),
        (["Patient.gender"], {"birthDate": "2020", "_birthDate": {"extension": [{"url": URL + "note", "valueString": "x"}]}}, False),
        (["Patient"], {"extension": [{"url": URL + "note", "valueInteger": 1}]}, False),
        (["Patient"], {"extension": [{"url": URL + "note"}]}, False),
        (["Patient"], {"modifierExtension": [{"url": URL + "note", "valueString": "x"}]}, False),
    ],
)
def test_extensions_stand_where_their_definition_says_and_hold_what_it_says(
    contexts: list[str], holder: dict[str, Any], right: bool
) -> None:
    found = errors(patient(**holder), profile("Patient", {"id": "Patient.active", "max": "1"}), extension(*contexts))

    assert (found == []) is right, found


def test_an_extension_that_a_profile_demands() -> None:
    rule = profile(
        "Patient",
        {"id": "Patient.extension", "slicing": {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}},
        {
            "id": "Patient.extension:note",
            "sliceName": "note",
            "min": 1,
            "max": "1",
            "type": [{"code": "Extension", "profile": [URL + "note"]}],
        },
    )

    assert errors(patient(extension=[{"url": URL + "note", "valueString": "x"}]), rule, extension("Patient")) == []
    assert errors(patient(active=True), rule, extension("Patient"))


def test_codes_of_a_value_set_and_of_one_that_is_not_at_hand() -> None:
    system = {
        "resourceType": "CodeSystem",
        "url": CODES,
        "status": "active",
        "content": "complete",
        "concept": [{"code": "x"}, {"code": "y"}],
    }
    values = {
        "resourceType": "ValueSet",
        "url": "http://clinic.test/ValueSet/v",
        "status": "active",
        "compose": {"include": [{"system": CODES, "concept": [{"code": "x"}]}]},
    }

    def bound(strength: str, url: str = "http://clinic.test/ValueSet/v") -> dict[str, Any]:
        return profile("Patient", {"id": "Patient.maritalStatus", "binding": {"strength": strength, "valueSet": url}})

    assert errors(patient(maritalStatus=coded("x")), bound("required"), system, values) == []
    assert errors(patient(maritalStatus=coded("y")), bound("required"), system, values)
    assert errors(patient(maritalStatus=coded("y")), bound("extensible"), system, values) == []
    assert errors(patient(maritalStatus=coded("y")), bound("required", "http://clinic.test/ValueSet/unknown"), system, values) == []


def test_a_profile_that_is_not_known_is_never_passed_over() -> None:
    claimed = patient(active=True, meta={"profile": ["http://nobody.test/StructureDefinition/x"]})

    found = validate(json.dumps(claimed).encode())

    assert [i.expression for i in found if "not known here" in i.diagnostics] == ["Patient.meta.profile[0]"]
    asked = validate(json.dumps(patient(active=True)).encode(), profiles=[URL + "nowhere"])
    assert [i.severity for i in asked if "not known here" in i.diagnostics] == ["error"]
