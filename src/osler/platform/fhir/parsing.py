"""Reading a resource: the JSON as sent becomes a struct that keeps every rule of R4, or a list of what is wrong and where.

The decoder does the work in C. Whatever it cannot settle (a refusal, a null, a primitive's extension) goes to `diagnosis`, which
walks the same definitions slowly and has the last word. https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from osler.platform.errors import Invalid, Issue, Malformed, OslerError
from osler.platform.fhir import diagnosis, invariants
from osler.platform.fhir.bounds import check_bounds, check_depth
from osler.platform.fhir.codec import ENCODER, decoder, type_of
from osler.platform.fhir.diagnosis import MOST_ISSUES, Found
from osler.platform.fhir.embedded import HOLDERS, MOST_NESTED, Embedded, embedded
from osler.platform.fhir.generated.datatypes import Resource
from osler.platform.fhir.generated.resources import Bundle
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


LARGE_BUNDLE = 1024 * 1024
_OF_AN_ENTRY = frozenset({"bdl-3", "bdl-5", "bdl-7"})
"""What an entry lacks or repeats is that entry's failure, told by whoever carries it out; the others of a batch are done."""


# Control characters, and an underscore that would hide a primitive's extension.
_DOUBTFUL_ESCAPES = re.compile(rb"\\(?:u00[015]|[bf])")
_EMPTY, _BESIDE = re.compile(rb"\{\}"), re.compile(rb'"_')


class _Entries(msgspec.Struct):
    entry: list[dict[str, msgspec.Raw]] = []


_ENTRIES = msgspec.json.Decoder(_Entries)


def parse(body: bytes, type: str | None = None) -> Parsed:  # noqa: A002
    """Read one resource (of this type, where one is named). Malformed and Invalid name the element and the place in the text."""
    try:
        minified = minify(body)
        check_bounds(minified)
        return _parse(minified, type, "", 0)
    except RecursionError:
        raise Malformed("The JSON is nested too deeply") from None
    except (Malformed, Invalid) as refused:
        refused.issues = locate(body, refused.issues)
        raise


def parse_value(raw: msgspec.Raw | bytes, path: str = "", type: str | None = None) -> Parsed:  # noqa: A002
    """Read a resource that stands inside an already minified text, at this path (`Bundle.entry[3].resource`)."""
    try:
        return _parse(bytes(raw), type, path, 0)
    except RecursionError:
        raise Malformed("The JSON is nested too deeply") from None
    except (Malformed, Invalid) as refused:
        refused.issues = [diagnosis.public(issue) for issue in refused.issues]
        raise


def parse_envelope(body: bytes) -> Envelope:
    """Read a batch or transaction Bundle, leaving each entry's resource to `parse_value`."""
    try:
        minified = minify(body)
        check_bounds(minified)
        bundle: Bundle = _decode(minified, _type(minified, "Bundle", ""), "", 0, keep=True)
        invariants.check(bundle, minified, apart=_OF_AN_ENTRY)
        texts = _ENTRIES.decode(minified).entry
    except RecursionError:
        raise Malformed("The JSON is nested too deeply") from None
    except (Malformed, Invalid) as refused:
        refused.issues = locate(body, refused.issues)
        raise
    for entry in bundle.entry or ():
        entry.resource = None
    return Envelope(bundle, [text.get("resource") for text in texts])


def from_struct(resource: Resource) -> Parsed:
    """A resource made in the program, held to the same rules; decimals keep the digits they were given."""
    body = ENCODER.encode(resource)
    if b":null" in body:
        body = _without_nulls(body)
    return parse_value(body, type=resource.resourceType)


def minify(body: bytes) -> bytes:
    """The JSON text without blanks between its parts; nothing else changes."""
    try:
        body.decode()
        return msgspec.json.format(body, indent=-1)
    except UnicodeDecodeError as error:
        raise broken_json(body, f"The text is not UTF-8 (byte {error.start})") from None
    except msgspec.DecodeError as error:
        raise broken_json(body, str(error)) from None


def _parse(minified: bytes, type: str | None, path: str, depth: int, contained: bool = False) -> Parsed:  # noqa: A002
    found = _type(minified, type, path)
    if found not in HOLDERS:
        check_depth(minified)
    resource = _decode(minified, found, path, depth)
    if not contained:
        # A contained resource is checked with the one around it, which its references speak of.
        invariants.check(resource, minified, path)
    return Parsed(found, resource.id, resource, minified)


def _type(minified: bytes, expected: str | None, path: str) -> str:
    """The type of the resource in this text, where it is one of R4's and the one expected."""
    try:
        found = type_of(minified)
    except msgspec.DecodeError:
        found = None
    where = (path or expected or "Resource") + ".resourceType"
    if found is None:
        message = "The member resourceType must name a FHIR R4 resource type"
        raise Malformed("Not a FHIR R4 resource", [Found("structure", message, where)])
    if expected is not None and found != expected:
        message = f"A resource of type {expected} is expected here, not {found}"
        raise Malformed(f"{expected} expected", [Found("structure", message, where, at=("resourceType",))])
    return found


def _decode(text: bytes, name: str, path: str, depth: int, keep: bool = False) -> Any:
    """The struct for this text, by the decoder where it is sure and by the diagnosis where it is not."""
    try:
        resource = decoder(name).decode(text)
    except msgspec.ValidationError as error:
        if name == "Bundle" and len(text) > LARGE_BUNDLE:
            _explain_around(text, path)
        return diagnosis.explain(text, name, path, str(error))
    except msgspec.DecodeError as error:
        raise broken_json(text, str(error)) from None
    if name in HOLDERS or getattr(resource, "contained", None) is not None:
        return _open(text, resource, list(embedded(resource)), path, depth, keep)
    return resource if _certain(text, resource) else diagnosis.explain(text, name, path)


def _explain_around(text: bytes, path: str) -> None:
    """Refuse a large Bundle for what is wrong outside its entries' resources, without walking those."""
    try:
        texts = [entry["resource"] for entry in _ENTRIES.decode(text).entry if "resource" in entry]
    except msgspec.ValidationError:
        return
    around = _without(text, [bytes(raw) for raw in texts])
    if around is not None:
        diagnosis.explain(around, "Bundle", path, embedded=list(texts))


def _open(text: bytes, resource: Any, inner: list[Embedded], path: str, depth: int, keep: bool) -> Any:
    """Read the resources inside this one, each by its own decoder, and judge the text around them without them."""
    path = path or resource.resourceType
    around = _without(text, [bytes(one.text) for one in inner])
    if around is None or depth >= MOST_NESTED:
        return diagnosis.explain(text, resource.resourceType, path)
    opened = [one.text for one in inner] if keep else _read_all(inner, path, depth)
    for number, one in enumerate(inner):
        one.put(number)
    sure = _certain(around, resource)
    for one, made in zip(inner, opened, strict=True):
        one.put(made)
    return resource if sure else diagnosis.explain(around, resource.resourceType, path, embedded=opened)


def _without(text: bytes, inner: list[bytes]) -> bytes | None:
    """The text with a number in the place of each resource inside it; None when they do not stand in this order."""
    pieces, position = [], 0
    for number, piece in enumerate(inner):
        start = text.find(piece, position)
        if start < 0:
            return None
        pieces += [text[position:start], b"%d" % number]
        position = start + len(piece)
    return b"".join([*pieces, text[position:]])


def _read_all(inner: list[Embedded], path: str, depth: int) -> list[Any]:
    """Each resource inside another as a struct, or one refusal with the issues of all (up to a hundred)."""
    opened: list[Any] = []
    issues: list[Issue] = []
    refusals: set[type[OslerError]] = set()
    for one in inner:
        try:
            opened.append(_parse(bytes(one.text), None, path + one.path, depth + 1, one.at[0] == "contained").resource)
        except (Malformed, Invalid) as refused:
            refusals.add(type(refused))
            issues += [diagnosis.under(issue, one.at) for issue in refused.issues]
            if len(issues) >= MOST_ISSUES:
                break
    if issues:
        raise (Malformed if Malformed in refusals else Invalid)("A resource inside this one is not valid", issues[:MOST_ISSUES])
    return opened


def _certain(text: bytes, resource: Any) -> bool:
    """Whether the decoder alone proves this text right.

    It lets pass an empty object, a control character and a primitive's extension; those show in the text. It also lets pass
    a null, a name given twice and a decimal written as a string; those leave fewer quotation marks when the struct is written.
    """
    if _EMPTY.search(text) or (b"_" in text and _BESIDE.search(text)):
        return False
    if b"\\" in text and _DOUBTFUL_ESCAPES.search(text):
        return False
    written = ENCODER.encode(resource)
    return bool(written == text or written.count(b'"') == text.count(b'"'))


def _without_nulls(body: bytes) -> bytes:
    """A required code that is only an extension has no value: leave the member out, as FHIR asks."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: clean(v) for k, v in value.items() if v is not None}
        return [clean(v) for v in value] if isinstance(value, list) else value

    return ENCODER.encode(clean(msgspec.json.Decoder(float_hook=Decimal).decode(body)))
