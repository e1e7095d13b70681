"""Dates, times and moments known to some precision, and what can be said when two are compared.

https://hl7.org/fhirpath/N1/#datetime-equality
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?\Z")
_TIME = re.compile(r"([0-9]{2})(?::([0-9]{2})(?::([0-9]{2}(?:\.[0-9]+)?))?)?\Z")
ZONE = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})\Z")
UNITS = ("year", "month", "day", "hour", "minute", "second")
EARLIEST, LATEST = 14 * 60, -12 * 60
"""The zones where a clock time comes first and last, in minutes before UTC."""


@dataclass(frozen=True, slots=True)
class Temporal:
    """Parts from the largest to the smallest known: year … second for dates and moments, hour … second for times."""

    kind: str
    parts: tuple[Any, ...]
    zone: int | None = None
    """Minutes east of UTC, where it is said."""

    def __str__(self) -> str:  # noqa: D105 - as FHIRPath writes it, without the @
        return (self._clock(self.parts) if self.kind == "Time" else self._moment()) + _zone_text(self.zone)

    def _moment(self) -> str:
        date = "-".join(f"{part:0{4 if i == 0 else 2}d}" for i, part in enumerate(self.parts[:3]))
        return f"{date}T{self._clock(self.parts[3:])}" if len(self.parts) > 3 else date

    @staticmethod
    def _clock(parts: tuple[Any, ...]) -> str:
        return ":".join(f"{part:02d}" if not isinstance(part, Decimal) else _seconds_text(part) for part in parts)

    @property
    def literal(self) -> str:
        """As an expression would write it."""
        text = str(self)
        if self.kind == "Time":
            return f"@T{text}"
        return f"@{text}T" if self.kind == "DateTime" and len(self.parts) <= 3 else f"@{text}"

    @property
    def digits(self) -> int:
        """How many digits are known: 4 for a year, 17 for a millisecond. https://hl7.org/fhirpath/N1/#precision"""
        count = 0
        for index, part in enumerate(self.parts):
            count += 4 if self.kind != "Time" and index == 0 else 2
            if isinstance(part, Decimal):
                count += max(0, -int(part.as_tuple().exponent))
        return count


def _seconds_text(seconds: Decimal) -> str:
    whole, dot, fraction = f"{seconds:f}".partition(".")
    return whole.zfill(2) + dot + fraction


def _zone_text(zone: int | None) -> str:
    if zone is None:
        return ""
    return "Z" if zone == 0 else f"{'-' if zone < 0 else '+'}{abs(zone) // 60:02d}:{abs(zone) % 60:02d}"


def read(kind: str, text: str) -> Temporal | None:
    """A `Date`, `DateTime` or `Time` as FHIR or FHIRPath writes it; None when there is no such moment."""
    if kind == "Time":
        clock = _clock_parts(text.removeprefix("T"))
        return None if clock is None else Temporal(kind, clock)
    day, mark, time = text.partition("T")
    date = _date_parts(day)
    if date is None or (kind == "Date" and mark):
        return None
    if not time:
        return Temporal(kind, date)
    zone = None
    if found := ZONE.search(time):
        time = time[: found.start()]
        zone = _minutes(found[1])
        if zone is None:
            return None
    clock = _clock_parts(time)
    return None if clock is None or len(date) < 3 else Temporal(kind, date + clock, zone)


def _minutes(zone: str) -> int | None:
    if zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:])
    return (-minutes if zone[0] == "-" else minutes) if minutes <= 14 * 60 and int(zone[4:]) < 60 else None


def _date_parts(text: str) -> tuple[int, ...] | None:
    found = _DATE.match(text)
    if found is None:
        return None
    parts = tuple(int(part) for part in found.groups() if part is not None)
    if not parts[0] or (len(parts) > 1 and not 1 <= parts[1] <= 12):
        return None
    return parts if len(parts) < 3 or 1 <= parts[2] <= calendar.monthrange(parts[0], parts[1])[1] else None


def _clock_parts(text: str) -> tuple[Any, ...] | None:
    found = _TIME.match(text)
    if found is None or len(text) > 40:
        return None
    parts: list[Any] = [int(part) for part in found.groups()[:2] if part is not None]
    if found[3] is not None:
        parts.append(Decimal(found[3]))
    limits = (24, 60, 61)
    return tuple(parts) if all(part < limit for part, limit in zip(parts, limits, strict=False)) else None


def compare(left: Temporal, right: Temporal) -> int | None:
    """-1, 0 or 1; None when the precision known, or a zone that is not said, leaves it open."""
    if left.kind != "Time" and len(left.parts) > 3 and len(right.parts) > 3:
        if left.zone is not None and right.zone is not None:
            left, right = in_utc(left), in_utc(right)
        elif left.zone is not None or right.zone is not None:
            return _compare_unsure(left, right)
    for one, other in zip(left.parts, right.parts, strict=False):
        if one != other:
            return -1 if one < other else 1
    return 0 if len(left.parts) == len(right.parts) else None


def in_utc(value: Temporal) -> Temporal:
    """The same moment on a clock in Greenwich."""
    if not value.zone:
        return value
    seconds = value.parts[5] if len(value.parts) > 5 else Decimal(0)
    try:
        moved = datetime(*value.parts[:5], tzinfo=UTC) - timedelta(minutes=value.zone)  # type: ignore[misc]
    except OverflowError:
        return value
    parts: tuple[Any, ...] = (moved.year, moved.month, moved.day, moved.hour, moved.minute, seconds)
    return Temporal(value.kind, parts[: max(len(value.parts), 5 if value.zone % 60 else 0)], 0)


def _compare_unsure(left: Temporal, right: Temporal) -> int | None:
    (low, high), (other_low, other_high) = _range(left), _range(right)
    if high < other_low:
        return -1
    return 1 if low > other_high else None


def _range(value: Temporal) -> tuple[Decimal, Decimal]:
    """The first and last second, since year 1, that this may mean."""
    hours, minutes = value.parts[3], value.parts[4] if len(value.parts) > 4 else 0
    seconds = value.parts[5] if len(value.parts) > 5 else Decimal(0)
    start = Decimal(datetime(*value.parts[:3], tzinfo=UTC).toordinal()) * 86400 + hours * 3600 + minutes * 60 + seconds  # type: ignore[misc]
    length = {4: 3599, 5: 59}.get(len(value.parts), 0)
    if value.zone is not None:
        return start - value.zone * 60, start - value.zone * 60 + length
    return start - EARLIEST * 60, start - LATEST * 60 + length


def equal(left: Temporal, right: Temporal) -> bool | None:
    """Whether both are the same moment, where that can be said; a time of day is never a date."""
    if (left.kind == "Time") != (right.kind == "Time"):
        return False
    order = compare(left, right)
    return None if order is None else order == 0


def add(value: Temporal, amount: Decimal, unit: str) -> Temporal | None:
    """The moment this many calendar units later (earlier where negative); None beyond the calendar.

    A unit finer than what is known counts only in whole known units: a year plus 23 months is one year later.
    """
    if unit == "millisecond":
        amount, unit = amount / 1000, "second"
    elif unit == "week":
        amount, unit = amount * 7, "day"
    if unit != "second":
        amount = Decimal(int(amount))
    if value.kind == "Time":
        return _add_to_clock(value, amount, unit)
    finest = UNITS[len(value.parts) - 1]
    if UNITS.index(unit) > UNITS.index(finest):
        amount, unit = _coarser(amount, unit, finest), finest
    if unit in ("year", "month"):
        return _add_months(value, int(amount) * (12 if unit == "year" else 1))
    return _add_seconds(value, amount, {"day": 86400, "hour": 3600, "minute": 60, "second": 1}[unit])


_IN_SECONDS = {"year": 365 * 86400, "month": 30 * 86400, "day": 86400, "hour": 3600, "minute": 60, "second": 1}


def _coarser(amount: Decimal, unit: str, finest: str) -> Decimal:
    if unit == "month" and finest == "year":
        return Decimal(int(amount / 12))
    return Decimal(int(amount * _IN_SECONDS[unit] / _IN_SECONDS[finest]))


def _add_months(value: Temporal, months: int) -> Temporal | None:
    years, month = divmod(value.parts[0] * 12 + (value.parts[1] if len(value.parts) > 1 else 1) - 1 + months, 12)
    if not 1 <= years <= 9999:
        return None
    if len(value.parts) == 1:
        return Temporal(value.kind, (years,), value.zone)
    if len(value.parts) == 2:
        return Temporal(value.kind, (years, month + 1), value.zone)
    day = min(value.parts[2], calendar.monthrange(years, month + 1)[1])
    return Temporal(value.kind, (years, month + 1, day, *value.parts[3:]), value.zone)


def _add_seconds(value: Temporal, amount: Decimal, length: int) -> Temporal | None:
    parts = value.parts
    seconds = parts[5] if len(parts) > 5 else Decimal(0)
    total = Decimal(parts[3] if len(parts) > 3 else 0) * 3600 + (parts[4] if len(parts) > 4 else 0) * 60 + seconds + amount * length
    days, rest = divmod(total, 86400)
    if rest < 0:
        days, rest = days - 1, rest + 86400
    try:
        date = datetime(*parts[:3], tzinfo=UTC) + timedelta(days=int(days))  # type: ignore[misc]
    except OverflowError:
        return None
    made: tuple[Any, ...] = (date.year, date.month, date.day, int(rest // 3600), int(rest % 3600 // 60), _fitted(rest % 60, seconds))
    return Temporal(value.kind, made[: len(parts)], value.zone)


def _fitted(seconds: Decimal, like: Decimal) -> Decimal:
    """Seconds with as many places as before, or more where they count."""
    places = min(int(like.as_tuple().exponent), int(seconds.normalize().as_tuple().exponent), 0)
    return seconds.quantize(Decimal(1).scaleb(max(places, -9)))


def _add_to_clock(value: Temporal, amount: Decimal, unit: str) -> Temporal | None:
    length = {"hour": 3600, "minute": 60, "second": 1}.get(unit)
    if length is None:
        return None
    finest = UNITS[2 + len(value.parts)]
    if UNITS.index(unit) > UNITS.index(finest):
        amount, length = _coarser(amount, unit, finest), _IN_SECONDS[finest]
    parts = value.parts
    seconds = parts[2] if len(parts) > 2 else Decimal(0)
    total = (Decimal(parts[0]) * 3600 + (parts[1] if len(parts) > 1 else 0) * 60 + seconds + amount * length) % 86400
    if total < 0:
        total += 86400
    made: tuple[Any, ...] = (int(total // 3600), int(total % 3600 // 60), _fitted(total % 60, seconds))
    return Temporal("Time", made[: len(parts)])
