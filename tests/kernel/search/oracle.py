"""Search as one would explain it: look at every resource, read the JSON, compare. No index, no SQL, none of the product's extractors."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def each(value: Any, *path: str) -> list[Any]:
    found = [value]
    for name in path:
        found = [item for here in found if isinstance(here, dict) for item in many(here.get(name))]
    return found


def many(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def plain(text: str) -> str:
    bare = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(bare.casefold().split())


def span(text: str) -> tuple[datetime, datetime]:
    numbers = [int(number) for number in re.findall(r"\d+", text.split("T")[0])]
    if "T" in text:
        start = datetime.fromisoformat(text.replace("Z", "+00:00"))
        start = start if start.tzinfo else start.replace(tzinfo=UTC)
        return start, start + (timedelta(seconds=1) if re.search(r"T\d\d:\d\d:\d\d", text) else timedelta(minutes=1))
    if len(numbers) == 3:
        start = datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type,misc]
        return start, start + timedelta(days=1)
    if len(numbers) == 2:
        year, month = numbers
        return datetime(year, month, 1, tzinfo=UTC), datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return datetime(numbers[0], 1, 1, tzinfo=UTC), datetime(numbers[0] + 1, 1, 1, tzinfo=UTC)


def spans(value: Any) -> list[tuple[datetime, datetime]]:
    if isinstance(value, str):
        return [span(value)]
    if "start" not in value and "end" not in value:
        return []
    return [(span(value["start"])[0] if "start" in value else FIRST, span(value["end"])[1] if "end" in value else LAST)]


def dates(*names: str) -> Callable[[Json], list[tuple[datetime, datetime]]]:
    return lambda resource: [found for name in names for value in many(resource.get(name)) for found in spans(value)]


def codings(*path: str) -> Callable[[Json], list[tuple[str | None, str | None]]]:
    return lambda resource: [(item.get("code"), item.get("system")) for item in each(resource, *path)]


def bare(*path: str) -> Callable[[Json], list[tuple[str | None, str | None]]]:
    return lambda resource: [(str(item).lower() if isinstance(item, bool) else item, None) for item in each(resource, *path)]


def references(*path: str) -> Callable[[Json], list[str]]:
    return lambda resource: [item["reference"] for item in each(resource, *path) if "reference" in item]


def texts(*path: str) -> Callable[[Json], list[str]]:
    return lambda resource: each(resource, *path)


def names(resource: Json) -> list[str]:
    found = []
    for name in each(resource, "name"):
        given = many(name.get("given"))
        family = many(name.get("family"))
        whole = many(name.get("text")) or [" ".join([*given, *family])]
        found += [*given, *family, *many(name.get("prefix")), *many(name.get("suffix")), *whole]
    return [text for text in found if text]


def identifiers(resource: Json) -> list[tuple[str | None, str | None]]:
    return [(item.get("value"), item.get("system")) for item in each(resource, "identifier")]


def quantities(resource: Json) -> list[tuple[Decimal | float, Decimal | float, str | None]]:
    found: list[tuple[Decimal | float, Decimal | float, str | None]] = []
    for item in each(resource, "valueQuantity"):
        value = Decimal(str(item["value"]))
        lo = float("-inf") if item.get("comparator", "").startswith("<") else value
        hi = float("inf") if item.get("comparator", "").startswith(">") else value
        found.append((lo, hi, item.get("code") or item.get("unit")))
    return found


@dataclass(frozen=True)
class Known:
    kind: str
    values: Callable[[Json], list[Any]]
    system: str = ""
    targets: tuple[str, ...] = ()


GENDER = "http://hl7.org/fhir/administrative-gender"
PARAMETERS: dict[str, dict[str, Known]] = {
    "Patient": {
        "name": Known("string", names),
        "family": Known("string", texts("name", "family")),
        "given": Known("string", texts("name", "given")),
        "gender": Known("token", bare("gender"), GENDER),
        "active": Known("token", bare("active")),
        "birthdate": Known("date", dates("birthDate")),
        "identifier": Known("token", identifiers),
        "general-practitioner": Known(
            "reference", references("generalPractitioner"), targets=("Organization", "Practitioner", "PractitionerRole")
        ),
    },
    "Observation": {
        "code": Known("token", codings("code", "coding")),
        "category": Known("token", codings("category", "coding")),
        "status": Known("token", bare("status"), "http://hl7.org/fhir/observation-status"),
        "patient": Known("reference", lambda r: [x for x in references("subject")(r) if x.startswith("Patient/")], targets=("Patient",)),
        "subject": Known("reference", references("subject"), targets=("Device", "Group", "Location", "Patient")),
        "encounter": Known("reference", references("encounter"), targets=("Encounter",)),
        "date": Known("date", dates("effectiveDateTime", "effectivePeriod")),
        "value-quantity": Known("quantity", quantities),
    },
    "Encounter": {
        "class": Known("token", codings("class")),
        "status": Known("token", bare("status"), "http://hl7.org/fhir/encounter-status"),
        "date": Known("date", dates("period")),
        "location-period": Known("date", lambda r: [found for x in each(r, "location", "period") for found in spans(x)]),
        "patient": Known("reference", lambda r: [x for x in references("subject")(r) if x.startswith("Patient/")], targets=("Patient",)),
        "participant": Known(
            "reference", references("participant", "individual"), targets=("Practitioner", "PractitionerRole", "RelatedPerson")
        ),
    },
}


def cut(text: str, mark: str) -> list[str]:
    return re.split(rf"(?<!\\){re.escape(mark)}", text)


def meant(text: str) -> str:
    return re.sub(r"\\([\\,|$])", r"\1", text)


def token_matches(known: Known, value: tuple[str | None, str | None], wanted: str) -> bool:
    code, system = value
    parts = [meant(part) for part in cut(wanted, "|")]
    if len(parts) == 1:
        return code == parts[0]
    if known.system and parts[0]:
        system = known.system
    if parts[0] and system != parts[0]:
        return False
    if not parts[0] and system:
        return False
    return not parts[1] or code == parts[1]


def date_matches(value: tuple[datetime, datetime], wanted: str) -> bool:
    prefix, text = (wanted[:2], wanted[2:]) if wanted[:2].isalpha() else ("eq", wanted)
    lo, hi = span(text)
    return {
        "eq": lo <= value[0] and value[1] <= hi,
        "ne": not (lo <= value[0] and value[1] <= hi),
        "gt": value[1] > hi,
        "ge": value[1] > lo,
        "lt": value[0] < lo,
        "le": value[0] < hi,
        "sa": value[0] >= hi,
        "eb": value[1] <= lo,
    }[prefix]


def quantity_matches(value: tuple[Any, Any, str | None], wanted: str) -> bool:
    number, *unit = wanted.split("|")
    prefix, text = (number[:2], number[2:]) if number[:2].isalpha() else ("eq", number)
    if unit and value[2] != unit[1]:
        return False
    sent = Decimal(text)
    half = Decimal(1).scaleb(int(sent.as_tuple().exponent)) / 2
    lo, hi = value[0], value[1]
    return {
        "eq": lo >= sent - half and hi < sent + half,
        "ne": not (lo >= sent - half and hi < sent + half),
        "gt": hi > sent,
        "ge": hi >= sent,
        "lt": lo < sent,
        "le": lo <= sent,
        "sa": lo > sent,
        "eb": hi < sent,
    }[prefix]


def string_matches(value: str, wanted: str, modifier: str) -> bool:
    wanted = meant(wanted)
    if modifier == "exact":
        return value == wanted
    return plain(wanted) in plain(value) if modifier == "contains" else plain(value).startswith(plain(wanted))


def reference_matches(known: Known, value: str, wanted: str, modifier: str) -> bool:
    wanted = meant(wanted).split("/_history/")[0]
    value = value.split("/_history/")[0]
    if "/" in wanted:
        return value == wanted
    return any(value == f"{target}/{wanted}" for target in ((modifier,) if modifier else known.targets))


def matches(resource: Json, name: str, text: str) -> bool:
    """Whether a resource meets one parameter."""
    code, _, modifier = name.partition(":")
    if code == "_id":
        return resource["id"] in [meant(part) for part in cut(text, ",")]
    known = PARAMETERS[resource["resourceType"]][code]
    values = known.values(resource)
    if modifier == "missing":
        return (not values) == (text == "true")
    wanted = cut(text, ",")

    def one(value: Any, part: str) -> bool:
        if known.kind == "token":
            return token_matches(known, value, part)
        if known.kind == "date":
            return date_matches(value, part)
        if known.kind == "quantity":
            return quantity_matches(value, part)
        if known.kind == "reference":
            return reference_matches(known, value, part, modifier)
        return string_matches(value, part, modifier)

    found = any(one(value, part) for value in values for part in wanted)
    return not found if modifier == "not" else found


def search(resources: Iterable[Json], type_name: str, params: Sequence[tuple[str, str]]) -> set[str]:
    """The ids of everything that matches."""
    return {
        resource["id"]
        for resource in resources
        if resource["resourceType"] == type_name and all(matches(resource, name, text) for name, text in params)
    }


def sort_key(resource: Json, name: str) -> Any:
    """What one key of `_sort` orders by: None when there is nothing or no start, which comes last."""
    descending, code = name.startswith("-"), name.removeprefix("-")
    if code == "_id":
        return resource["id"]
    known = PARAMETERS[resource["resourceType"]][code]
    values = [value[0] if known.kind == "date" else plain(value) for value in known.values(resource)]
    values = [value for value in values if value != FIRST]
    if not values:
        return None
    return max(values) if descending else min(values)
