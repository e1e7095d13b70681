"""Partial dates as spans of time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from osler.platform.fhir import date_range
from osler.platform.fhir.dates import LATEST
from osler.platform.store.search.values import date

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "lo", "hi"),
    [
        ("2020", at(2020, 1, 1), at(2021, 1, 1)),
        ("2020-12", at(2020, 12, 1), at(2021, 1, 1)),
        ("2020-02-29", at(2020, 2, 29), at(2020, 3, 1)),
        ("2020-02-29T10:00:00Z", at(2020, 2, 29, 10), at(2020, 2, 29, 10, 0, 1)),
        ("2020-02-29T23:30:00-05:00", at(2020, 3, 1, 4, 30), at(2020, 3, 1, 4, 30, 1)),
        ("2020-02-29T10:00:00.5Z", at(2020, 2, 29, 10, 0, 0, 500000), at(2020, 2, 29, 10, 0, 0, 600000)),
        ("2020-02-29T10:00:00.123Z", at(2020, 2, 29, 10, 0, 0, 123000), at(2020, 2, 29, 10, 0, 0, 124000)),
        ("2020-02-29T10:00:00.123456789Z", at(2020, 2, 29, 10, 0, 0, 123456), at(2020, 2, 29, 10, 0, 0, 123457)),
        ("2016-12-31T23:59:60Z", at(2017, 1, 1), at(2017, 1, 1, 0, 0, 1)),
        ("2020-02-29T10:00", at(2020, 2, 29, 10), at(2020, 2, 29, 10, 1)),
        ("9999", at(9999, 1, 1), LATEST),
        ("9999-12", at(9999, 12, 1), LATEST),
        ("9999-12-31", at(9999, 12, 31), LATEST),
        ("0001-01-01T00:00:00+14:00", at(1, 1, 1), at(1, 1, 1, 0, 0, 1)),
    ],
)
def test_a_date_is_as_wide_as_its_last_part(text: str, lo: datetime, hi: datetime) -> None:
    assert date_range(text) == (lo, hi)


@pytest.mark.parametrize("text", ["", "20", "2020-1", "2020-02-30", "2020-13", "hello", "2020-02-29T25:00:00Z", "0000"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        date_range(text)


def test_approximately_reaches_a_tenth_of_the_way_to_now() -> None:
    assert date("date", "ap2016-01-01", NOW)[1:] == (at(2014, 12, 31, 16, 48), at(2017, 1, 1, 7, 12))
    assert date("date", "ap2026-01-01", NOW)[1:] == (at(2025, 12, 31), at(2026, 1, 3))
