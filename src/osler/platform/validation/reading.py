"""Reading the JSON text into elements, with everything that is wrong with its structure. https://hl7.org/fhir/R4/json.html"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from osler.platform.fhir.elements import Element, elements
from osler.platform.fhir.generated.registry import TYPES
from osler.platform.fhirpath import Node
from osler.platform.validation.items import At, Item
from osler.platform.validation.report import Report

_KNOWN = frozenset(TYPES)
MOST_DEPTH = 120
_LONGEST_NUMBER = 400
_WHOLE = {"integer", "positiveInt", "unsignedInt"}


class TooDeep(Exception):
    """The text is nested beyond what is read."""


def parse(text: str) -> tuple[Any, dict[int, list[str]]]:
    """The JSON value with exact decimals, and the member names given twice by the object they stand in."""
    repeated: dict[int, list[str]] = {}
    kept: list[dict[str, Any]] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) != len(found):
            seen: set[str] = set()
            repeated[id(made)] = [name for name, _ in found if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
            kept.append(made)  # its id stays its own as long as it lives
        return made

    value = json.loads(text, object_pairs_hook=pairs, parse_float=_decimal, parse_int=_integer, parse_constant=_constant)
    return value, repeated


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("A number is out of range") from None


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) < _LONGEST_NUMBER else _decimal(text)


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


class Reader:
    """Turns a JSON tree into Items, reporting what does not fit the definitions' structure."""

    def __init__(self, report: Report, repeated: dict[int, list[str]]) -> None:
        self.report = report
        self.repeated = repeated

    def resource(self, value: Any, path: str = "", at: At = (), holder: tuple[Item, Element, int | None] | None = None) -> Item | None:
        """A whole resource, the outermost or one inside another."""
        place = path or "Resource"
        if not isinstance(value, dict):
            self.report.add("error", "structure", "A resource (a JSON object) is expected", place, at)
            return None
        name = value.get("resourceType")
        if not isinstance(name, str) or name not in _KNOWN:
            self.report.add("fatal", "structure", "The member resourceType must name a FHIR R4 resource type", place, at)
            return None
        parent, element, index = holder or (None, None, None)
        node = Node(value, name, None, parent.node if parent else None, element.name if element else "", index)
        item = Item(node, element.name if element else name, path or name, at, parent, index)
        if parent is not None:
            item.special = _special(parent, item.name)
        if len(at) > MOST_DEPTH:
            raise TooDeep
        self._members(item, name, value)
        return item

    def _members(self, item: Item, kind: str, value: dict[str, Any], resource: bool = True) -> None:
        """The members of one object."""
        table = elements(kind)
        if len(item.at) > MOST_DEPTH:
            raise TooDeep
        for name in self.repeated.get(id(value), ()):
            self.report.error("invalid", f"The member {name[:64]} is given twice", item)
        if not value:
            self.report.error("invalid", "An object must have some content", item)
        chosen: dict[str, str] = {}
        for key, member in value.items():
            element = table.get(key)
            beside = element is None and key[:1] == "_"
            if beside:
                element = table.get(key[1:])
                element = element if element is not None and element.extensible else None
            if element is None:
                if not (resource and key == "resourceType"):
                    self.report.error("structure", f"Unknown element {key[:64]}", item)
            elif element.choice and chosen.setdefault(element.choice, element.name) != element.name:
                self.report.error("structure", f"Only one type of {element.choice}[x] may be given", item)
            elif not beside:
                self._member(item, element, member, value.get(f"_{key}") if element.extensible else None)
            elif element.name not in value:
                self._member(item, element, None, member)

    def _member(self, item: Item, element: Element, value: Any, beside: Any) -> None:
        """One member: its value, or its values where it repeats."""
        name = element.choice or element.name
        path = f"{item.path}.{name}.ofType({element.type})" if element.choice else f"{item.path}.{name}"
        at = (*item.at, element.name)
        if not element.many:
            self._value(item, element, value, beside, path, at, None)
            return
        values, besides = self._list(value, element, path, at), self._list(beside, element, path, (*item.at, f"_{element.name}"))
        if element.primitive:
            for index in range(max(len(values), len(besides))):
                one = values[index] if index < len(values) else None
                more = besides[index] if index < len(besides) else None
                self._value(item, element, one, more, f"{path}[{index}]", (*at, index), index)
            return
        for index, one in enumerate(values):
            self._value(item, element, one, None, f"{path}[{index}]", (*at, index), index)

    def _list(self, value: Any, element: Element, path: str, at: At) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            self.report.add("error", "invalid", f"The element {element.name} repeats: a JSON array is expected", path, at)
            return [] if element.primitive else [value]
        if not value:
            self.report.add("error", "invalid", "An array must have some content", path, at)
        return value

    def _value(self, item: Item, element: Element, value: Any, beside: Any, path: str, at: At, index: int | None) -> None:
        """One value: a primitive, an object or a resource."""
        if element.type == "Resource":
            child = self.resource(value, path, at, (item, element, index))
            if child is not None:
                item.children.append(child)
            return
        node = Node(value, element.type, beside, item.node, element.name, index, element.choice)
        child = Item(node, element.choice or element.name, path, at, item, index)
        if element.primitive:
            self._primitive(child, element, value, beside)
            return
        if not isinstance(value, dict):
            self.report.add("error", "invalid", "An object is expected", path, at)
            return
        item.children.append(child)
        self._members(child, element.type, value, resource=False)

    def _primitive(self, child: Item, element: Element, value: Any, beside: Any) -> None:
        """A JSON value against the kind of value its type is written as, and the id and extensions beside it."""
        if isinstance(value, dict | list):
            self.report.error("invalid", "A simple value is expected, not an object or array", child)
            return
        if beside is not None and not isinstance(beside, dict):
            self.report.error("invalid", "An object with id or extension is expected", child)
            return
        if child.parent is not None:
            child.parent.children.append(child)
        if value is not None:
            self._kind(child, element.type, value)
        if beside is not None:
            if not beside:
                self.report.error("invalid", "An object must have some content", child)
            if "value" in beside:
                self.report.error("invalid", "The property value is not valid here", child)
            rest = {k: v for k, v in beside.items() if k != "value"}
            if rest:
                self._members(child, "Element", rest, resource=False)

    def _kind(self, child: Item, kind: str, value: Any) -> None:
        if kind == "boolean":
            right, wanted = isinstance(value, bool), "true or false"
        elif kind in _WHOLE or kind == "decimal":
            right, wanted = isinstance(value, int | Decimal) and not isinstance(value, bool), "a JSON number"
        else:
            right, wanted = isinstance(value, str), "a JSON string"
        if not right:
            self.report.error("invalid", f"Expected {wanted}", child)


def _special(parent: Item, name: str) -> str:
    if name == "contained":
        return "contained"
    return {"BundleEntry": "entry", "BundleEntryResponse": "outcome"}.get(parent.type, "parameter")
