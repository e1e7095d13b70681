"""FHIR dates as the span of time they stand for: `2020-03` is all of March, `2020-03-01T10:00:00Z` one second.

A span is half open: its first moment belongs to it, its end does not. A date without a time zone is read as UTC.
https://hl7.org/fhir/R4/search.html#date
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
"""Stands for "no date", and for the start of a period that has none."""
LATEST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
"""The end of a period that has none."""

Span = tuple[datetime, datetime]

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_MILLISECOND = timedelta(milliseconds=1)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)


@lru_cache(maxsize=16384)
def date_range(text: str) -> Span:
    """The span a FHIR date, dateTime or instant stands for. ValueError when it is none."""
    length = len(text)
    if length > 10:
        return _moment(text)
    if length == 10:
        lo = datetime(int(text[:4]), int(text[5:7]), int(text[8:]), tzinfo=UTC)
        return lo, _later(lo, _DAY)
    if length == 7:
        year, month = int(text[:4]), int(text[5:])
        lo = datetime(year, month, 1, tzinfo=UTC)
        if month < 12:
            return lo, datetime(year, month + 1, 1, tzinfo=UTC)
    elif length == 4:
        year = int(text)
        lo = datetime(year, 1, 1, tzinfo=UTC)
    else:
        raise ValueError("not a FHIR date")
    return lo, datetime(year + 1, 1, 1, tzinfo=UTC) if year < 9999 else LATEST


def _moment(text: str) -> Span:
    """A date with a time: as wide as its last digit. Second 60 counts as the next minute's first."""
    leap = text[17:19] == "60"
    if leap:
        text = f"{text[:17]}59{text[19:]}"
    if "." in text:
        head, _, tail = text.partition(".")
        digits = len(tail) - len(tail.lstrip("0123456789"))
        # fromisoformat knows three or six digits; what is finer than a microsecond is cut.
        text = f"{head}.{tail[:digits][:6].ljust(6, '0')}{tail[digits:]}"
        width = _MICROSECOND if digits > 3 else timedelta(microseconds=10 ** (6 - digits))
    else:
        width = _SECOND if text[16:17] == ":" else _MINUTE
    lo = datetime.fromisoformat(text)
    try:
        lo = lo.replace(tzinfo=UTC) if lo.tzinfo is None else lo.astimezone(UTC)
    except OverflowError:
        lo = EARLIEST if lo.year < 5000 else LATEST - _SECOND
    if leap:
        lo = _later(lo, _SECOND)
    return lo, _later(lo, width)


def _later(moment: datetime, by: timedelta) -> datetime:
    return moment + by if moment < LATEST - by else LATEST


def period_range(period: Any) -> Span | None:
    """The span of a Period; a side that is not given is open. None when neither is."""
    start, end = period.start, period.end
    if start is None and end is None:
        return None
    return date_range(start)[0] if start else EARLIEST, date_range(end)[1] if end else LATEST


def timing_range(timing: Any) -> Span | None:
    """From the first to the last moment a Timing names, by its events or its bounds. None when it names none."""
    spans = [date_range(event) for event in timing.event or () if event]
    repeat = timing.repeat
    if repeat is not None and repeat.boundsPeriod is not None and (span := period_range(repeat.boundsPeriod)):
        spans.append(span)
    if not spans:
        return None
    return min(lo for lo, _ in spans), max(hi for _, hi in spans)
