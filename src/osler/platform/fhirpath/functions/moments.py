"""The present, the parts of a date, and the least and greatest value something may stand for.

https://hl7.org/fhirpath/N1/#current-date-and-time-functions, https://hl7.org/fhirpath/#boundary-functions
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from osler.platform.fhirpath.arithmetic import single
from osler.platform.fhirpath.environment import Frame
from osler.platform.fhirpath.functions.table import Arguments, function, value_of
from osler.platform.fhirpath.nodes import Node, integer
from osler.platform.fhirpath.problems import ExecutionProblem
from osler.platform.fhirpath.quantity import Quantity
from osler.platform.fhirpath.temporal import EARLIEST, LATEST, Temporal

MOST_PLACES = 28
_DAY, _MOMENT, _CLOCK = 8, 17, 9


def _seconds(frame: Frame) -> Decimal:
    now = frame.run.now()
    return Decimal(now.second) + Decimal(now.microsecond // 1000).scaleb(-3)


@function("now")
def now(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The moment of the evaluation."""
    moment = frame.run.now()
    offset = moment.utcoffset()
    zone = int(offset.total_seconds() // 60) if offset is not None else 0
    parts = (moment.year, moment.month, moment.day, moment.hour, moment.minute, _seconds(frame))
    return [Node(Temporal("DateTime", parts, zone), "System.DateTime")]


@function("today")
def today(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The day of the evaluation."""
    moment = frame.run.now()
    return [Node(Temporal("Date", (moment.year, moment.month, moment.day)), "System.Date")]


@function("timeOfDay")
def time_of_day(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The time of the evaluation."""
    moment = frame.run.now()
    return [Node(Temporal("Time", (moment.hour, moment.minute, _seconds(frame))), "System.Time")]


def _one(nodes: list[Node], name: str) -> tuple[str, Any] | None:
    node = single(nodes, f"{name}()")
    found = None if node is None else node.system()
    if node is None or (found is None and node.primitive):
        return None
    if found is None:
        raise ExecutionProblem(f"{name}() cannot be used with {node.type}")
    return found


def _part(name: str, dates: int | None, times: int | None) -> None:
    @function(name)
    def part(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
        found = _one(nodes, name)
        if found is None:
            return []
        kind, value = found
        if not isinstance(value, Temporal) or (times if kind == "Time" else dates) is None:
            raise ExecutionProblem(f"{name}() cannot be used with {kind}")
        place = times if kind == "Time" else dates
        return integer(int(value.parts[place])) if place is not None and place < len(value.parts) else []


_part("yearOf", 0, None)
_part("monthOf", 1, None)
_part("dayOf", 2, None)
_part("hourOf", 3, 0)
_part("minuteOf", 4, 1)
_part("secondOf", 5, 2)


@function("millisecondOf")
def millisecond_of(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The thousandths of the second."""
    found = _one(nodes, "millisecondOf")
    if found is None or not isinstance(found[1], Temporal):
        return []
    last = found[1].parts[-1]
    return integer(int(last % 1 * 1000)) if isinstance(last, Decimal) and last.as_tuple().exponent else []


@function("timezoneOffsetOf")
def timezone_offset_of(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Hours east of Greenwich."""
    found = _one(nodes, "timezoneOffsetOf")
    if found is None or not isinstance(found[1], Temporal) or found[1].zone is None:
        return []
    return [Node((Decimal(found[1].zone) / 60).normalize() + 0, "System.Decimal")]


@function("dateOf")
def date_of(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The day of a moment."""
    found = _one(nodes, "dateOf")
    if found is None or not isinstance(found[1], Temporal) or found[0] == "Time":
        return []
    return [Node(Temporal("Date", found[1].parts[:3]), "System.Date")]


@function("timeOf")
def time_of(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The time of day of a moment."""
    found = _one(nodes, "timeOf")
    if found is None or found[0] != "DateTime" or len(found[1].parts) < 4:
        return []
    return [Node(Temporal("Time", found[1].parts[3:]), "System.Time")]


@function("precision")
def precision(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """How many places of a number, or digits of a date or time, are known."""
    found = _one(nodes, "precision")
    if found is None:
        return []
    kind, value = found
    if kind in ("Integer", "Long"):
        return integer(0)
    if kind == "Decimal":
        return integer(max(0, -int(value.as_tuple().exponent)))
    if isinstance(value, Temporal):
        return integer(value.digits)
    raise ExecutionProblem(f"precision() cannot be used with {kind}")


def _boundary(name: str, low: bool) -> None:
    @function(name, 0, 1)
    def boundary(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
        found = _one(nodes, name)
        asked = value_of(frame, arguments[0], "Integer", name) if arguments else None
        if found is None or (arguments and asked is None):
            return []
        kind, value = found
        if kind in ("Integer", "Long", "Decimal"):
            made = _number_boundary(Decimal(value), asked, low)
            return [] if made is None else [Node(made, "System.Decimal")]
        if kind == "Quantity":
            made = _number_boundary(value.value, asked, low)
            return [] if made is None else [Node(Quantity(made, value.unit, value.calendar), "System.Quantity")]
        if isinstance(value, Temporal):
            moment = _moment_boundary(value, asked, low)
            return [] if moment is None else [Node(moment, f"System.{moment.kind}")]
        raise ExecutionProblem(f"{name}() cannot be used with {kind}")


def _number_boundary(value: Decimal, places: int | None, low: bool) -> Decimal | None:
    """Half a unit of the last digit away; cut towards zero, or rounded away from it, where fewer places are asked for."""
    places = 8 if places is None else places
    if not 0 <= places <= MOST_PLACES:
        return None
    half = Decimal(5).scaleb(min(0, int(value.as_tuple().exponent)) - 1)
    bound = value - half if low else value + half
    outward = (value < 0) == low if value else True
    return bound.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP if outward else ROUND_DOWN)


_DIGITS: dict[str, Callable[[int], int | None]] = {
    "Date": {4: 1, 6: 2, 8: 3}.get,
    "DateTime": {4: 1, 6: 2, 8: 3, 10: 4, 12: 5, 14: 6, 17: 7}.get,
    "Time": {2: 1, 4: 2, 6: 3, 9: 4}.get,
}


def _moment_boundary(value: Temporal, digits: int | None, low: bool) -> Temporal | None:
    """The first or last moment this may mean, to so many digits; an unknown zone is the one farthest off.

    An hour without minutes is the hour's first minute, as in the official suite: FHIR has no such times.
    """
    kind = value.kind
    if digits is None:
        digits = {"Date": _DAY, "DateTime": _MOMENT, "Time": _CLOCK}[kind]
    count = _DIGITS[kind](digits) or (_DIGITS["DateTime"](digits) if kind == "Date" else None)
    if count is None:
        return None
    date, clock = (value.parts[:3], value.parts[3:]) if kind != "Time" else ((), value.parts)
    if kind != "Time":
        date = _filled(date, low)
    clock = _filled_clock(clock, low)
    parts = (*date, *clock)
    whole = 4 if kind == "Time" else 7
    if count < whole:
        parts = parts[:count]
        if count == whole - 1:
            parts = (*parts[:-1], Decimal(int(parts[-1])))
    timed = kind != "Time" and count > 3
    zone = value.zone if value.zone is not None or not timed else (EARLIEST if low else LATEST)
    return Temporal("DateTime" if timed else kind, parts, zone if timed else None)


def _filled(date: tuple[Any, ...], low: bool) -> tuple[Any, ...]:
    year = date[0]
    month = date[1] if len(date) > 1 else (1 if low else 12)
    day = date[2] if len(date) > 2 else (1 if low else calendar.monthrange(year, month)[1])
    return (year, month, day)


def _filled_clock(clock: tuple[Any, ...], low: bool) -> tuple[Any, ...]:
    hour = clock[0] if clock else (0 if low else 23)
    minute = clock[1] if len(clock) > 1 else (0 if low or clock else 59)
    if len(clock) > 2:
        second = clock[2]
        known = -int(second.as_tuple().exponent)
        second = second if low or known >= 3 else second + Decimal("0.999") % Decimal(1).scaleb(-known)
    else:
        second = Decimal(0) if low else Decimal("59.999")
    return (hour, minute, second.quantize(Decimal("0.001"), ROUND_DOWN))


_boundary("lowBoundary", True)
_boundary("highBoundary", False)
