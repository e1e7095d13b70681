"""Reads the values of search parameters. Each raises `Malformed` naming the parameter.

Escapes (`\\,` `\\|` `\\$` `\\\\`): https://hl7.org/fhir/R4/search.html#escaping
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import cast

from osler.platform.errors import Issue, Malformed, Unsupported
from osler.platform.fhir import TYPE_CODE, SearchParameter, code_value, date_range, fold, reference_value, rid, system_value
from osler.platform.fhir.dates import EARLIEST, LATEST
from osler.platform.fhir.index_quantities import UCUM, canonical, unit_value
from osler.platform.fhir.index_values import ANY_UNIT, contact_value
from osler.platform.fhir.keys import string_value
from osler.platform.fhir.search_parameters import Component
from osler.platform.store.search.query import Amount, Prefix

PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap")
LEGAL_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
MOST_ALTERNATIVES = 1000
"""Values in one comma list."""

_ESCAPED = re.compile(r"\\([\\,|$])")
_RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_DATE = re.compile(
    r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d(:([0-5]\d|60)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
_LEAST_WIDTH = timedelta(days=1)


def bad(name: str, why: str) -> Malformed:
    """A value that cannot be read. The value itself stays out of the message: it may be a name."""
    message = f"The search parameter {name} {why}"
    return Malformed(message, [Issue("invalid", message, f"http.{name}")])


def unknown(name: str, type_name: str, why: str = "is not known") -> Unsupported:
    """A parameter or modifier that this server does not know."""
    message = f"The search parameter {name} of {type_name} {why}"
    return Unsupported(message, [Issue("not-supported", message, f"http.{name}")])


def split(text: str, mark: str) -> list[str]:
    """Split at the mark where it is not escaped; escapes stay."""
    if "\\" not in text:
        return text.split(mark)
    parts, start, place = [], 0, 0
    while place < len(text):
        if text[place] == "\\":
            place += 2
            continue
        if text[place] == mark:
            parts.append(text[start:place])
            start = place + 1
        place += 1
    return [*parts, text[start:]]


def unescape(text: str) -> str:
    """The text meant: `\\,` is a comma."""
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def alternatives(name: str, text: str) -> list[str]:
    """The values of a comma list, still escaped."""
    found = split(text, ",")
    if not all(found):
        raise bad(name, "has an empty value")
    if len(found) > MOST_ALTERNATIVES:
        raise bad(name, f"has more than {MOST_ALTERNATIVES} values")
    return found


def code_and_system(name: str, text: str) -> tuple[str | None, str | None]:
    """`code`, `system|code`, `|code` (no system) or `system|` (any code), as (code, system); None says any."""
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) == 1:
        return parts[0], None
    if len(parts) > 2 or not any(parts):
        raise bad(name, "is not a code, system|code, |code or system|")
    return parts[1] or None, parts[0]


def token(parameter: SearchParameter | Component, name: str, text: str) -> tuple[int | None, int | None] | None:
    """The numbers of a token; None when nothing can match, because the code's system is another one."""
    code, system = code_and_system(name, text)
    folds = isinstance(parameter, SearchParameter) and parameter.folds
    value = None if code is None else contact_value(code) if folds else code_value(code)
    if parameter.system and system:
        return (value, None) if system == parameter.system else None
    return value, None if system is None else system_value(system)


def reference(parameter: SearchParameter | Component, name: str, text: str, only: str | None, base: str) -> list[tuple[str, int]]:
    """What a reference may point at: (type or "", number). A bare id stands for each type the parameter may point at."""
    text = unescape(text)
    if base and text.startswith(base + "/"):
        text = text[len(base) + 1 :]
    if match := _RELATIVE.fullmatch(text):
        if match[1] not in TYPE_CODE:
            raise bad(name, f"names {match[1]}, which is not a type of resource")
        if only not in (None, match[1]):
            raise bad(name, f"names another type than :{only}")
        return [(match[1], rid(match[1], match[2]))]
    if LEGAL_ID.fullmatch(text):
        return [(target, rid(target, text)) for target in ((only,) if only else parameter.targets)]
    if ":" in text:
        return [("", reference_value(text))]
    raise bad(name, "is not a reference: id, Type/id or a URL")


def prefixed(name: str, text: str) -> tuple[Prefix, str]:
    """`ge2020` as (`ge`, `2020`); no prefix is `eq`."""
    if text[:2].isalpha():
        if text[:2] not in PREFIXES:
            raise bad(name, f"has an unknown prefix; known are {', '.join(PREFIXES)}")
        return cast("Prefix", text[:2]), text[2:]
    return "eq", text


def date(name: str, text: str, now: datetime) -> tuple[Prefix, datetime, datetime]:
    """A date with its prefix as a span. `ap` widens the span by a tenth of its distance from now, by a day at least."""
    prefix, rest = prefixed(name, unescape(text).replace(" ", "+"))
    if _DATE.fullmatch(rest) is None:
        raise bad(name, "is not a date: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss][Z|±hh:mm]")
    try:
        lo, hi = date_range(rest)
    except ValueError:
        raise bad(name, "is not a day of the calendar") from None
    if prefix == "ap":
        slack = max(abs(now - lo) / 10, _LEAST_WIDTH)
        lo = lo - slack if lo - EARLIEST > slack else EARLIEST
        hi = hi + slack if LATEST - hi > slack else LATEST
    return prefix, lo, hi


def amount(parameter: SearchParameter | Component, name: str, text: str) -> Amount:
    """A number, or a quantity as `5.4`, `5.4|system|code` or `5.4||code`. The digits sent say how exact it is."""
    number, *unit = [unescape(part) for part in split(text, "|")]
    prefix, digits = prefixed(name, number)
    try:
        value = Decimal(digits)
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite() or abs(value.adjusted()) > 300 or (unit and (len(unit) != 2 or not unit[1] or parameter.kind == "number")):
        raise bad(
            name, "is not a number" if parameter.kind == "number" else "is not a quantity: number, number|system|code or number||code"
        )
    exponent = value.as_tuple().exponent
    half = Decimal(5).scaleb(int(exponent) - 1)
    if prefix == "ap":
        half = max(abs(value) / 10, half)
    if unit and unit[0] == UCUM and (found := _in_base_units(prefix, value, half, unit[1])):
        return found
    code = None if not unit else unit_value(unit[0] or None, unit[1])
    if parameter.kind == "number":
        code = ANY_UNIT
    return Amount(prefix, float(value), float(value - half), float(value + half), code)


def _in_base_units(prefix: Prefix, value: Decimal, half: Decimal, code: str) -> Amount | None:
    """An amount in a UCUM unit, so that every unit of the same dimension is found. The unit's own digits say how exact it is."""
    here, low, high = canonical(value, code), canonical(value - half, code), canonical(value + half, code)
    if here is None or low is None or high is None:
        return None
    return Amount(prefix, here[1], min(low[1], high[1]), max(low[1], high[1]), here[0], canonical=True)


def string(name: str, text: str, mode: str) -> str:
    """What the index is compared with: the whole row for `exact`, else the folded text, which every text would start with if empty."""
    text = unescape(text)
    folded = fold(text)[:299]
    if not folded:
        raise bad(name, "has an empty value")
    return string_value(text) if mode == "exact" else folded


def boolean(name: str, text: str) -> bool:
    """`true` or `false`."""
    if text not in ("true", "false"):
        raise bad(name, "must be true or false")
    return text == "true"
