"""The values of a parameter in one resource, and whether a value is what was asked for. https://hl7.org/fhir/R4/search.html"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from osler.platform.fhirpath import Environment, Node, compile  # noqa: A004 - what it does
from osler.platform.units import canonical

Json = dict[str, Any]
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
UCUM = "http://unitsofmeasure.org"
INFINITE = Decimal("Infinity")


def resolved(reference: str) -> Json | None:
    """What `resolve()` needs to tell the type of a reference."""
    found = re.search(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]+(?:/_history/[A-Za-z0-9\-.]+)?$", reference)
    return {"resourceType": found[1]} if found else None


WORLD = Environment(resolve=resolved)


def nodes(resource: Any, expression: str) -> list[Node]:
    return compile(expression).evaluate(resource, WORLD) if expression else []


def plain(text: str) -> str:
    bare = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(bare.casefold().split())


def many(value: Any) -> list[Any]:
    return [] if value is None else [item for item in value if item is not None] if isinstance(value, list) else [value]


def cut(text: str, mark: str) -> list[str]:
    return re.split(rf"(?<!\\){re.escape(mark)}", text)


def meant(text: str) -> str:
    return re.sub(r"\\([\\,|$])", r"\1", text)


# Tokens


@dataclass(frozen=True)
class Token:
    system: str | None
    code: str | None
    exact: bool = False
    """Identifiers are compared as text; codes without case."""


def tokens(node: Node) -> Iterator[Token]:
    value = node.value
    if node.type == "CodeableConcept":
        yield from (Token(one.get("system"), one.get("code")) for one in value.get("coding", ()) if {"system", "code"} & one.keys())
    elif node.type == "Coding":
        if {"system", "code"} & value.keys():
            yield Token(value.get("system"), value.get("code"))
    elif node.type == "Identifier":
        if "value" in value:
            yield Token(value.get("system"), value["value"], exact=True)
    elif node.type == "ContactPoint":
        if "value" in value:
            yield Token(None, value["value"])
    elif isinstance(value, bool):
        yield Token(None, "true" if value else "false")
    elif isinstance(value, str):
        yield Token(None, value)


def token_is(value: Token, wanted: str) -> bool:
    parts = [meant(part) for part in cut(wanted, "|")]
    code = parts[-1]
    if code and not (value.code == code or (not value.exact and (value.code or "").lower() == code.lower())):
        return False
    if len(parts) == 1:
        return True
    return (value.system or "") == parts[0]


def token_texts(node: Node) -> Iterator[str]:
    """What `:text` looks at."""
    if node.type == "CodeableConcept":
        yield from many(node.value.get("text"))
        yield from (one["display"] for one in node.value.get("coding", ()) if "display" in one)
    elif node.type == "Coding":
        yield from many(node.value.get("display"))
    elif node.type == "Identifier":
        yield from many(node.value.get("type", {}).get("text"))


# Strings


def strings(node: Node) -> Iterator[str]:
    value = node.value
    if node.type == "HumanName":
        parts = [*many(value.get("given")), *many(value.get("family")), *many(value.get("prefix")), *many(value.get("suffix"))]
        yield from parts
        yield value.get("text") or " ".join([*many(value.get("given")), *many(value.get("family"))])
    elif node.type == "Address":
        for name in ("line", "city", "district", "state", "postalCode", "country", "text"):
            yield from many(value.get(name))
    elif isinstance(value, str):
        yield value


def string_is(value: str, wanted: str, modifier: str) -> bool:
    wanted = meant(wanted)
    if modifier == "exact":
        return value == wanted
    return plain(wanted) in plain(value) if modifier == "contains" else plain(value).startswith(plain(wanted))


# Dates

Span = tuple[datetime, datetime]


def span(text: str) -> Span:
    if "T" in text:
        start = datetime.fromisoformat(text.replace("Z", "+00:00"))
        start = start if start.tzinfo else start.replace(tzinfo=UTC)
        if found := re.search(r"\.(\d+)", text):
            return start, start + timedelta(microseconds=10 ** (6 - len(found[1])))
        return start, start + (timedelta(seconds=1) if re.search(r"T\d\d:\d\d:\d\d", text) else timedelta(minutes=1))
    numbers = [int(number) for number in text.split("-")]
    if len(numbers) == 3:
        start = datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type,misc]
        return start, start + timedelta(days=1)
    if len(numbers) == 2:
        year, month = numbers
        return datetime(year, month, 1, tzinfo=UTC), datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return datetime(numbers[0], 1, 1, tzinfo=UTC), datetime(numbers[0] + 1, 1, 1, tzinfo=UTC)


def spans(node: Node) -> Iterator[Span]:
    value = node.value
    if node.type == "Period":
        if "start" in value or "end" in value:
            yield span(value["start"])[0] if "start" in value else FIRST, span(value["end"])[1] if "end" in value else LAST
    elif node.type == "Timing":
        found = [span(text) for text in many(value.get("event"))]
        bounds = value.get("repeat", {}).get("boundsPeriod", {})
        found += spans(Node(bounds, "Period"))
        if found:
            yield min(lo for lo, _ in found), max(hi for _, hi in found)
    elif node.type in ("date", "dateTime", "instant") and isinstance(value, str):
        yield span(value)


def date_is(value: Span, wanted: str) -> bool:
    prefix, text = (wanted[:2], wanted[2:]) if wanted[:2].isalpha() else ("eq", wanted)
    lo, hi = span(text)
    if prefix == "ap":
        # "the recommended value for the approximation is 10% of the gap between now and the date", a day at least
        slack = max(abs(NOW - lo) / 10, timedelta(days=1))
        return value[0] < hi + slack and value[1] > lo - slack
    within = lo <= value[0] and value[1] <= hi
    return {
        "eq": within,
        "ne": not within,
        "gt": value[1] > hi,
        "ge": value[1] > lo,
        "lt": value[0] < lo,
        "le": value[0] < hi,
        "sa": value[0] >= hi,
        "eb": value[1] <= lo,
    }[prefix]


# Numbers and quantities


@dataclass(frozen=True)
class Amount:
    low: Decimal
    high: Decimal
    system: str | None = None
    codes: frozenset[str] = frozenset()
    plain: bool = False
    """A number: it has no unit."""


def decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def one_amount(value: Json) -> Amount | None:
    if "value" not in value:
        return None
    number, comparator = decimal(value["value"]), value.get("comparator", "")
    code = value.get("code") or value.get("unit")
    low = -INFINITE if comparator.startswith("<") else number
    high = INFINITE if comparator.startswith(">") else number
    return Amount(low, high, value.get("system"), frozenset({code} if code else ()))


def amounts(node: Node) -> Iterator[Amount]:
    value = node.value
    if node.type == "Range":
        low, high = value.get("low", {}), value.get("high", {})
        if "value" in low or "value" in high:
            unit = low if "value" in low else high
            least = decimal(low["value"]) if "value" in low else -INFINITE
            most = decimal(high["value"]) if "value" in high else INFINITE
            code = unit.get("code") or unit.get("unit")
            yield Amount(min(least, most), max(least, most), unit.get("system"), frozenset({code} if code else ()))
    elif node.type == "Money":
        if "value" in value:
            yield Amount(*(decimal(value["value"]),) * 2, "urn:iso:std:iso:4217", frozenset(many(value.get("currency"))))
    elif isinstance(value, dict):
        if (found := one_amount(value)) is not None:
            yield found
    elif not isinstance(value, bool):
        yield Amount(decimal(value), decimal(value), plain=True)


def amount_is(value: Amount, wanted: str) -> bool:
    number, *unit = [meant(part) for part in cut(wanted, "|")]
    prefix, digits = (number[:2], number[2:]) if number[:2].isalpha() else ("eq", number)
    sent = Decimal(digits)
    half = Decimal(1).scaleb(int(sent.as_tuple().exponent)) / 2
    if prefix == "ap":
        half = max(abs(sent) / 10, half)
    least, most = sent - half, sent + half
    low, high = value.low, value.high
    if unit:
        system, code = unit
        found = None
        if system == UCUM:
            here = [canonical(each, code) for each in (sent, least, most)]
            there = [canonical(Decimal(0) if each.is_infinite() else each, one) for one in value.codes for each in (low, high)]
            if value.system == UCUM and all(here) and there and all(there) and here[0][1] == there[0][1]:  # type: ignore[index]
                found = here, there
        if found:
            sent, least, most = (each[0] for each in found[0])  # type: ignore[index]
            low = low if low.is_infinite() else found[1][0][0]  # type: ignore[index]
            high = high if high.is_infinite() else found[1][1][0]  # type: ignore[index]
        elif code not in value.codes or (system and (value.system or "") != system):
            return False
    inside = low >= least and high < most
    return {
        "eq": inside,
        "ap": low <= most and high >= least,
        "ne": not inside,
        "gt": high > sent,
        "ge": high >= sent,
        "lt": low < sent,
        "le": low <= sent,
        "sa": low > sent,
        "eb": high < sent,
    }[prefix]


# References


def references(node: Node) -> Iterator[str]:
    if node.type == "Reference":
        yield from many(node.value.get("reference"))
    elif isinstance(node.value, str):
        yield node.value


def reference_is(value: str, wanted: str, targets: tuple[str, ...]) -> bool:
    wanted, value = meant(wanted).split("/_history/")[0], value.split("/_history/")[0]
    if ":" in wanted:
        return value in (wanted,) or value.split("|")[0] == wanted
    if "/" in wanted:
        return value == wanted
    return any(value == f"{target}/{wanted}" for target in targets)


def uri_is(value: str, wanted: str, modifier: str) -> bool:
    wanted = meant(wanted)
    if modifier == "below":
        return value.startswith(wanted)
    if modifier == "above":
        return wanted.startswith(value)
    return value == wanted
