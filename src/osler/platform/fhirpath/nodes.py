"""A value with what FHIRPath needs to know of it: its type, the element it stands in, and what is written beside a primitive."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from osler.platform.fhir.elements import PRIMITIVES, Element
from osler.platform.fhirpath.quantity import Quantity
from osler.platform.fhirpath.temporal import Temporal, read
from osler.platform.fhirpath.types import kind_of, members

_TEMPORAL = frozenset({"Date", "DateTime", "Time"})
_UCUM = "http://unitsofmeasure.org"


class Node:
    """One item of a collection. `value` is JSON as it was sent, or a System value where `type` begins with `System.`.

    `beside` is the object under `_name`, which holds a primitive's id and extensions; `parent`, `name` and `index` say where a
    value stands in its resource's JSON.
    """

    __slots__ = ("beside", "choice", "index", "name", "parent", "type", "value")

    def __init__(self, value: Any, type: str = "", beside: Any = None, parent: Node | None = None, name: str = "",  # noqa: A002
                 index: int | None = None, choice: str = "") -> None:  # fmt: skip
        if not type:
            type = str(value["resourceType"]) if isinstance(value, dict) and "resourceType" in value else _system_type(value)  # noqa: A001
        self.value = value
        self.type = type
        self.beside = beside
        self.parent = parent
        self.name = name
        self.index = index
        self.choice = choice

    def __repr__(self) -> str:  # noqa: D105 - for whoever debugs
        return f"Node({self.type} {self.path})"

    @property
    def path(self) -> str:
        """Where this stands: `Patient.name[0].given[1]`, `Observation.value.ofType(Quantity)`."""
        if self.parent is None:
            return self.type
        step = f"{self.choice}.ofType({self.type})" if self.choice else self.name
        return f"{self.parent.path}.{step}" + (f"[{self.index}]" if self.index is not None else "")

    @property
    def root(self) -> Node:
        """The outermost resource."""
        node = self
        while node.parent is not None:
            node = node.parent
        return node

    @property
    def resource(self) -> Node:
        """The nearest resource that holds this."""
        node = self
        while node.parent is not None and not (isinstance(node.value, dict) and "resourceType" in node.value):
            node = node.parent
        return node

    @property
    def primitive(self) -> bool:
        """Whether this is a FHIR primitive or a System value."""
        return self.type in PRIMITIVES or (self.type.startswith("System.") and not isinstance(self.value, dict))

    def children(self, name: str) -> list[Node]:
        """The child elements of this FHIRPath name, in order."""
        known = members(self.type).get(name)
        holder = self.beside if self.type in PRIMITIVES else self.value
        if not isinstance(holder, dict):
            return []
        if known is None:
            return [Node(holder[name], "System.String")] if self.type.startswith("System.") and name in holder else []
        made: list[Node] = []
        for element in known:
            self._add(made, holder, element)
        return made

    def all_children(self) -> Iterator[Node]:
        """Every child element, in the order of the definition."""
        holder = self.beside if self.type in PRIMITIVES else self.value
        if not isinstance(holder, dict) or self.type.startswith("System."):
            return
        for known in members(self.type).values():
            for element in known:
                made: list[Node] = []
                self._add(made, holder, element)
                yield from made

    def _add(self, made: list[Node], holder: dict[str, Any], element: Element) -> None:
        key = element.name
        value = holder.get(key)
        beside = holder.get(f"_{key}") if element.primitive else None
        if value is None and beside is None:
            return
        if not element.many:
            if isinstance(value, list):
                made += [self._child(element, item, None, position) for position, item in enumerate(value) if item is not None]
            else:
                made.append(self._child(element, value, beside, None))
            return
        values = value if isinstance(value, list) else [] if value is None else [value]
        besides = beside if isinstance(beside, list) else []
        for position in range(max(len(values), len(besides))):
            item = values[position] if position < len(values) else None
            extra = besides[position] if position < len(besides) else None
            if item is not None or extra is not None:
                made.append(self._child(element, item, extra, position))

    def _child(self, element: Element, value: Any, beside: Any, position: int | None) -> Node:
        kind = element.type
        if kind == "Resource" and isinstance(value, dict):
            kind = str(value.get("resourceType", kind))
        return Node(value, kind, beside, self, element.name, position, element.choice)

    def system(self) -> tuple[str, Any] | None:
        """The System type and value this takes part in operations with; None for a structure or a primitive without a value."""
        kind = kind_of(self.type)
        if kind is None or self.value is None:
            return None
        if self.type.startswith("System."):
            return kind, self.value
        value = self.value
        if kind in _TEMPORAL:
            moment = read(kind, value) if isinstance(value, str) else None
            return ("String", str(value)) if moment is None else (kind, moment)
        if kind == "Quantity":
            made = _quantity(value)
            return None if made is None else (kind, made)
        if kind == "Decimal":
            return _decimal(value)
        if kind == "Integer" and (not isinstance(value, int) or isinstance(value, bool)):
            return _decimal(value)
        if kind == "Boolean" and not isinstance(value, bool):
            return "String", str(value)
        return (kind, value) if kind != "String" or isinstance(value, str) else ("String", str(value))

    @property
    def text(self) -> str | None:
        """The value where it is a string."""
        found = self.system()
        return found[1] if found is not None and found[0] == "String" else None


def _decimal(value: Any) -> tuple[str, Any]:
    if isinstance(value, Decimal):
        return "Decimal", value
    try:
        return "Decimal", Decimal(str(value))
    except InvalidOperation:
        return "String", str(value)


def _quantity(value: Any) -> Quantity | None:
    if not isinstance(value, dict) or value.get("value") is None or value.get("comparator") is not None:
        return None
    kind, amount = _decimal(value["value"])
    if kind != "Decimal":
        return None
    code, system = value.get("code"), value.get("system")
    unit = code if code is not None and system in (_UCUM, None) else code or value.get("unit") or "1"
    return Quantity(amount, str(unit))


def _system_type(value: Any) -> str:
    if isinstance(value, bool):
        return "System.Boolean"
    if isinstance(value, int):
        return "System.Integer"
    if isinstance(value, Decimal | float):
        return "System.Decimal"
    if isinstance(value, Temporal):
        return f"System.{value.kind}"
    return "System.Quantity" if isinstance(value, Quantity) else "System.String"


def boolean(value: bool | None) -> list[Node]:
    """The collection of one Boolean, or the empty one for what cannot be said."""
    return [] if value is None else [Node(value, "System.Boolean")]


def integer(value: int) -> list[Node]:
    """The collection of one Integer; empty beyond 32 bits. https://hl7.org/fhirpath/N1/#integer"""
    return [Node(value, "System.Integer")] if -(2**31) <= value < 2**31 else []


def decimal(value: Decimal | None) -> list[Node]:
    """The collection of one Decimal; empty beyond 28 digits. https://hl7.org/fhirpath/N1/#decimal"""
    return [Node(value, "System.Decimal")] if value is not None and value.is_finite() and abs(value) < 10**28 else []


def string(value: str) -> list[Node]:
    """The collection of one String."""
    return [Node(value, "System.String")]
