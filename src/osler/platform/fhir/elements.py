"""What the R4 definitions say of each element: read from the generated table the first time somebody asks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

PRIMITIVES = frozenset({
    "boolean", "decimal", "integer", "positiveInt", "unsignedInt", "string", "markdown", "xhtml", "code", "id", "uri", "url",
    "canonical", "oid", "uuid", "base64Binary", "date", "dateTime", "instant", "time",
})  # fmt: skip
_TABLE = Path(__file__).parent / "generated/elements.json"


class Element(msgspec.Struct, array_like=True, frozen=True):
    """One JSON member of a type; a choice has one for each concrete name. `choice` is the name they share (`value`)."""

    name: str
    type: str
    many: bool
    min: int
    choice: str
    targets: tuple[str, ...]
    binding: str
    summary: bool
    modifier: bool
    extensible: bool
    """Whether extensions may stand beside the value, under `_name`."""
    concepts: str
    """The value set that one coding of a CodeableConcept must come from, where R4 requires one."""

    @property
    def primitive(self) -> bool:
        """Whether the element holds a value rather than further elements."""
        return self.type in PRIMITIVES


class _Row(msgspec.Struct, array_like=True, frozen=True):
    path: str
    base: str
    elements: tuple[Element, ...]


@cache
def _table() -> dict[str, _Row]:
    return msgspec.json.decode(_TABLE.read_bytes(), type=dict[str, _Row])


@cache
def elements(name: str) -> dict[str, Element]:
    """Every member of a type or backbone element (`ObservationComponent`), inherited ones first."""
    row = _table()[name]
    above = elements(row.base) if row.base else {}
    return above | {e.name: e for e in row.elements}


def is_type(name: str) -> bool:
    """Whether R4 defines a structure of this name (primitives have none)."""
    return name in _table()


def base_of(name: str) -> str:
    """The type that this one specialises; empty for Element and Resource."""
    return _table()[name].base


def path_of(name: str) -> str:
    """Where a type is defined: its own name, or `Patient.contact` for an element that is a type only there."""
    return _table()[name].path


def all_elements() -> Iterator[Element]:
    """Every element of every type."""
    for row in _table().values():
        yield from row.elements


@cache
def summary_elements(type: str) -> frozenset[str]:  # noqa: A002
    """The top-level members that `_summary=true` keeps. https://hl7.org/fhir/R4/search.html#summary"""
    return frozenset({"resourceType", "id", "meta"} | {e.name for e in elements(type).values() if e.summary})


@cache
def mandatory_elements(type: str) -> frozenset[str]:  # noqa: A002
    """The top-level members that `_elements` and `_summary=text` may not drop."""
    return frozenset({"resourceType", "id", "meta"} | {e.name for e in elements(type).values() if e.min})


@cache
def is_modifier(type: str, name: str) -> bool:  # noqa: A002
    """Whether ignoring this element could turn the meaning round."""
    element = elements(type).get(name)
    return element is not None and element.modifier
