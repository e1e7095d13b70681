"""Quantities as the index holds them: as they were sent, and in canonical units, so that 1 g is found as 1000 mg.

https://hl7.org/fhir/R4/search.html#quantity, https://ucum.org
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from osler.platform import units
from osler.platform.fhir.keys import token_value

UCUM = "http://unitsofmeasure.org"
UNBOUNDED = float("inf")
_NAMED = (UCUM, "urn:iso:std:iso:4217", None)

Amount = tuple[int, float, float, int | None, float | None, float | None]
"""(unit, least, greatest) as sent, then (base, least, greatest) in canonical units where UCUM knows the unit."""


class Scale(NamedTuple):
    """A UCUM unit's way to its base units."""

    base: int
    convert: Callable[[Decimal], Decimal]


@lru_cache(maxsize=4096)
def scale(code: str) -> Scale | None:
    """How values in a UCUM unit become values in base units; None when UCUM does not know the code."""
    one = units.canonical(Decimal(1), code)
    nought = units.canonical(Decimal(0), code)
    if one is None or nought is None:
        return None
    factor, base = one
    if nought[0] == 0 and (ten := units.canonical(Decimal(10), code)) and ten[0] == factor * 10:
        return Scale(token_value(base), lambda value: value * factor)

    def special(value: Decimal) -> Decimal:
        # a temperature's zero is not nothing
        found = units.canonical(value, code)
        return found[0] if found else value

    return Scale(token_value(base), special)


def canonical(value: Decimal | float, code: str) -> tuple[int, float] | None:
    """(base, value) of a quantity in a UCUM unit."""
    found = scale(code)
    if found is None:
        return None
    if value in (UNBOUNDED, -UNBOUNDED):
        return found.base, float(value)
    try:
        return found.base, float(found.convert(Decimal(value)))
    except ArithmeticError:
        return None


def unit_value(system: str | None, code: str) -> int:
    """The unit of a quantity: UCUM and currency codes by themselves, others with their system."""
    return token_value(code if system in _NAMED else f"{system}|{code}")


def unit_values(quantity: Any) -> tuple[int, ...]:
    """Under which units a quantity is found; its printed unit counts when it has no code."""
    code = quantity.code
    if code is None:
        return (token_value(quantity.unit or ""),)
    system = quantity.system
    return (token_value(code),) if system in _NAMED else (token_value(code), unit_value(system, code))


def quantity_rows(quantity: Any) -> list[Amount]:
    """A Quantity, Age or Duration; `<5` reaches down without end."""
    if quantity.value is None:
        return []
    lo: Any = quantity.value
    hi = lo
    if (comparator := quantity.comparator) is not None:
        lo, hi = (-UNBOUNDED, hi) if comparator[0] == "<" else (lo, UNBOUNDED)
    return spanned(quantity, lo, hi)


def range_rows(span: Any) -> list[Amount]:
    """A Range, from its low to its high; a side that is not given is open."""
    low, high = span.low, span.high
    lo = -UNBOUNDED if low is None or low.value is None else low.value
    hi = UNBOUNDED if high is None or high.value is None else high.value
    if lo == -UNBOUNDED and hi == UNBOUNDED:
        return []
    return spanned(low if lo > -UNBOUNDED else high, min(lo, hi), max(lo, hi))


def spanned(quantity: Any, lo: Any, hi: Any) -> list[Amount]:
    """The rows of a span in the unit of `quantity`."""
    base = least = greatest = None
    if quantity.system == UCUM and quantity.code is not None and (found := canonical(lo, quantity.code)):
        base, least = found
        greatest = least if hi is lo else (canonical(hi, quantity.code) or found)[1]
    return [(unit, float(lo), float(hi), base, least, greatest) for unit in unit_values(quantity)]
