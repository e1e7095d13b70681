"""What an element may hold, as XML sees it: the order of the children, what is an attribute, what is a value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from osler.platform.fhir import TYPE_CODE
from osler.platform.fhir.elements import elements

FHIR = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"

Form = Literal["resource", "complex", "string", "boolean", "integer", "decimal", "xhtml"]

_NUMBERS = {"integer", "positiveInt", "unsignedInt"}
_OF_EVERY_PRIMITIVE = "Element"


@dataclass(frozen=True, slots=True)
class Child:
    """One element below another: where it stands in the order of the definition, and what it holds."""

    order: int
    name: str
    """Its name in JSON and XML alike: `valueQuantity`."""
    label: str
    """Its step in a path: `value.ofType(Quantity)`."""
    type: str
    many: bool
    form: Form


@dataclass(frozen=True, slots=True)
class Shape:
    """A type: its children by name, and those of its members that XML writes as attributes."""

    children: dict[str, Child]
    attributes: tuple[str, ...]


@cache
def shape(name: str) -> Shape:
    """The shape of a resource type, a datatype or a backbone element."""
    table = elements(name)
    attributes = () if name in TYPE_CODE else ("id", "url") if name == "Extension" else ("id",)
    children = {
        element.name: Child(
            order, element.name, _label(element.name, element.choice, element.type), element.type, element.many, form(element.type)
        )
        for order, element in enumerate(table.values())
        if element.name not in attributes
    }
    return Shape(children, attributes)


def form(type: str) -> Form:  # noqa: A002
    """How a value of this type is written."""
    if type == "Resource":
        return "resource"
    if type in ("boolean", "decimal", "xhtml"):
        return type  # type: ignore[return-value]  # the three names are forms
    if type in _NUMBERS:
        return "integer"
    return "string" if type[0].islower() else "complex"


def of_primitives() -> Shape:
    """What may stand below a primitive: extensions."""
    return shape(_OF_EVERY_PRIMITIVE)


def _label(name: str, choice: str, type: str) -> str:  # noqa: A002
    return f"{choice}.ofType({type})" if choice else name
