"""Places within a distance: `near=42.25|-83.69|11.2|km`. https://hl7.org/fhir/R4/location.html#positional

A box of degrees around the point is read from the index; the distance along the great circle decides.
"""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import msgspec

from osler.platform import units
from osler.platform.fhir import SearchParameter
from osler.platform.store.search import values
from osler.platform.store.search.predicates import keyed
from osler.platform.store.search.query import Condition, Special
from osler.platform.store.search.scope import Scope
from osler.platform.store.search.sources import Source

if TYPE_CHECKING:
    from osler.platform.store.search.conditions import Asked

EARTH = 6_371_008.8
"""Mean radius in metres (IUGG)."""
DEFAULT = 50_000.0
"""Metres, where no distance is given: the specification leaves it to the server."""
MILE = "[mi_us]"


class Circle(msgspec.Struct, frozen=True):
    """A point in degrees and a distance in metres."""

    lat: float
    long: float
    metres: float


class Near(Special, frozen=True):
    """Lies within one of the circles."""

    parameter: SearchParameter
    wanted: tuple[Circle, ...]

    def probe(self, scope: Scope) -> str:
        """The place's own position."""
        where = " or ".join(within(circle, "p", scope) for circle in self.wanted)
        here = f"p.tenant = $1 and {keyed('p', self.parameter, scope)} and {scope.same_rid()} and ({where})"
        return f"exists (select 1 from {scope.table('idx_composite')} p where {here} offset 0)"

    def rank(self, in_record: bool) -> int:
        """A place is rarely one of many."""
        return 5

    def source(self, scope: Scope) -> Source:
        """From the index, by latitude."""
        where = " or ".join(within(circle, "x", scope) for circle in self.wanted)
        return Source(f"{scope.table('idx_composite')} x", ("x.tenant = $1", keyed("x", self.parameter, scope), f"({where})"), None, self)


def within(circle: Circle, alias: str, scope: Scope) -> str:
    """Whether the position of row `alias` (lo: latitude, lo2: longitude) lies in the circle."""
    reach = math.degrees(circle.metres / EARTH)
    south, north = circle.lat - reach, circle.lat + reach
    box = f"{alias}.val = 0 and {alias}.val2 = 0 and not {alias}.wide"
    box += f" and {alias}.lo between {scope.add(south)} and {scope.add(north)}"
    if south > -90 and north < 90:
        east = math.degrees(math.asin(min(1.0, math.sin(math.radians(min(reach, 90.0))) / math.cos(math.radians(circle.lat)))))
        # the date line: a longitude is as near from the other side
        turn = f"abs({alias}.lo2 - {scope.add(circle.long)})"
        box += f" and least({turn}, 360 - {turn}) <= {scope.add(east + 1e-9)}"
    lat, long = scope.add(circle.lat), scope.add(circle.long)
    chord = f"power(sind(({alias}.lo - {lat}) / 2), 2) + cosd({lat}) * cosd({alias}.lo) * power(sind(({alias}.lo2 - {long}) / 2), 2)"
    return f"({box} and 2 * {scope.add(EARTH)} * asin(sqrt(least(1.0, {chord}))) <= {scope.add(circle.metres)})"


def near(asked: Asked) -> Condition:
    """`latitude|longitude|distance|units`; without a distance 50 km, without units kilometres."""
    asked.only()
    return Near(asked.parameter, tuple(_circle(asked.name, part) for part in asked.alternatives()))


def _circle(name: str, text: str) -> Circle:
    parts = [values.unescape(part) for part in values.split(text, "|")]
    if not 2 <= len(parts) <= 4:
        raise values.bad(name, "is not latitude|longitude|distance|units")
    try:
        numbers = [Decimal(part) for part in parts[:3] if part]
    except InvalidOperation:
        raise values.bad(name, "has something that is not a number") from None
    if len(numbers) < 2 or not all(number.is_finite() for number in numbers) or not parts[0] or not parts[1]:
        raise values.bad(name, "has something that is not a number")
    lat, long = float(numbers[0]), float(numbers[1])
    if abs(lat) > 90 or abs(long) > 180:
        raise values.bad(name, "is not a place on earth: latitude -90 to 90, longitude -180 to 180")
    if len(numbers) == 2:
        return Circle(lat, long, DEFAULT)
    unit = parts[3] if len(parts) == 4 and parts[3] else "km"
    found = units.canonical(numbers[2], MILE if unit in ("mi", "mile", "miles") else unit)
    if found is None or found[1] != "m" or found[0] < 0:
        raise values.bad(name, "has a unit that is no length (km, m, [mi_us], …), or a distance below 0")
    return Circle(lat, long, float(found[0]))
