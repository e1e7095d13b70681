"""What the generated extractors call: each datatype's rows, for the datatypes too long to write out in place.

Which parts of a datatype a parameter sees: https://hl7.org/fhir/R4/search.html#token, #string, #quantity
"""

from __future__ import annotations

from typing import Any

from osler.platform.fhir.dates import EARLIEST, LATEST, date_range, period_range, timing_range
from osler.platform.fhir.keys import fold, reference_value, storable, string_value, system_value, token_value

NO_CODE = token_value("")
"""The value of a token that has a system and no code."""
ANY_UNIT = token_value("")
"""The unit of a number."""
TRUE, FALSE = token_value("true"), token_value("false")
UCUM = "http://unitsofmeasure.org"
UNBOUNDED = float("inf")
LONGEST_IDENTIFIER = 500

_NAMED = (UCUM, "urn:iso:std:iso:4217", None)


def contact_value(value: str) -> int:
    """A phone number or e-mail address, compared without case."""
    return token_value(fold(value))


def phone_digits(text: str) -> str:
    """A phone number's digits, without the trunk or country prefix 1 of North America."""
    digits = "".join(char for char in text if char.isascii() and char.isdigit())
    return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits


def add_digits(rows: Any, key: int, point: Any) -> None:
    """A phone number by its digits, forwards and (behind a minus) backwards, so that its beginning and its end are both found."""
    digits = phone_digits(point.value or "")[:30]
    if digits:
        rows((key, digits))
        rows((key, "-" + digits[::-1]))


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


def add_quantity(rows: Any, key: int, quantity: Any) -> None:
    """A Quantity, Age or Duration; `<5` reaches down without end."""
    if quantity.value is None:
        return
    lo = hi = float(quantity.value)
    comparator = quantity.comparator
    if comparator is not None:
        lo, hi = (-UNBOUNDED, hi) if comparator[0] == "<" else (lo, UNBOUNDED)
    for unit in unit_values(quantity):
        rows((key, unit, lo, hi))


def add_range(rows: Any, key: int, span: Any) -> None:
    """A Range, from its low to its high; a side that is not given is open."""
    low, high = span.low, span.high
    lo = -UNBOUNDED if low is None or low.value is None else float(low.value)
    hi = UNBOUNDED if high is None or high.value is None else float(high.value)
    if lo > -UNBOUNDED or hi < UNBOUNDED:
        for unit in unit_values(low if lo > -UNBOUNDED else high):
            rows((key, unit, min(lo, hi), max(lo, hi)))


def add_number_range(rows: Any, key: int, span: Any) -> None:
    """A Range of plain numbers: a probability."""
    low, high = span.low, span.high
    lo = -UNBOUNDED if low is None or low.value is None else float(low.value)
    hi = UNBOUNDED if high is None or high.value is None else float(high.value)
    if lo > -UNBOUNDED or hi < UNBOUNDED:
        rows((key, ANY_UNIT, min(lo, hi), max(lo, hi)))


def add_money(rows: Any, key: int, money: Any) -> None:
    """An amount in a currency."""
    if money.value is not None:
        amount = float(money.value)
        rows((key, token_value(money.currency or ""), amount, amount))


def add_canonical(rows: Any, key: int, text: str) -> None:
    """A canonical or other URL: as it stands, and without its version."""
    rows((key, reference_value(text), 0))
    if "|" in text:
        rows((key, reference_value(text.split("|", 1)[0]), 0))


def name_texts(name: Any) -> list[str]:
    """Every part of a HumanName, and the whole: its text, or given and family names in order."""
    given = [part for part in name.given or () if part]
    parts = [*given, *(part for part in name.prefix or () if part), *(part for part in name.suffix or () if part)]
    if name.family is not None:
        parts.append(name.family)
        given.append(name.family)
    parts.append(name.text or " ".join(given))
    return [part for part in parts if part]


def address_texts(address: Any) -> list[str]:
    """Every part of an Address, and its text."""
    parts = [*(address.line or ()), address.city, address.district, address.state, address.postalCode, address.country, address.text]
    return [part for part in parts if part]


def identifier_texts(identifier: Any) -> tuple[str, str]:
    """Value and system as the identifier index holds them."""
    return storable(identifier.value, LONGEST_IDENTIFIER), storable(identifier.system or "", LONGEST_IDENTIFIER)


def points_at(reference: Any, target: str) -> bool:
    """Whether a reference is to this type, by its URL or by the type it states."""
    text = reference.reference
    if text is None or text[:1] == "#":
        return False
    return text.startswith(target + "/") or f"/{target}/" in text or (reference.type == target and text.startswith("urn:"))


NAMES = {
    name: value
    for name, value in globals().items()
    if name.isupper() or name.startswith(("add_", "name_", "address_", "identifier_", "contact_", "points_"))
} | {
    "token_value": token_value,
    "system_value": system_value,
    "reference_value": reference_value,
    "string_value": string_value,
    "date_range": date_range,
    "period_range": period_range,
    "timing_range": timing_range,
    "EARLIEST": EARLIEST,
    "LATEST": LATEST,
}
"""The words the generated functions may use."""
