"""`=`, `~` and what counts as the same item in a set. https://hl7.org/fhirpath/N1/#equality"""

from __future__ import annotations

from collections.abc import Hashable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from osler.platform.fhirpath import quantity, temporal
from osler.platform.fhirpath.nodes import Node
from osler.platform.fhirpath.quantity import Quantity
from osler.platform.fhirpath.temporal import Temporal

_NUMBERS = frozenset({"Integer", "Long", "Decimal"})
_MOMENTS = frozenset({"Date", "DateTime", "Time"})


def equal(left: list[Node], right: list[Node]) -> bool | None:
    """Whether both hold the same items in the same order; None where a side is empty or precision leaves it open."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    answer: bool | None = True
    for one, other in zip(left, right, strict=True):
        same = same_value(one, other)
        if same is False:
            return False
        if same is None:
            answer = None
    return answer


def same_value(left: Node, right: Node) -> bool | None:
    """Whether two items are equal; None where it cannot be said."""
    one, other = left.system(), right.system()
    if one is None or other is None:
        return one is None and other is None and _same_structure(left, right)
    (kind, value), (other_kind, other_value) = one, other
    if kind == other_kind or (kind in _NUMBERS and other_kind in _NUMBERS):
        if kind == "Quantity":
            return _same_quantity(value, other_value)
        return temporal.equal(value, other_value) if kind in _MOMENTS else bool(value == other_value)
    if kind in _MOMENTS and other_kind in _MOMENTS:
        return temporal.equal(value, other_value)
    if kind == "Quantity" and other_kind in _NUMBERS:
        return _same_quantity(value, Quantity(Decimal(other_value), "1"))
    if other_kind == "Quantity" and kind in _NUMBERS:
        return _same_quantity(Quantity(Decimal(value), "1"), other_value)
    return False


def _same_quantity(left: Quantity, right: Quantity) -> bool | None:
    order = quantity.compare(left, right)
    return None if order is None else order == 0


def _same_structure(left: Node, right: Node) -> bool:
    if left.primitive != right.primitive:
        return False
    return bool(left.value == right.value and left.beside == right.beside)


def equivalent(left: list[Node], right: list[Node]) -> bool:
    """Whether both hold items that mean the same, in any order."""
    if len(left) != len(right):
        return False
    rest = list(right)
    for one in left:
        for position, other in enumerate(rest):
            if alike(one, other):
                del rest[position]
                break
        else:
            return False
    return True


def alike(left: Node, right: Node) -> bool:
    """Whether two items mean the same: case, blanks and precision beyond the coarser one left aside."""
    one, other = left.system(), right.system()
    if one is None or other is None:
        return one is None and other is None and _alike_structures(left, right)
    (kind, value), (other_kind, other_value) = one, other
    if kind in _NUMBERS and other_kind in _NUMBERS:
        return _alike_numbers(Decimal(value), Decimal(other_value))
    if kind in _MOMENTS and other_kind in _MOMENTS:
        return temporal.equal(value, other_value) is True
    if "Quantity" in (kind, other_kind):
        first, second = _as_quantity(kind, value), _as_quantity(other_kind, other_value)
        return first is not None and second is not None and _alike_quantities(first, second)
    if kind != other_kind:
        return False
    return _plain(value) == _plain(other_value) if kind == "String" else bool(value == other_value)


def _as_quantity(kind: str, value: Any) -> Quantity | None:
    if kind == "Quantity":
        return value  # type: ignore[no-any-return]
    return Quantity(Decimal(value), "1") if kind in _NUMBERS else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _alike_numbers(left: Decimal, right: Decimal) -> bool:
    places = max(_exponent(left), _exponent(right))
    try:
        step = Decimal(1).scaleb(places)
        return left.quantize(step, ROUND_HALF_UP) == right.quantize(step, ROUND_HALF_UP)
    except InvalidOperation:
        return left == right


def _exponent(value: Decimal) -> int:
    """The place of the last digit that counts; whole numbers count to their units."""
    return min(0, int(value.normalize().as_tuple().exponent)) if value else 0


def _alike_quantities(left: Quantity, right: Quantity) -> bool:
    converted = quantity.in_unit_of(left, right)
    if converted is not None:
        return _alike_numbers(left.value, converted) or _alike_numbers(quantity.in_unit_of(right, left) or Decimal(0), right.value)
    one, other = left.canonical(loosely=True), right.canonical(loosely=True)
    return one is not None and other is not None and one[1] == other[1] and _alike_numbers(one[0], other[0])


def _alike_structures(left: Node, right: Node) -> bool:
    mine, yours = _grouped(left), _grouped(right)
    return mine.keys() == yours.keys() and all(equivalent(mine[name], yours[name]) for name in mine)


def _grouped(node: Node) -> dict[str, list[Node]]:
    groups: dict[str, list[Node]] = {}
    for child in node.all_children():
        if child.name != "id":
            groups.setdefault(child.choice or child.name, []).append(child)
    return groups


def identity(node: Node) -> Hashable:
    """A key that two items share exactly when `=` says they are equal."""
    found = node.system()
    if found is None:
        return ("structure", _frozen(node.value), _frozen(node.beside))
    kind, value = found
    if kind in _NUMBERS:
        return ("number", Decimal(value))
    if isinstance(value, Temporal):
        moment = temporal.in_utc(value) if len(value.parts) > 3 else value
        return ("Time" if value.kind == "Time" else "moment", moment.parts, moment.zone)
    if isinstance(value, Quantity):
        return ("quantity", value.canonical() or (value.value, value.unit))
    return (kind, value)


def _frozen(value: Any) -> Hashable:
    if isinstance(value, dict):
        return frozenset((key, _frozen(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return (type(value) is bool, value)


def distinct(nodes: list[Node]) -> list[Node]:
    """Each item once, where it came first."""
    seen: set[Hashable] = set()
    kept: list[Node] = []
    for node in nodes:
        key = identity(node)
        if key not in seen:
            seen.add(key)
            kept.append(node)
    return kept
