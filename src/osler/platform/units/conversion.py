"""Amounts from one unit to another. Factors are exact fractions, so that 1 g and 1000 mg become the very same number."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Context, Decimal, DecimalException
from fractions import Fraction

from osler.platform.units.grammar import UnknownUnit, unit

_EXACT = Context(prec=28)
_FREE = Context(prec=40)
_SHORT = Context(prec=24)
"""The digits of a logarithm or a temperature that are more than noise."""
LARGEST_EXPONENT = 300
"""Beyond 10 to this power a value is no measurement, and exact arithmetic with it would take for ever."""

_Pair = tuple[Callable[[Decimal], Decimal], Callable[[Decimal], Decimal]]


def _scale(by: str, zero: str) -> _Pair:
    """A scale of temperature: so many kelvins a degree, and where its zero is."""
    degrees = Fraction(by)
    return (
        lambda value: _decimal((Fraction(value) + Fraction(zero)) * degrees),
        lambda kelvin: _decimal(Fraction(kelvin) / degrees - Fraction(zero)),
    )


def _power(base: str, times: str) -> _Pair:
    """A logarithmic scale: `times` its number is the power of the base."""
    number, factor = Decimal(base), Decimal(times)
    return (
        lambda value: _FREE.power(number, _FREE.divide(value, factor)),
        lambda amount: _FREE.multiply(_FREE.divide(_FREE.ln(amount), _FREE.ln(number)), factor),
    )


def _tangent(value: Decimal) -> Decimal:
    return Decimal(repr(math.atan(float(value) / 100)))


def _of_tangent(angle: Decimal) -> Decimal:
    return Decimal(repr(round(math.tan(float(angle)) * 100, 12)))


_FUNCTIONS: dict[str, _Pair] = {
    "Cel": _scale("1", "273.15"),
    "degF": _scale("5/9", "459.67"),
    "degRe": _scale("5/4", "218.52"),
    "pH": _power("10", "-1"),
    "ln": _power("2.718281828459045235360287471352662497757", "1"),
    "lg": _power("10", "1"),
    "lgTimes2": _power("10", "2"),
    "ld": _power("2", "1"),
    "hpX": _power("10", "-1"),
    "hpC": _power("100", "-1"),
    "hpM": _power("1000", "-1"),
    "hpQ": _power("50000", "-1"),
    "tanTimes100": (_tangent, _of_tangent),
    "100tan": (_tangent, _of_tangent),
    "sqrt": (lambda value: _FREE.multiply(value, value), _FREE.sqrt),
}
_SCALED = frozenset({"Cel", "degF", "degRe", "tanTimes100", "100tan"})
"""Functions whose answer is in the base unit already."""


def canonical(value: Decimal, code: str) -> tuple[Decimal, str] | None:
    """The amount in base units, and which those are; None for a code that UCUM does not have."""
    try:
        found = unit(code)
        if abs(value.adjusted()) > LARGEST_EXPONENT or not value.is_finite():
            return None
        if not found.function:
            return _decimal(Fraction(value) * found.factor), found.dimension
        amount = _FUNCTIONS[found.function][0](_decimal(Fraction(value) * found.prefix))
        factor = Fraction(1) if found.function in _SCALED else found.factor
        return _decimal(Fraction(amount) * factor), found.dimension
    except (UnknownUnit, DecimalException, OverflowError, ValueError):
        return None


def convert(value: Decimal, source: str, target: str) -> Decimal | None:
    """The amount in another unit; None where one of them is unknown or they measure different things."""
    amount = canonical(value, source)
    try:
        wanted = unit(target)
        if amount is None or amount[1] != wanted.dimension:
            return None
        if not wanted.function:
            return _decimal(Fraction(value) * unit(source).factor / wanted.factor if not unit(source).function
                            else Fraction(amount[0]) / wanted.factor)  # fmt: skip
        factor = Fraction(1) if wanted.function in _SCALED else wanted.factor
        shown = _FUNCTIONS[wanted.function][1](_decimal(Fraction(amount[0]) / factor))
        return _SHORT.plus(_decimal(Fraction(shown) / wanted.prefix)).normalize()
    except (UnknownUnit, DecimalException, OverflowError, ValueError):
        return None


def valid(code: str) -> bool:
    """Whether UCUM has this unit."""
    try:
        unit(code)
    except UnknownUnit:
        return False
    return True


def _decimal(exact: Fraction) -> Decimal:
    """The nearest decimal number of 28 digits, without zeros at its end."""
    made = _EXACT.divide(Decimal(exact.numerator), Decimal(exact.denominator)).normalize(_EXACT)
    return made if made.as_tuple().exponent not in range(1, 28) else made.quantize(Decimal(1), context=_FREE)
