"""An amount with a unit: UCUM's, or the calendar's (`3 months`). https://hl7.org/fhirpath/N1/#quantity"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from osler.platform.units import canonical, valid

_SINGULAR = ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
CALENDAR = {word: word for word in _SINGULAR} | {f"{word}s": word for word in _SINGULAR}
"""The calendar's words, singular and plural, as the singular."""
_EXACT = {"week": "wk", "day": "d", "hour": "h", "minute": "min", "second": "s", "millisecond": "ms"}
_OF_UCUM = {code: word for word, code in _EXACT.items()}
_LOOSE = {"year": "a", "month": "mo"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value and its unit's code."""

    value: Decimal
    unit: str
    calendar: bool = False

    def __str__(self) -> str:  # noqa: D105 - as FHIRPath writes it
        return f"{self.value:f} {self.unit}" if self.calendar else f"{self.value:f} '{self.unit}'"

    @property
    def literal(self) -> str:
        """As an expression would write it."""
        return str(self)

    def canonical(self, loosely: bool = False) -> tuple[Decimal, str] | None:
        """In base units; a calendar's year and month stay apart from UCUM's unless `loosely`."""
        if self.calendar and self.unit in ("year", "month") and not loosely:
            return self.value * (12 if self.unit == "year" else 1), "month of the calendar"
        code = (_EXACT.get(self.unit) or _LOOSE[self.unit]) if self.calendar else self.unit
        return canonical(self.value, code)

    def calendar_unit(self) -> str | None:
        """The unit as the calendar counts it, for arithmetic on dates; None where that is not defined."""
        if self.calendar:
            return self.unit
        return CALENDAR.get(self.unit) or _OF_UCUM.get(self.unit)


def in_unit_of(left: Quantity, right: Quantity) -> Decimal | None:
    """The right amount counted in the left one's unit."""
    if (left.unit, left.calendar) == (right.unit, right.calendar):
        return right.value
    one, other = Quantity(Decimal(1), left.unit, left.calendar).canonical(), right.canonical()
    if one is None or other is None or one[1] != other[1] or not one[0]:
        return None
    return other[0] / one[0]


def compare(left: Quantity, right: Quantity) -> int | None:
    """-1, 0 or 1; None for units that do not measure the same."""
    if (left.unit, left.calendar) == (right.unit, right.calendar):
        return (left.value > right.value) - (left.value < right.value)
    one, other = left.canonical(), right.canonical()
    if one is None or other is None or one[1] != other[1]:
        return None
    return (one[0] > other[0]) - (one[0] < other[0])


def product(left: Quantity, right: Quantity, divide: bool) -> Quantity | None:
    """The two multiplied or divided, with the unit that results; None where a unit is unknown or by zero."""
    if divide and not right.value:
        return None
    value = left.value / right.value if divide else left.value * right.value
    one, other = _code(left), _code(right)
    if one is None or other is None:
        return None
    if other == "1":
        return Quantity(value, one)
    if divide and one == other:
        return Quantity(value, "1")
    bracketed = f"({other})" if "/" in other or "." in other else other
    if one == "1" and not divide:
        return Quantity(value, other)
    return Quantity(value, f"{one}/{bracketed}" if divide else f"{one}.{bracketed}")


def _code(quantity: Quantity) -> str | None:
    if not quantity.calendar:
        return quantity.unit if valid(quantity.unit) else None
    return _EXACT.get(quantity.unit) or _LOOSE[quantity.unit]
