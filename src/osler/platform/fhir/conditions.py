"""What the generated invariants are put together from: FHIRPath's operations on the structs of a resource.

A collection is a list, a truth is True, False, or None where something it needs is not there. What precision or units leave open is let
pass: a period from 10 o'clock on a day until that day is one. https://hl7.org/fhir/R4/fhirpath.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
from msgspec.structs import astuple

from osler.platform.fhir.codec import ENCODER
from osler.platform.fhir.dates import date_range
from osler.platform.fhir.generated.datatypes import Element, Extension, Quantity
from osler.platform.fhir.narrative import EMPTY, narrative_fault
from osler.platform.units import canonical

Truth = bool | None
Items = list[Any]


class Absent:
    """A primitive that has extensions and no value."""

    __slots__ = ("extension", "id")

    def __init__(self, beside: Any) -> None:
        self.id = beside.id
        self.extension = beside.extension


class Checking:
    """One resource under test: what is broken so far, and the resources `%resource` and `%rootResource` stand for."""

    __slots__ = ("_ids", "checks", "found", "resource", "root")

    def __init__(self, root: Any, checks: Mapping[str, Callable[[Any, Checking], None]]) -> None:
        self.checks = checks
        self.found: list[tuple[int, Any]] = []
        self.root = root
        self.resource = root
        self._ids: frozenset[str] | None = None

    @property
    def contained(self) -> frozenset[str]:
        """The ids of the resources inside the root."""
        if self._ids is None:
            self._ids = frozenset(one.id for one in getattr(self.root, "contained", None) or () if one.id is not None)
        return self._ids


def of(item: Any, names: tuple[str, ...]) -> Items:
    """The children of one struct by these names, in order."""
    found: Items = []
    for name in names:
        value = getattr(item, name, None)
        if value is None:
            beside = getattr(item, f"_{name}", None)
            if beside is not None:
                found += [Absent(one) for one in (beside if isinstance(beside, list) else [beside]) if one is not None]
        elif isinstance(value, list):
            found += [one for one in value if one is not None]
        else:
            found.append(value)
    return found


def get(items: Items, names: tuple[str, ...]) -> Items:
    """The children of several."""
    return [child for item in items for child in of(item, names)]


def children(items: Items) -> Items:
    """Everything directly inside."""
    return [child for item in items if isinstance(item, msgspec.Struct) for child in of(item, item.__struct_fields__)]


def descendants(items: Items) -> Items:
    """Everything inside, however deep."""
    found: Items = []
    waiting = children(items)
    while waiting:
        found += waiting
        waiting = children(waiting)
    return found


def _key(value: Any) -> Hashable:
    if isinstance(value, msgspec.Struct):
        return ENCODER.encode(value)
    return (type(value) is bool, value)


def is_distinct(items: Items) -> bool:
    """Whether nothing is there twice."""
    return len(items) < 2 or len({_key(item) for item in items}) == len(items)


def intersect(items: Items, others: Items) -> Items:
    """What is in both."""
    wanted = {_key(other) for other in others}
    return [item for item in items if _key(item) in wanted]


def equal(left: Items, right: Items) -> Truth:
    """`=`."""
    if not left or not right:
        return None
    if any(isinstance(item, Absent) for item in (*left, *right)):
        return None
    return len(left) == len(right) and all(_key(one) == _key(other) for one, other in zip(left, right, strict=True))


def member(item: Items, items: Items) -> Truth:
    """`in`; a value that is not there is in nothing that could be said."""
    if len(item) != 1 or isinstance(item[0], Absent):
        return None
    return _key(item[0]) in {_key(one) for one in items}


def truth(items: Items) -> Truth:
    """A collection as a condition."""
    if not items or isinstance(items[0], Absent):
        return None
    return items[0] if isinstance(items[0], bool) else True


def known(value: Truth) -> Items:
    """A truth as a collection."""
    return [] if value is None else [value]


def not3(value: Truth) -> Truth:
    """`not()`."""
    return None if value is None else not value


def and3(left: Truth, right: Truth) -> Truth:
    """`and`."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def or3(left: Truth, right: Truth) -> Truth:
    """`or`."""
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def xor3(left: Truth, right: Truth) -> Truth:
    """`xor`."""
    return None if left is None or right is None else left != right


def implies3(left: Truth, right: Truth) -> Truth:
    """`implies`."""
    return or3(not3(left), right)


def has_value(items: Items) -> bool:
    """Whether there is one primitive with a value."""
    return len(items) == 1 and not isinstance(items[0], Absent)


def all_false(items: Items) -> bool:
    """Whether every item is false."""
    return not any(items)


def is_type(items: Items, name: str) -> Truth:
    """Whether the one item is a resource of this type; not known while it is still text."""
    if len(items) != 1 or not isinstance(items[0], msgspec.Struct):
        return None
    return getattr(items[0], "resourceType", None) == name


def _text(items: Items) -> str | None:
    return items[0] if len(items) == 1 and isinstance(items[0], str) else None


def starts(items: Items, part: Items) -> Truth:
    """`startsWith()`."""
    text, start = _text(items), _text(part)
    return None if text is None or start is None else text.startswith(start)


def contains(items: Items, part: Items) -> Truth:
    """`contains()` on a string."""
    text, inner = _text(items), _text(part)
    return None if text is None or inner is None else inner in text


@lru_cache(maxsize=64)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.DOTALL)


def matches(items: Items, pattern: Items) -> Truth:
    """`matches()`, with the patterns of R4's own rules, which take no more time than the text is long."""
    text = _text(items)
    return None if text is None else _pattern(pattern[0]).search(text) is not None


def substring(items: Items, start: Items) -> Items:
    """`substring()`."""
    text = _text(items)
    return [text[start[0] :]] if text is not None and start[0] < len(text) else []


def replace_matches(items: Items, pattern: Items, by: Items) -> Items:
    """`replaceMatches()`."""
    text = _text(items)
    return [] if text is None else [_pattern(pattern[0]).sub(by[0], text)]


def joined(left: Items, right: Items) -> Items:
    """`&`."""
    return [(_text(left) or "") + (_text(right) or "")]


def to_integer(items: Items) -> Items:
    """`toInteger()`."""
    text = _text(items)
    return [int(text)] if text is not None and re.fullmatch(r"[+-]?[0-9]{1,10}", text) else []


def to_string(items: Items) -> Items:
    """`toString()`."""
    return [f"{item:f}" if isinstance(item, Decimal) else str(item) for item in items if not isinstance(item, Absent)]


def plus(left: Items, right: Items) -> Items:
    """`+` on numbers."""
    return [left[0] + right[0]] if left and right else []


def ordered(left: Items, operator: str, right: Items, dates: bool = False) -> Truth:
    """`<`, `<=`, `>` or `>=` on numbers, quantities and (where said) dates; true where both are there and it cannot be said."""
    if len(left) != 1 or len(right) != 1:
        return None
    one, other = left[0], right[0]
    if dates:
        return _ordered_dates(one, other, operator) is not False
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        pair = _comparable(one, other)
        if pair is None:
            return True
        one, other = pair
    if not isinstance(one, int | Decimal) or not isinstance(other, int | Decimal):
        return True
    return bool(_COMPARE[operator](one, other))


_COMPARE: dict[str, Any] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def _comparable(one: Quantity, other: Quantity) -> tuple[Decimal, Decimal] | None:
    if one.value is None or other.value is None:
        return None
    if (one.system, one.code, one.unit) == (other.system, other.code, other.unit):
        return one.value, other.value
    first, second = canonical(one.value, one.code or one.unit or "1"), canonical(other.value, other.code or other.unit or "1")
    return (first[0], second[0]) if first is not None and second is not None and first[1] == second[1] else None


def _span(text: str) -> tuple[datetime, datetime] | None:
    try:
        return date_range(text)
    except (ValueError, OverflowError):
        return None


def _ordered_dates(one: Any, other: Any, operator: str) -> Truth:
    """Only what is certain whatever the unknown hours and zones are."""
    if not isinstance(one, str) or not isinstance(other, str):
        return None
    if operator in (">", ">="):
        one, other = other, one
    if len(one) == len(other) and one[10:] == other[10:]:
        return bool(one <= other) if operator in ("<=", ">=") else bool(one < other)
    first, second = _span(one), _span(other)
    if first is None or second is None:
        return None
    if first[1] <= second[0]:
        return True
    # A date without a time may lie up to a day off where its zone is not known.
    unsure = (len(one) > 10) != (len(other) > 10) and first[0] - second[1] < _ZONES
    return None if unsure or first[0] < second[1] else False


_ZONES = date_range("2000-01-01")[1] - date_range("2000-01-01")[0]
_VALUES = attrgetter(*(name for name in Extension.__struct_fields__ if name[:5] == "value"))
_BESIDES = attrgetter(*(name for name in Extension.__struct_fields__ if name[:6] == "_value"))
_PLAIN = frozenset({str, list, Decimal, int, bool, Element})
_NAMES = [name for name in Extension.__struct_fields__ if name[:5] == "value"]


def extension(o: Any, c: Checking, number: int) -> Any:
    """Hold an extension to ext-1, a value or extensions of its own; gives a value that is itself a structure."""
    if o.extension is None:
        # Written out it is short, and one member with "value" in its name and no brace inside are quickly seen.
        written = ENCODER.encode(o)
        if written.count(b'"value') == 1 == written.count(b"{"):
            return None
    present = list(filter(None, astuple(o)))
    if len(present) != 2 or o.id is not None:
        return _odd_extension(o, c, number)
    # Its URL and one more thing.
    one, other = present
    if one.__class__ is str:
        one = other
    return None if one.__class__ in _PLAIN else one


def _odd_extension(o: Any, c: Checking, number: int) -> Any:
    values, besides = _VALUES(o), _BESIDES(o)
    given = {name for name, value in zip(_NAMES, values, strict=True) if value is not None}
    given |= {name[1:] for name in o.__struct_fields__ if name[:6] == "_value" and getattr(o, name) is not None} if any(besides) else set()
    if len(given) > 1:
        raise ChosenTwice
    if (o.extension is None) != bool(given):
        c.found.append((number, o))
    return next((value for value in values if isinstance(value, msgspec.Struct)), None)


class ChosenTwice(Exception):
    """An extension with two values, which is a fault of structure."""


def per_1(o: Any, c: Checking, number: int) -> None:
    """A period ends no earlier than it begins."""
    first, last = o.start, o.end
    if len(first) == len(last) and (len(first) < 11 or first[-1] == last[-1] == "Z" or first[-6:] == last[-6:]):
        if first > last:
            c.found.append((number, o))
    elif _ordered_dates(first, last, "<=") is False:
        c.found.append((number, o))


def txt(o: Any, c: Checking, number: int) -> None:
    """A narrative holds only the XHTML that FHIR allows (txt-1, of this number), and says something (txt-2, the next)."""
    fault = None if o.div is None else narrative_fault(o.div)
    if fault is not None:
        c.found.append((number + (fault == EMPTY), o))


def ref_1(o: Any, c: Checking, number: int) -> None:
    """A reference to a contained resource leads to one; `#` alone is the resource that contains."""
    if len(o.reference) > 1 and o.reference[1:] not in c.contained:
        c.found.append((number, o))


def dom_3(o: Any, c: Checking, number: int) -> None:
    """Every contained resource is referred to from the resource around it, or refers to that."""
    named = _pointers(o)
    for one in o.contained:
        if isinstance(one, msgspec.Struct) and f"#{getattr(one, 'id', None)}" not in named and "#" not in _pointers(one):
            c.found.append((number, one))


def _pointers(o: Any) -> set[str]:
    """Every text inside that may name a contained resource: references and URIs that begin with a #."""
    return {found.decode() for found in _POINTER.findall(msgspec.json.encode(o))}


_POINTER = re.compile(rb'"(#[^"\\]*)"')


def bdl_7(o: Any, c: Checking, number: int) -> None:
    """A Bundle holds each version of a resource once, except in a history."""
    if o.type == "history":
        return
    seen: set[tuple[str, str]] = set()
    for entry in o.entry or ():
        if entry.fullUrl is not None:
            meta = getattr(entry.resource, "meta", None)
            key = (entry.fullUrl, (meta.versionId if meta is not None else None) or "")
            if key in seen:
                c.found.append((number, entry))
            seen.add(key)


def resource(o: Any, c: Checking) -> None:
    """A contained resource is held to the rules of its type."""
    around, c.resource = c.resource, o
    c.checks[o.resourceType](o, c)
    c.resource = around


def primitives_extensions(o: Any) -> Iterator[Any]:
    """What stands under `_name` anywhere in a resource: the elements that carry primitives' extensions."""
    for item in [o, *descendants([o])]:
        if isinstance(item, Absent | msgspec.Struct):
            for name in getattr(item, "__struct_fields__", ()):
                if name[0] == "_":
                    value = getattr(item, name)
                    yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Element))
