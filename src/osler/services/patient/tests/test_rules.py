"""How the search box is read."""

from __future__ import annotations

from datetime import date

import pytest

from osler.platform.errors import Invalid
from osler.services.patient.rules import Sought, date_in, day_in_digits, sought

MARCH = date(1950, 3, 1)


@pytest.mark.parametrize(
    "typed",
    [
        "1950-03-01",
        "1950/3/1",
        "03/01/1950",
        "3-1-1950",
        "01.03.1950",
        "1 Mar 1950",
        "1st march 1950",
        "Mar 1, 1950",
        "MARCH 1 1950",
        "1-Mar-1950",
    ],
)
def test_a_birth_date_is_read_in_the_common_forms(typed: str) -> None:
    assert sought(f"smith {typed} john") == Sought(("smith", "john"), (), MARCH)


def test_a_day_that_cannot_be_a_month_tells_the_order() -> None:
    assert date_in("25/01/1950")[0] == date(1950, 1, 25)
    assert date_in("01/25/1950")[0] == date(1950, 1, 25)


def test_what_is_no_date_stays_a_number() -> None:
    assert sought("1950-13-45") == Sought((), ("1950-13-45",), None)
    assert sought("31/02/1950").born is None
    assert day_in_digits("19501301") is None
    assert day_in_digits("19500301") == MARCH


def test_phone_numbers_with_spaces_are_one_number() -> None:
    assert sought("smith (555) 123-4567") == Sought(("smith",), ("(555) 123-4567",), None)
    assert sought("555 123 4567 john") == Sought(("john",), ("555 123 4567",), None)


def test_words_with_digits_are_numbers_and_words_said_twice_count_once() -> None:
    assert sought("smith MRN-7 smith") == Sought(("smith",), ("MRN-7",), None)


def test_too_many_words_mean_nobody() -> None:
    with pytest.raises(Invalid):
        sought("one two three four five six seven eight nine")
