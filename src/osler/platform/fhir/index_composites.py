"""What the generated extractors call for composite parameters: the values of one element, and the rows they make together.

A composite matches where its parts hold of the same element: the same component of an Observation
(https://hl7.org/fhir/R4/search.html#composite). Each combination of the element's values is one row.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from osler.platform.fhir.dates import Span, date_range, period_range
from osler.platform.fhir.index_quantities import quantity_rows, range_rows
from osler.platform.fhir.index_values import FALSE, NO_CODE, TRUE
from osler.platform.fhir.keys import code_value, reference_value, string_value, system_value

Token = tuple[int, int]
"""(value, system)"""
Amount = tuple[int, float, float, int | None, float | None, float | None]
"""(unit, least, greatest) as sent, then (base, least, greatest) in canonical units."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def part_coding(found: list[Token], coding: Any) -> None:
    """A Coding."""
    code, system = coding.code, coding.system
    if code is not None or system is not None:
        found.append((NO_CODE if code is None else code_value(code), 0 if system is None else system_value(system)))


def part_concept(found: list[Token], concept: Any) -> None:
    """Every coding of a CodeableConcept."""
    for coding in concept.coding or ():
        part_coding(found, coding)


def part_identifier(found: list[Token], identifier: Any) -> None:
    """An Identifier."""
    if identifier.value is not None:
        found.append((code_value(identifier.value), 0 if identifier.system is None else system_value(identifier.system)))


def part_code(found: list[Token], code: str) -> None:
    """A plain code."""
    found.append((code_value(code), 0))


def part_boolean(found: list[Token], value: bool) -> None:
    """True or false."""
    found.append((TRUE if value else FALSE, 0))


def part_reference(found: list[Token], reference: Any) -> None:
    """A reference to a resource of its own."""
    text = reference.reference
    if text is not None and text[:1] != "#":
        found.append((reference_value(text), 0))


def part_string(found: list[str], text: str) -> None:
    """A text."""
    found.append(string_value(text))


def part_number(found: list[float], number: Any) -> None:
    """A number."""
    found.append(float(number))


def part_quantity(found: list[Amount], quantity: Any) -> None:
    """A Quantity, once for each unit under which it is found."""
    found += quantity_rows(quantity)


def part_range(found: list[Amount], span: Any) -> None:
    """A Range."""
    found += range_rows(span)


def part_date(found: list[Span], text: str) -> None:
    """A date."""
    found.append(date_range(text))


def part_period(found: list[Span], period: Any) -> None:
    """A period."""
    span = period_range(period)
    if span is not None:
        found.append(span)


def moment(when: datetime) -> float:
    """A moment as a number: microseconds since 1970, exact for three centuries around it."""
    return float((when - EPOCH) // EPOCH.resolution)


NOTHING = (None, None, None, None, None)


def meet_token_token(rows: Any, key: int, first: list[Token], second: list[Token]) -> None:
    """Two codes."""
    for value, system in first:
        for other, its in second:
            rows((key, value, other, 0.0, 0.0, system, False, its, *NOTHING))


def meet_token_quantity(rows: Any, key: int, first: list[Token], second: list[Amount]) -> None:
    """A code and an amount."""
    for value, system in first:
        for unit, lo, hi, base, low, high in second:
            rows((key, value, 0, lo, hi, system, lo != hi, None, unit, base, low, high, None))


def meet_token_date(rows: Any, key: int, first: list[Token], second: list[Span]) -> None:
    """A code and a date."""
    for value, system in first:
        for lo, hi in second:
            rows((key, value, 0, moment(lo), moment(hi), system, True, None, *NOTHING))


def meet_token_string(rows: Any, key: int, first: list[Token], second: list[str]) -> None:
    """A code and a text."""
    for value, system in first:
        for text in second:
            rows((key, value, 0, 0.0, 0.0, system, False, None, None, None, None, None, text))


def meet_token_number_number(rows: Any, key: int, first: list[Token], second: list[float], third: list[float]) -> None:
    """A code and two numbers."""
    for value, system in first:
        for one in second:
            for two in third:
                rows((key, value, 0, one, one, system, False, None, None, None, two, two, None))


def meet_position(rows: Any, key: int, position: Any) -> None:
    """Latitude and longitude of a place, in degrees."""
    if position.latitude is not None and position.longitude is not None:
        lat, long = float(position.latitude), float(position.longitude)
        rows((key, 0, 0, lat, lat, 0, False, None, None, None, long, long, None))


NAMES = {name: value for name, value in globals().items() if name.startswith(("part_", "meet_"))}
"""The words the generated functions may use."""
