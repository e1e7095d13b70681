"""Reads a UCUM expression (`mg/dL`, `10*9/L`, `kg.m2{wet}`) into a factor and powers of base units. https://ucum.org/ucum#section-Syntax-Rules"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path

import msgspec

LONGEST = 150
"""Characters of a unit."""
LARGEST_POWER = 30
MOST_DIGITS = 300
_BASE = ("m", "s", "g", "rad", "K", "C", "cd")
_RATIO = frozenset({"", "base", "arbitrary"})
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_POWER = re.compile(r"[+-]?[0-9]{1,4}")
_NUMBER = re.compile(r"[0-9]{1,40}")
_SYMBOL = re.compile(r"10[*^]|(?:[!#%&'*,:;<>?@A-Z\\^_`a-z|~]|\[[!-Z\\^-~]*\])+")


class UnknownUnit(ValueError):
    """Not a UCUM unit."""


class _Table(msgspec.Struct):
    prefixes: dict[str, str]
    units: dict[str, tuple[str, str, bool, str]]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as `factor` times base units to some powers; a special one (`Cel`) turns into that by a function first."""

    factor: Fraction
    powers: tuple[tuple[str, int], ...]
    function: str = ""
    prefix: Fraction = Fraction(1)
    """What the number is multiplied with before the function: 1/10 for the dB of B."""

    @property
    def dimension(self) -> str:
        """The base units: `g.m-3`; `1` for a pure number."""
        return ".".join(name if power == 1 else f"{name}{power}" for name, power in self.powers) or "1"


@cache
def _table() -> _Table:
    return msgspec.json.decode((Path(__file__).parent / "table.json").read_bytes(), type=_Table)


@lru_cache(maxsize=4096)
def unit(code: str) -> Unit:
    """The unit of this code. Raises UnknownUnit."""
    if not code or len(code) > LONGEST:
        raise UnknownUnit(code)
    found = _symbol(code) if _SYMBOL.fullmatch(code) else None
    return found or _Reader(code).whole()


@cache
def _symbol(name: str) -> Unit | None:
    """A unit's code with or without a prefix; None where there is no such unit."""
    table = _table()
    if name in table.units:
        return _atom(name)
    for length in (1, 2):
        prefix, rest = name[:length], name[length:]
        if prefix in table.prefixes and rest in table.units and table.units[rest][2]:
            by, atom = Fraction(table.prefixes[prefix]), _atom(rest)
            if atom.function:
                return Unit(atom.factor, atom.powers, atom.function, by)
            return Unit(atom.factor * by, atom.powers)
    return None


@cache
def _atom(name: str) -> Unit:
    factor, defined, _, kind = _table().units[name]
    if kind == "base" or (kind == "arbitrary" and defined == "1"):
        return Unit(Fraction(1), ((name, 1),))
    below = unit(defined)
    return Unit(Fraction(factor) * below.factor, below.powers, "" if kind in _RATIO else kind)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def whole(self) -> Unit:
        made = self.term()
        if self.at != len(self.text):
            raise UnknownUnit(self.text)
        return made

    def sees(self, character: str) -> bool:
        return self.text.startswith(character, self.at)

    def match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def term(self) -> Unit:
        self.depth += 1
        if self.depth > 20:
            raise UnknownUnit(self.text)
        factor, powers = Fraction(1), dict[str, int]()
        sign, first = 1, True
        while True:
            if self.sees("/"):
                self.at += 1
                sign = -1
            elif not first:
                if not self.sees("."):
                    break
                self.at += 1
                sign = 1
            part = self.component()
            if first and sign == 1 and part.function and self.at == len(self.text):
                return part
            factor *= part.factor * part.prefix if sign == 1 else 1 / (part.factor * part.prefix)
            if factor.numerator.bit_length() > 4 * MOST_DIGITS or factor.denominator.bit_length() > 4 * MOST_DIGITS:
                raise UnknownUnit(self.text)
            for name, power in part.powers:
                powers[name] = powers.get(name, 0) + sign * power
            first = False
        self.depth -= 1
        return Unit(factor, _sorted(powers))

    def component(self) -> Unit:
        if self.sees("("):
            self.at += 1
            inner = self.term()
            if not self.sees(")"):
                raise UnknownUnit(self.text)
            self.at += 1
            self.match(_ANNOTATION)
            return inner
        if self.match(_ANNOTATION):
            return Unit(Fraction(1), ())
        made = self.simple()
        self.match(_ANNOTATION)
        return made

    def simple(self) -> Unit:
        name = self.match(_SYMBOL)
        if not name:
            number = self.match(_NUMBER)
            if not number or not int(number):
                raise UnknownUnit(self.text)
            return Unit(Fraction(int(number)), ())
        found = _symbol(name)
        if found is None:
            raise UnknownUnit(self.text)
        power = self.match(_POWER)
        return found if not power else _raised(found, int(power), name)


def _raised(found: Unit, power: int, name: str) -> Unit:
    if not power or abs(power) > (MOST_DIGITS if name in ("10*", "10^") else LARGEST_POWER):
        raise UnknownUnit(name)
    return Unit((found.factor * found.prefix) ** power, _sorted({base: exponent * power for base, exponent in found.powers}))


def _sorted(powers: dict[str, int]) -> tuple[tuple[str, int], ...]:
    order = {name: place for place, name in enumerate(_BASE)}
    kept = [(name, power) for name, power in powers.items() if power]
    return tuple(sorted(kept, key=lambda pair: (order.get(pair[0], len(order)), pair[0])))
