"""What the generated extractors call: each datatype's rows, for the datatypes too long to write out in place.

Which parts of a datatype a parameter sees: https://hl7.org/fhir/R4/search.html#token, #string, #quantity
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from osler.platform.fhir.dates import EARLIEST, LATEST, date_range, period_range, timing_range
from osler.platform.fhir.index_quantities import UNBOUNDED, quantity_rows, range_rows
from osler.platform.fhir.keys import code_value, fold, reference_value, storable, string_value, system_value, token_value
from osler.platform.fhir.phonetics import sounds_like

NO_CODE = token_value("")
"""The value of a token that has a system and no code."""
ANY_UNIT = token_value("")
"""The unit of a number."""
TRUE, FALSE = token_value("true"), token_value("false")
LONGEST_IDENTIFIER = 500


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


def add_quantity(rows: Any, key: int, quantity: Any) -> None:
    """A Quantity, Age or Duration; `<5` reaches down without end."""
    for row in quantity_rows(quantity):
        rows((key, *row))


def add_range(rows: Any, key: int, span: Any) -> None:
    """A Range, from its low to its high; a side that is not given is open."""
    for row in range_rows(span):
        rows((key, *row))


def add_number_range(rows: Any, key: int, span: Any) -> None:
    """A Range of plain numbers: a probability."""
    low, high = span.low, span.high
    lo = -UNBOUNDED if low is None or low.value is None else float(low.value)
    hi = UNBOUNDED if high is None or high.value is None else float(high.value)
    if lo > -UNBOUNDED or hi < UNBOUNDED:
        rows((key, ANY_UNIT, min(lo, hi), max(lo, hi), None, None, None))


def add_money(rows: Any, key: int, money: Any) -> None:
    """An amount in a currency."""
    if money.value is not None:
        amount = float(money.value)
        rows((key, token_value(money.currency or ""), amount, amount, None, None, None))


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


def add_identifier_type(idents: Any, texts: Any, key: int, identifier: Any, type: Any) -> None:  # noqa: A002 - FHIR's word
    """What kind of identifier it is: `:of-type` finds it by type and value, `:text` by the type's text."""
    if type.text is not None:
        texts((key, text_value(type.text)))
    for coding in type.coding or ():
        if identifier.value is not None and coding.code is not None:
            idents((key, OF_TYPE + storable(identifier.value, LONGEST_IDENTIFIER), of_type(coding.system, coding.code)))


OF_TYPE = "\x01"
"""Begins the value of an identifier's row by type: such rows stand apart from those by system."""


def of_type(system: str | None, code: str) -> str:
    """The type of an identifier as its row holds it."""
    return storable(f"{system or ''}|{code.lower()}", LONGEST_IDENTIFIER)


@lru_cache(maxsize=16384)
def text_value(text: str) -> str:
    """The text beside a code as `:text` compares it."""
    return fold(storable(text))


def sounds(text: str) -> list[int]:
    """How the words of a name sound."""
    return [token_value(sound) for word in fold(text).split() if (sound := sounds_like(word))]


def add_reference_identifier(idents: Any, key: int, identifier: Any) -> None:
    """What `:identifier` finds a reference by."""
    if identifier.value is not None:
        text, of = identifier_texts(identifier)
        idents((key, text, of))


def points_at(reference: Any, target: str) -> bool:
    """Whether a reference is to this type, by its URL or by the type it states."""
    text = reference.reference
    if text is None or text[:1] == "#":
        return False
    return text.startswith(target + "/") or f"/{target}/" in text or (reference.type == target and text.startswith("urn:"))


NAMES = {
    name: value
    for name, value in globals().items()
    if name.isupper() or name.startswith(("add_", "name_", "address_", "identifier_", "contact_", "points_", "sounds", "text_"))
} | {
    "token_value": token_value,
    "code_value": code_value,
    "storable": storable,
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
