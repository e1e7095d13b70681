"""FHIR's primitive types as patterns the decoder checks, and the few rules one element can check about itself.

Dates are real ones: 1981-02-29 does not match. https://hl7.org/fhir/R4/datatypes.html#primitive
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar

from msgspec import Meta, Raw

T = TypeVar("T")

if TYPE_CHECKING:
    from osler.platform.fhir.generated.datatypes import CodeableConcept, Reference, Resource

    OneResource: TypeAlias = Resource
    AnyResource: TypeAlias = Resource | None
    # An item of a list of primitives is None where only its extension is known (`_given`).
    Several = list[T | None]
    Many = list[T]
else:
    # A resource inside another is left as text by the decoder and opened afterwards by its own type's decoder.
    OneResource = AnyResource = Raw
    # Lists are never empty; a list with a null in it is left to the diagnosis.
    Several = Many = Annotated[list[T], Meta(min_length=1)]

_DAY = (
    r"(?!0000)(?:[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
)
_PARTIAL = r"(?!0000)[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"

PATTERNS = {
    "string": r"^[\s\S]",
    "code": r"\A(?:[!-~]+|[^\s]+(?:\s[^\s]+)*)\Z",
    "id": r"^[A-Za-z0-9.\-]{1,64}\Z",
    "uri": r"\A(?:[!-~]+|\S+)\Z",
    "oid": r"^urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+\Z",
    "uuid": r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z",
    "base64Binary": r"^[0-9A-Za-z+/]+={0,2}\Z",
    "date": rf"^(?:{_PARTIAL}|{_DAY})\Z",
    "dateTime": rf"^(?:{_PARTIAL}|{_DAY}(?:T{_TIME}{_ZONE})?)\Z",
    "instant": rf"^{_DAY}T{_TIME}{_ZONE}\Z",
    "time": rf"^{_TIME}\Z",
}

String = Annotated[str, Meta(min_length=1)]
Code = Annotated[str, Meta(pattern=PATTERNS["code"])]
Id = Annotated[str, Meta(pattern=PATTERNS["id"])]
Uri = Annotated[str, Meta(pattern=PATTERNS["uri"])]
Oid = Annotated[str, Meta(pattern=PATTERNS["oid"])]
Uuid = Annotated[str, Meta(pattern=PATTERNS["uuid"])]
Base64 = Annotated[str, Meta(pattern=PATTERNS["base64Binary"])]
Date = Annotated[str, Meta(pattern=PATTERNS["date"])]
DateTime = Annotated[str, Meta(pattern=PATTERNS["dateTime"])]
Instant = Annotated[str, Meta(pattern=PATTERNS["instant"])]
Time = Annotated[str, Meta(pattern=PATTERNS["time"])]
Integer = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
PositiveInt = Annotated[int, Meta(ge=1, le=2**31 - 1)]
UnsignedInt = Annotated[int, Meta(ge=0, le=2**31 - 1)]


@cache
def _usual_target(targets: str) -> re.Pattern[str]:
    """`Patient/1` with or without a version or a server before it; `Patient?…` inside a transaction; contained; a URN."""
    return re.compile(rf"(?:(?:https?:[^?#]*/)?(?:{targets})(?:/[A-Za-z0-9.\-]{{1,64}}(?:/_history/[A-Za-z0-9.\-]{{1,64}})?\Z|\?)|#|urn:)")


_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


@cache
def _restful(types: str) -> re.Pattern[str]:
    """A URL that ends in a resource type and an id."""
    return re.compile(rf".*/(?:{types})/[A-Za-z0-9.\-]{{1,64}}(?:/_history/[A-Za-z0-9.\-]{{1,64}})?\Z")


def may_target(reference: str, targets: str, types: str) -> bool:
    """Whether a reference limited to these types (`Patient|Group`) may read so: any URL may, unless it names another type's record."""
    if _usual_target(targets).match(reference):
        return True
    return _ABSOLUTE.match(reference) is not None and not _restful(types).match(reference)


def check_targets(reference: Reference, targets: str, types: str) -> None:
    """A reference points at one of the types its element allows; `types` are all there are."""
    text = reference.reference
    if text is not None and not may_target(text, targets, types):
        raise ValueError(f"Reference to {targets} expected")


def check_targets_of_all(references: list[Reference], targets: str, types: str) -> None:
    """Each reference in the list points at one of the types its element allows."""
    for reference in references:
        check_targets(reference, targets, types)


def check_concept(concept: CodeableConcept, value_set: frozenset[str]) -> None:
    """One coding of the concept comes from the value set R4 requires; an extension may say why there is none."""
    if concept.coding is None and concept.extension is not None:
        return
    if not any(f"{coding.system}|{coding.code}" in value_set for coding in concept.coding or ()):
        raise ValueError("A concept of the required value set expected")


def refuse_choice(name: str) -> None:
    """Say that a choice was made twice, or not at all where one is required."""
    raise ValueError(f"One value of {name} expected")


def check_base64(text: str) -> None:
    """Base64 comes in groups of four characters."""
    if len(text) % 4 and len("".join(text.split())) % 4:
        raise ValueError("Base64 expected")
