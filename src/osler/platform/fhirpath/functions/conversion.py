"""toX() and convertsToX(). https://hl7.org/fhirpath/N1/#conversion"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from osler.platform.fhirpath.arithmetic import single
from osler.platform.fhirpath.environment import Frame
from osler.platform.fhirpath.functions.table import Arguments, function, value_of
from osler.platform.fhirpath.nodes import Node, boolean
from osler.platform.fhirpath.problems import ExecutionProblem
from osler.platform.fhirpath.quantity import CALENDAR, Quantity, in_unit_of
from osler.platform.fhirpath.temporal import Temporal, read
from osler.platform.fhirpath.types import public_name

_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}\Z")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?\Z")
_QUANTITY = re.compile(r"(?P<value>[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?)\s*(?:'(?P<unit>[^']+)'|(?P<calendar>[a-z]+))?\Z")


def to_boolean(kind: str, value: Any) -> bool | None:
    """A Boolean; 1 and 0, and the words for true and false."""
    if kind == "Boolean":
        return bool(value)
    if kind in ("Integer", "Long", "Decimal"):
        return {1: True, 0: False}.get(value)
    if kind == "String":
        return True if value.lower() in _TRUE else False if value.lower() in _FALSE else None
    return None


def to_integer(kind: str, value: Any) -> int | None:
    """A whole number of 32 bits."""
    found = to_long(kind, value)
    return found if found is not None and -(2**31) <= found < 2**31 else None


def to_long(kind: str, value: Any) -> int | None:
    """A whole number of 64 bits."""
    if kind in ("Integer", "Long"):
        return int(value)
    if kind == "Boolean":
        return int(value)
    if kind == "String" and _INTEGER.match(value) and -(2**63) <= int(value) < 2**63:
        return int(value)
    return None


def to_decimal(kind: str, value: Any) -> Decimal | None:
    """A decimal number."""
    if kind in ("Integer", "Long", "Decimal", "Boolean"):
        return Decimal(value)
    return Decimal(value) if kind == "String" and _DECIMAL.match(value) else None


def to_string(kind: str, value: Any) -> str | None:
    """The value as it is written."""
    if kind == "Boolean":
        return "true" if value else "false"
    return f"{value:f}" if kind == "Decimal" else str(value)


def _to_moment(wanted: str) -> Callable[[str, Any], Temporal | None]:
    def convert(kind: str, value: Any) -> Temporal | None:
        if kind == "String":
            return read(wanted, value)
        if not isinstance(value, Temporal):
            return None
        if kind == wanted:
            return value
        if (kind, wanted) == ("Date", "DateTime"):
            return Temporal("DateTime", value.parts)
        return Temporal("Date", value.parts[:3]) if (kind, wanted) == ("DateTime", "Date") else None

    return convert


def to_quantity(kind: str, value: Any) -> Quantity | None:
    """An amount; a number alone has the unit 1."""
    if kind == "Quantity":
        return value  # type: ignore[no-any-return]
    if kind in ("Integer", "Long", "Decimal", "Boolean"):
        return Quantity(Decimal(value), "1")
    found = _QUANTITY.match(value) if kind == "String" else None
    if found is None:
        return None
    if found["calendar"] is not None:
        unit = CALENDAR.get(found["calendar"])
        return None if unit is None else Quantity(Decimal(found["value"]), unit, True)
    return Quantity(Decimal(found["value"]), found["unit"] or "1")


CONVERSIONS: dict[str, Callable[[str, Any], Any]] = {
    "Boolean": to_boolean,
    "Integer": to_integer,
    "Long": to_long,
    "Decimal": to_decimal,
    "String": to_string,
    "Date": _to_moment("Date"),
    "DateTime": _to_moment("DateTime"),
    "Time": _to_moment("Time"),
    "Quantity": to_quantity,
}


def _converted(nodes: list[Node], kind: str) -> tuple[bool, Any]:
    """Whether there is an item, and what it converts to."""
    node = single(nodes, f"to{kind}()")
    found = None if node is None else node.system()
    if node is None or (found is None and node.primitive):
        return False, None
    return True, None if found is None else CONVERSIONS[kind](*found)


def _in_unit(frame: Frame, arguments: Arguments, value: Any) -> Any:
    """A quantity in the unit asked for; nothing where its unit measures something else."""
    if not arguments or value is None:
        return value
    unit = value_of(frame, arguments[0], "String", "toQuantity")
    if unit is None:
        return None
    word = CALENDAR.get(unit.strip("'")) if unit in CALENDAR else None
    wanted = Quantity(Decimal(1), word or unit.strip("'"), word is not None)
    amount = in_unit_of(wanted, value)
    return None if amount is None else Quantity(amount, wanted.unit, wanted.calendar)


def _enter(kind: str) -> None:
    most = 1 if kind == "Quantity" else 0

    @function(f"to{kind}", 0, most)
    def convert(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
        value = _in_unit(frame, arguments, _converted(nodes, kind)[1])
        return [] if value is None else [Node(value, f"System.{kind}")]

    @function(f"convertsTo{kind}", 0, most)
    def converts(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
        there, value = _converted(nodes, kind)
        return boolean(_in_unit(frame, arguments, value) is not None) if there else []


for _kind in CONVERSIONS:
    _enter(_kind)


@function("type")
def type_(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """What each item is: the namespace and name of its type. https://hl7.org/fhirpath/N1/#reflection"""
    made = []
    for node in nodes:
        system = node.type.startswith("System.")
        info = {"namespace": "System" if system else "FHIR", "name": public_name(node.type)}
        made.append(Node(info, "System.SimpleTypeInfo" if node.primitive else "System.ClassInfo"))
    return made


@function("comparable", 1)
def comparable(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether two quantities measure the same, so that they can be compared."""
    found = [_quantity(nodes), value_of(frame, arguments[0], "Quantity", "comparable")]
    if found[0] is None or found[1] is None:
        return []
    one, other = found[0].canonical(), found[1].canonical()
    return boolean(one is not None and other is not None and one[1] == other[1])


def _quantity(nodes: list[Node]) -> Quantity | None:
    node = single(nodes, "comparable()")
    found = None if node is None else node.system()
    if found is None:
        return None
    if found[0] != "Quantity":
        raise ExecutionProblem("comparable() works on a Quantity")
    return found[1]  # type: ignore[no-any-return]
