"""Reading a resource: the JSON as sent becomes a struct that keeps every rule of R4, or a list of what is wrong and where.

The decoder does the work in C. Whatever it cannot settle (a refusal, a null, a primitive's extension) goes to `diagnosis`, which
walks the same definitions slowly and has the last word. https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from osler.platform.errors import Invalid, Issue, Malformed
from osler.platform.fhir import diagnosis
from osler.platform.fhir.codec import ENCODER, decoder, type_of
from osler.platform.fhir.diagnosis import MOST_ISSUES
from osler.platform.fhir.generated.datatypes import DomainResource, Resource
from osler.platform.fhir.generated.resources import Bundle, BundleEntry, BundleEntryResponse, Parameters, ParametersParameter
from osler.platform.fhir.positions import broken_json, locate


@dataclass(slots=True)
class Parsed:
    """A resource that keeps R4's rules: the struct to read, and its JSON without blanks, digits and order as sent."""

    type: str
    id: str | None
    resource: Any
    body: bytes


@dataclass(slots=True)
class Envelope:
    """A Bundle whose entries' resources are still text, so that one broken entry of a batch fails alone."""

    bundle: Bundle
    resources: list[msgspec.Raw | None]


class _Entries(msgspec.Struct):
    entry: list[dict[str, msgspec.Raw]] = []


_ENTRIES = msgspec.json.Decoder(_Entries)


def parse(body: bytes, type: str | None = None) -> Parsed:  # noqa: A002
    """Read one resource (of this type, where one is named). Malformed and Invalid name the element and the place in the text."""
    minified = minify(body)
    try:
        return _parse(minified, type, "")
    except (Malformed, Invalid) as refused:
        refused.issues = locate(body, refused.issues)
        raise


def parse_value(raw: msgspec.Raw | bytes, path: str = "", type: str | None = None) -> Parsed:  # noqa: A002
    """Read a resource that stands inside an already minified text, at this path (`Bundle.entry[3].resource`)."""
    try:
        return _parse(bytes(raw), type, path)
    except (Malformed, Invalid) as refused:
        refused.issues = [diagnosis.public(issue) for issue in refused.issues]
        raise


def parse_envelope(body: bytes) -> Envelope:
    """Read a batch or transaction Bundle, leaving each entry's resource to `parse_value`."""
    minified = minify(body)
    try:
        bundle: Bundle = _decode(minified, "Bundle", "", keep=True)
    except (Malformed, Invalid) as refused:
        refused.issues = locate(body, refused.issues)
        raise
    members = _ENTRIES.decode(minified).entry
    for entry in bundle.entry or ():
        entry.resource = None
    raws = [member.get("resource") for member in members]
    return Envelope(bundle, raws)


def from_struct(resource: Resource) -> Parsed:
    """A resource made in the program, as JSON; decimals keep the digits they were given."""
    body = ENCODER.encode(resource)
    if b":null" in body:
        body = _without_nulls(body)
    return Parsed(resource.resourceType, resource.id, resource, body)


def minify(body: bytes) -> bytes:
    """The JSON text without blanks between its parts; nothing else changes."""
    try:
        return msgspec.json.format(body, indent=-1)
    except RecursionError:
        raise Malformed("The JSON is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise broken_json(body, str(error)) from None


def _parse(minified: bytes, type: str | None, path: str) -> Parsed:  # noqa: A002
    try:
        found = type_of(minified)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    if found is None or (type is not None and found != type):
        return _refuse_type(minified, type, found, path)
    resource = _decode(minified, found, path)
    return Parsed(found, resource.id, resource, minified)


def _refuse_type(minified: bytes, type: str | None, found: str | None, path: str) -> Parsed:  # noqa: A002
    where = (path or type or "Resource") + ".resourceType"
    if found is None:
        raise Malformed("Not a FHIR R4 resource", [Issue("structure", "The member resourceType must name a FHIR R4 resource type", where)])
    raise Malformed(f"{type} expected", [Issue("structure", f"A resource of type {type} is expected here, not {found}", where)])


def _decode(text: bytes, type: str, path: str, keep: bool = False) -> Any:  # noqa: A002
    """The struct for this text, by the decoder where it is sure and by the diagnosis where it is not."""
    try:
        resource = decoder(type).decode(text)
    except RecursionError:
        raise Malformed("The JSON is nested too deeply") from None
    except (msgspec.ValidationError, UnicodeDecodeError) as error:
        return diagnosis.explain(text, type, path, str(error))
    except msgspec.DecodeError as error:
        raise broken_json(text, str(error)) from None
    holders = list(_embedded(resource)) if type in ("Bundle", "Parameters") or getattr(resource, "contained", None) else ()
    if not holders:
        return resource if _certain(text, resource) else diagnosis.explain(text, type, path)
    return _open(text, resource, holders, path, keep)


def _open(text: bytes, resource: Any, holders: Sequence[tuple[Any, Any, str]], path: str, keep: bool) -> Any:
    """Read the resources inside this one, each by its own decoder, and judge the text around them without them."""
    pieces, position = [], 0
    for number, (_, raw, _where) in enumerate(holders):
        inner = bytes(raw)
        start = text.find(inner, position)
        if start < 0:
            return diagnosis.explain(text, resource.resourceType, path)
        pieces += [text[position:start], b"%d" % number]
        position = start + len(inner)
    around = b"".join([*pieces, text[position:]])
    opened: list[Any] = []
    issues: list[Issue] = []
    base = path or resource.resourceType
    malformed = False
    for _, raw, where in holders:
        try:
            opened.append(raw if keep else _parse(bytes(raw), None, f"{base}.{where}").resource)
        except (Malformed, Invalid) as refused:
            malformed = malformed or isinstance(refused, Malformed)
            issues += refused.issues or [Issue(refused.code, refused.message, f"{base}.{where}")]
            opened.append(None)
            if len(issues) >= MOST_ISSUES:
                break
    if issues:
        raise (Malformed if malformed else Invalid)("A resource inside this one is not valid", issues[:MOST_ISSUES])
    for index, (holder, _, where) in enumerate(holders):
        _put(holder, where, index)
    sure = _certain(around, resource)
    for (holder, _, where), value in zip(holders, opened, strict=True):
        _put(holder, where, value)
    return resource if sure else diagnosis.explain(around, resource.resourceType, path, embedded=opened)


def _put(holder: Any, where: str, value: Any) -> None:
    name = where.rpartition(".")[2]
    if name.startswith("contained["):
        holder.contained[int(name[10:-1])] = value
    else:
        setattr(holder, name, value)


def _embedded(resource: Any) -> Iterator[tuple[Any, Any, str]]:
    """Each resource still held as text: the struct that holds it, the text, and its path from the resource."""
    if isinstance(resource, DomainResource):
        for index, raw in enumerate(resource.contained or ()):
            yield resource, raw, f"contained[{index}]"
    elif isinstance(resource, Bundle):
        for index, entry in enumerate(resource.entry or ()):
            yield from _embedded_in_entry(entry, entry.response, f"entry[{index}]")
    elif isinstance(resource, Parameters):
        for index, parameter in enumerate(resource.parameter or ()):
            yield from _embedded_in_parameter(parameter, f"parameter[{index}]")


def _embedded_in_entry(entry: BundleEntry, response: BundleEntryResponse | None, where: str) -> Iterator[tuple[Any, Any, str]]:
    if entry.resource is not None:
        yield entry, entry.resource, f"{where}.resource"
    if response is not None and response.outcome is not None:
        yield response, response.outcome, f"{where}.response.outcome"


def _embedded_in_parameter(parameter: ParametersParameter, where: str) -> Iterator[tuple[Any, Any, str]]:
    if parameter.resource is not None:
        yield parameter, parameter.resource, f"{where}.resource"
    for index, part in enumerate(parameter.part or ()):
        yield from _embedded_in_parameter(part, f"{where}.part[{index}]")


def _certain(text: bytes, resource: Any) -> bool:
    """Whether the decoder alone proves this text right.

    It lets pass an empty object, a control character and a primitive's extension; those show in the text. It also lets pass
    a null, a name given twice and a decimal written as a string; those leave fewer quotation marks when the struct is written.
    """
    if b"{}" in text or (b"_" in text and b'"_' in text):
        return False
    if b"\\" in text and (b"\\u00" in text or b"\\b" in text or b"\\f" in text):
        return False
    return bool(ENCODER.encode(resource).count(b'"') == text.count(b'"'))


def _without_nulls(body: bytes) -> bytes:
    """A required code that is only an extension has no value: leave the member out, as FHIR asks."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: clean(v) for k, v in value.items() if v is not None}
        return [clean(v) for v in value] if isinstance(value, list) else value

    return ENCODER.encode(clean(msgspec.json.Decoder(float_hook=Decimal).decode(body)))
