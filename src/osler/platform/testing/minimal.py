"""The smallest valid resource of any R4 type, made from the same definitions the kernel checks with."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from osler.platform.errors import OslerError
from osler.platform.fhir import Parsed, parse, r4

SAMPLES = (
    "x", "2026-11-21", "2026-11-21T10:00:00Z", "10:00:00", "urn:oid:1.2.3", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "aGVsbG8=",
)  # fmt: skip
"""One of these fits every primitive with a pattern."""
CHOICES = ("CodeableConcept", "Reference", "DateTime", "String", "Boolean", "Date", "Uri", "Integer", "Period")

TEXT = {"text": "x"}
_ACTIVE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}
_ITEM = {"type": "source", "resource": {"display": "x"}}
ASKED_BY_RULES: dict[str, dict[str, Any]] = {
    "AllergyIntolerance": {"clinicalStatus": _ACTIVE},
    "Appointment": {"status": "proposed", "participant": [{"status": "accepted", "type": [TEXT]}]},
    "AppointmentResponse": {"participantType": [TEXT]},
    "CapabilityStatement": {"software": {"name": "x"}, "rest": [{"mode": "server"}], "kind": "capability"},
    "Consent": {"policyRule": TEXT},
    "EventDefinition": {"trigger": [{"type": "named-event", "name": "x"}]},
    "ImmunizationRecommendation": {"recommendation": [{"forecastStatus": TEXT, "targetDisease": TEXT}]},
    "InsurancePlan": {"name": "x"},
    "Linkage": {"item": [_ITEM, _ITEM]},
    "Organization": {"name": "x"},
    "SearchParameter": {"status": "draft"},
    "StructureDefinition": {"type": "Patient", "differential": {"element": [{"id": "Patient", "path": "Patient"}]}},
    "TerminologyCapabilities": {"software": {"name": "x"}},
}
"""What R4's invariants ask of a type beyond its required elements; an active SearchParameter must be one that works."""


def value_of(kind: msgspec.inspect.Type) -> Any:
    """A value the decoder takes for a field of this type."""
    match kind:
        case msgspec.inspect.UnionType(types=types):
            return value_of(next(one for one in types if not isinstance(one, msgspec.inspect.NoneType)))
        case msgspec.inspect.ListType(item_type=item):
            return [value_of(item)]
        case msgspec.inspect.LiteralType(values=values):
            return values[0]
        case msgspec.inspect.StructType():
            return fields_of(kind)
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.IntType():
            return 1
        case msgspec.inspect.DecimalType() | msgspec.inspect.FloatType():
            return 1.5
        case msgspec.inspect.StrType(pattern=pattern):
            return next(text for text in SAMPLES if fits(text, pattern))
        case _:
            return {"resourceType": "Basic", "code": {"text": "x"}}


def fits(text: str, pattern: str | None) -> bool:
    """Whether the decoder's pattern matches."""
    return pattern is None or re.search(pattern, text) is not None


def fields_of(kind: msgspec.inspect.StructType) -> dict[str, Any]:
    """The required fields of a struct; one with none gets a text or display, since FHIR has no empty objects."""
    made = {field.encode_name: value_of(field.type) for field in kind.fields if field.required}
    if not made:
        names = {field.encode_name for field in kind.fields}
        for name, text in (
            ("display", "x"),
            ("text", "x"),
            ("value", 1),
            ("start", "2026-11-21"),
            ("code", "x"),
            ("name", "x"),
            ("title", "x"),
            ("id", "x"),
        ):
            if name in names:
                return {name: text}
    return made


def minimal(type_name: str) -> Parsed:
    """The smallest resource of a type that passes every check of the kernel."""
    struct = msgspec.inspect.type_info(getattr(r4, type_name))
    assert isinstance(struct, msgspec.inspect.StructType)
    required = {field.encode_name: value_of(field.type) for field in struct.fields if field.required}
    body: dict[str, Any] = {"resourceType": type_name} | required | ASKED_BY_RULES.get(type_name, {})
    while True:
        try:
            return parse(msgspec.json.encode(body))
        except OslerError as refused:
            if not all(
                issue.code != "invariant" and choose(body, struct, (issue.expression or "").split(".")[1:]) for issue in refused.outcome()
            ):
                raise


def choose(body: dict[str, Any], struct: msgspec.inspect.StructType, path: list[str]) -> bool:
    """Give a required choice element its first kind that we can fill. Answers whether it was one."""
    step, _, rest = path[0].partition("[")
    if len(path) > 1:
        inner = next(field.type for field in struct.fields if field.encode_name == step)
        below = body[step][int(rest.rstrip("]"))] if isinstance(body[step], list) else body[step]
        return choose(below, struct_in(inner), path[1:])
    for kind in CHOICES:
        field = next((one for one in struct.fields if one.encode_name == f"{step}{kind}"), None)
        if field is not None and field.encode_name not in body:
            body[field.encode_name] = value_of(field.type)
            return True
    return False


def struct_in(kind: msgspec.inspect.Type) -> msgspec.inspect.StructType:
    """The struct inside `list[X] | None`."""
    match kind:
        case msgspec.inspect.UnionType(types=types):
            return struct_in(next(one for one in types if not isinstance(one, msgspec.inspect.NoneType)))
        case msgspec.inspect.ListType(item_type=item):
            return struct_in(item)
        case msgspec.inspect.StructType():
            return kind
        case _:
            raise TypeError(f"{kind} holds no elements")
