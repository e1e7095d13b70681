"""The operators that compute and compare. https://hl7.org/fhirpath/N1/#math"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal, DecimalException
from typing import Any

from osler.platform.fhirpath import quantity, temporal
from osler.platform.fhirpath.nodes import Node, boolean, decimal, integer, string
from osler.platform.fhirpath.problems import ExecutionProblem, LimitReached
from osler.platform.fhirpath.quantity import Quantity
from osler.platform.fhirpath.temporal import Temporal
from osler.platform.fhirpath.types import kind_of

NUMBERS = frozenset({"Integer", "Long", "Decimal"})
MOMENTS = frozenset({"Date", "DateTime", "Time"})
LONGEST_TEXT = 1_000_000
DECIMALS = Context(prec=34)


def single(nodes: list[Node], of: str) -> Node | None:
    """The one item of an operand, or None for an empty one; more than one is a fault."""
    if len(nodes) > 1:
        raise ExecutionProblem(f"{of}: one item is expected, not {len(nodes)}")
    return nodes[0] if nodes else None


def operands(left: list[Node], right: list[Node], operator: str) -> tuple[str, Any, str, Any] | None:
    """Kinds and values of both sides; None where one is empty."""
    one, other = single(left, operator), single(right, operator)
    if one is None or other is None:
        return None
    first, second = one.system(), other.system()
    if first is None or second is None:
        # A primitive without a value, or a quantity that stands for a range (`< 5 mg`), is nothing to compute with.
        if kind_of(one.type) is not None and kind_of(other.type) is not None:
            return None
        raise ExecutionProblem(f"{operator} cannot be used with {one.type} and {other.type}")
    return (*first, *second)


def mismatch(operator: str, kind: str, other: str) -> ExecutionProblem:
    """The fault of an operator between values it is not defined for."""
    return ExecutionProblem(f"{operator} cannot be used with {kind} and {other}")


def order(left: list[Node], right: list[Node], operator: str) -> int | None:
    """-1, 0 or 1; None where a side is empty or precision or units leave it open."""
    found = operands(left, right, operator)
    if found is None:
        return None
    kind, value, other_kind, other = found
    if (kind in NUMBERS and other_kind in NUMBERS) or (kind == other_kind == "String"):
        return int(value > other) - int(value < other)
    if kind in MOMENTS and other_kind in MOMENTS and (kind == "Time") == (other_kind == "Time"):
        return temporal.compare(value, other)
    if "Quantity" in (kind, other_kind) and {kind, other_kind} <= NUMBERS | {"Quantity"}:
        return quantity.compare(_quantity(value), _quantity(other))
    raise mismatch(operator, kind, other_kind)


def _quantity(value: Any) -> Quantity:
    return value if isinstance(value, Quantity) else Quantity(Decimal(value), "1")


COMPARISONS: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def compare(operator: str, left: list[Node], right: list[Node]) -> list[Node]:
    """`<`, `<=`, `>` or `>=`."""
    found = order(left, right, operator)
    return boolean(None if found is None else COMPARISONS[operator](found))


def number(value: Any, whole: bool, kinds: tuple[str, str]) -> list[Node]:
    """A number of the wider of two kinds; empty where it does not fit."""
    if not whole:
        return decimal(value)
    if "Long" in kinds:
        return [Node(int(value), "System.Long")] if -(2**63) <= value < 2**63 else []
    return integer(int(value))


def text(value: str) -> list[Node]:
    """A string that was put together: no longer than one caller may ask for."""
    if len(value) > LONGEST_TEXT:
        raise LimitReached(f"A string of more than {LONGEST_TEXT} characters")
    return string(value)


def concatenate(left: list[Node], right: list[Node]) -> list[Node]:
    """`&`: an empty side counts as an empty string."""
    parts: list[str] = []
    for side in (left, right):
        node = single(side, "&")
        found = ("String", "") if node is None else node.system()
        if found is None or found[0] != "String":
            raise ExecutionProblem("& joins strings")
        parts.append(found[1])
    return text("".join(parts))


def plus(left: list[Node], right: list[Node]) -> list[Node]:
    """`+`."""
    found = operands(left, right, "+")
    if found is None:
        return []
    kind, value, other_kind, other = found
    if kind == other_kind == "String":
        return text(value + other)
    return _sum("+", kind, value, other_kind, other, 1)


def minus(left: list[Node], right: list[Node]) -> list[Node]:
    """`-`."""
    found = operands(left, right, "-")
    return [] if found is None else _sum("-", *found, sign=-1)


def _sum(operator: str, kind: str, value: Any, other_kind: str, other: Any, sign: int) -> list[Node]:
    if kind in NUMBERS and other_kind in NUMBERS:
        whole = "Decimal" not in (kind, other_kind)
        if whole:
            return number(value + sign * other, True, (kind, other_kind))
        return decimal(DECIMALS.add(Decimal(value), DECIMALS.multiply(Decimal(other), Decimal(sign))))
    if kind in MOMENTS and other_kind == "Quantity":
        return _moved(value, other, sign)
    if "Quantity" in (kind, other_kind) and {kind, other_kind} <= NUMBERS | {"Quantity"}:
        one, two = _quantity(value), _quantity(other)
        converted = quantity.in_unit_of(one, two)
        return [] if converted is None else [Node(Quantity(one.value + sign * converted, one.unit, one.calendar), "System.Quantity")]
    raise mismatch(operator, kind, other_kind)


def _moved(moment: Temporal, by: Quantity, sign: int) -> list[Node]:
    unit = by.calendar_unit()
    if unit is None:
        raise ExecutionProblem("Only a calendar's units can be added to a date or time; UCUM's a and mo have no fixed place in it")
    if abs(by.value) > 10**15:
        return []
    # UCUM's units count as whole ones, as the official suite has it; the calendar's seconds keep their fraction.
    amount = by.value if by.calendar else Decimal(int(by.value))
    made = temporal.add(moment, sign * amount, unit)
    return [] if made is None else [Node(made, f"System.{made.kind}")]


def times(left: list[Node], right: list[Node]) -> list[Node]:
    """`*`."""
    found = operands(left, right, "*")
    if found is None:
        return []
    kind, value, other_kind, other = found
    if kind in NUMBERS and other_kind in NUMBERS:
        whole = "Decimal" not in (kind, other_kind)
        return number(value * other if whole else DECIMALS.multiply(Decimal(value), Decimal(other)), whole, (kind, other_kind))
    return _scaled("*", kind, value, other_kind, other)


def divided(left: list[Node], right: list[Node]) -> list[Node]:
    """`/`: always a Decimal or a Quantity; nothing for a division by zero."""
    found = operands(left, right, "/")
    if found is None:
        return []
    kind, value, other_kind, other = found
    if kind in NUMBERS and other_kind in NUMBERS:
        return decimal(DECIMALS.divide(Decimal(value), Decimal(other))) if other else []
    return _scaled("/", kind, value, other_kind, other)


def _scaled(operator: str, kind: str, value: Any, other_kind: str, other: Any) -> list[Node]:
    if not ("Quantity" in (kind, other_kind) and {kind, other_kind} <= NUMBERS | {"Quantity"}):
        raise mismatch(operator, kind, other_kind)
    try:
        made = quantity.product(_quantity(value), _quantity(other), operator == "/")
    except DecimalException:
        return []
    if made is None or len(made.unit) > 200:
        return []
    return [Node(made, "System.Quantity")]


def whole_division(operator: str, left: list[Node], right: list[Node]) -> list[Node]:
    """`div` and `mod`: towards zero; nothing for a division by zero."""
    found = operands(left, right, operator)
    if found is None:
        return []
    kind, value, other_kind, other = found
    if not (kind in NUMBERS and other_kind in NUMBERS):
        raise mismatch(operator, kind, other_kind)
    if not other:
        return []
    try:
        quotient = int(DECIMALS.divide_int(Decimal(value), Decimal(other)))
    except DecimalException:
        return []
    if operator == "div":
        return number(quotient, True, (kind, other_kind))
    if "Decimal" not in (kind, other_kind):
        return number(value - quotient * other, True, (kind, other_kind))
    return decimal(DECIMALS.subtract(Decimal(value), DECIMALS.multiply(Decimal(quotient), Decimal(other))))


def negated(nodes: list[Node]) -> list[Node]:
    """A minus sign before a number or quantity."""
    node = single(nodes, "-")
    if node is None:
        return []
    found = node.system()
    if found is not None and found[0] in NUMBERS:
        kind, value = found
        return decimal(-value) if kind == "Decimal" else number(-value, True, (kind, kind))
    if found is not None and found[0] == "Quantity":
        return [Node(Quantity(-found[1].value, found[1].unit, found[1].calendar), "System.Quantity")]
    raise ExecutionProblem(f"- cannot be used with {node.type}")
