"""One value of any datatype as a person writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = Mapping[str, Any]
HARMLESS = frozenset("0123456789.-+eE")
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def safe(text: str) -> str:
    """The text as a cell that no spreadsheet runs as a formula: what might be one begins with an apostrophe. Numbers stay numbers.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    if not text.startswith(BEGINS_A_FORMULA) or is_number(text):
        return text
    return "'" + text


def is_number(text: str) -> bool:
    """Whether a cell holds a plain number, such as -3.5."""
    if not HARMLESS.issuperset(text):
        return False
    try:
        float(text)
    except ValueError:
        return False
    return not text.startswith("+")


def said(value: Any, kind: str) -> str:
    """A value of this datatype, or several, in words."""
    if isinstance(value, list):
        return "; ".join(text for item in value if (text := said(item, kind)))
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, dict):
        return str(value)
    written = WRITTEN.get(kind)
    return written(value) if written is not None else parts(value)


def parts(value: Json) -> str:
    """Anything else: its parts with their names."""
    told = []
    for name, item in value.items():
        if name.startswith("_") or name in ("id", "extension", "modifierExtension", "resourceType"):
            continue
        text = said(item, guessed(item))
        if text:
            told.append(f"{name}: {text}")
    return ", ".join(told)


def guessed(value: Any) -> str:
    """The datatype of a part, by its members."""
    one = value[0] if isinstance(value, list) and value else value
    if not isinstance(one, dict):
        return ""
    members = one.keys()
    for kind, marks in MARKS:
        if not members.isdisjoint(marks):
            return kind
    return ""


def name(value: Json) -> str:
    """A HumanName."""
    if "text" in value:
        return str(value["text"])
    order = [*listed(value, "prefix"), *listed(value, "given"), *listed(value, "family"), *listed(value, "suffix")]
    return " ".join(order)


def address(value: Json) -> str:
    """An Address in one line."""
    if "text" in value:
        return str(value["text"])
    return ", ".join([*listed(value, "line"), *(value[part] for part in ("city", "state", "postalCode", "country") if part in value)])


def contact(value: Json) -> str:
    """A ContactPoint."""
    return f"{value.get('value', '')} ({value['use']})" if "use" in value else str(value.get("value", ""))


def concept(value: Json) -> str:
    """A CodeableConcept by its text, else by what its codings say."""
    if "text" in value:
        return str(value["text"])
    return next((text for one in listed_objects(value, "coding") if (text := coding(one))), "")


def coding(value: Json) -> str:
    """A Coding by its display, else by its code."""
    return str(value.get("display") or value.get("code") or "")


def codes(value: Any, kind: str) -> str:
    """What a program reads of a concept: `system|code`, several apart by semicolons."""
    if isinstance(value, list):
        return "; ".join(text for item in value if (text := codes(item, kind)))
    if not isinstance(value, dict):
        return ""
    found = listed_objects(value, "coding") if kind == "CodeableConcept" else [value]
    return "; ".join(f"{one.get('system', '')}|{one['code']}".lstrip("|") for one in found if "code" in one)


def amount(value: Json) -> str:
    """A Quantity: comparator, number and unit."""
    number = f"{value.get('comparator', '')}{value.get('value', '')}"
    return f"{number} {unit(value)}".strip()


def unit(value: Json) -> str:
    """A Quantity's unit as printed, else its code."""
    return str(value.get("unit") or value.get("code") or "")


def money(value: Json) -> str:
    """An amount of money."""
    return f"{value.get('value', '')} {value.get('currency', '')}".strip()


def period(value: Json) -> str:
    """From when to when."""
    return f"{value.get('start', '…')} to {value.get('end', '…')}"


def between(value: Json) -> str:
    """A Range."""
    return f"{amount(value.get('low', {})) or '…'} to {amount(value.get('high', {})) or '…'}"


def ratio(value: Json) -> str:
    """A Ratio."""
    return f"{amount(value.get('numerator', {}))} : {amount(value.get('denominator', {}))}"


def reference(value: Json) -> str:
    """What a Reference points at, by its name where it says one."""
    return str(value.get("display") or value.get("reference") or value.get("identifier", {}).get("value", ""))


def titled(*names: str) -> Callable[[Json], str]:
    """The first of these members that there is."""
    return lambda value: next((str(value[one]) for one in names if one in value), "")


def timing(value: Json) -> str:
    """A Timing by its code or its events."""
    return concept(value.get("code", {})) or ", ".join(listed(value, "event")) or parts(value.get("repeat", {}))


def listed(value: Json, member: str) -> list[str]:
    """A member's texts, be it one or several."""
    found = value.get(member)
    return [] if found is None else [str(one) for one in found if one is not None] if isinstance(found, list) else [str(found)]


def listed_objects(value: Json, member: str) -> list[Json]:
    """A member's objects."""
    return [one for one in value.get(member) or () if isinstance(one, dict)]


WRITTEN: dict[str, Callable[[Json], str]] = {
    "HumanName": name, "Address": address, "ContactPoint": contact, "CodeableConcept": concept, "Coding": coding, "Quantity": amount,
    "Age": amount, "Duration": amount, "Count": amount, "Distance": amount, "Money": money, "Period": period, "Range": between,
    "Ratio": ratio, "Reference": reference, "Identifier": titled("value"), "Annotation": titled("text"), "Timing": timing,
    "Attachment": titled("title", "url", "contentType"), "Narrative": lambda _: "",
}  # fmt: skip
MARKS = (
    ("CodeableConcept", {"coding"}), ("HumanName", {"family", "given"}), ("Reference", {"reference"}), ("Address", {"line", "city"}),
    ("Range", {"low", "high"}), ("Ratio", {"numerator"}), ("Period", {"start", "end"}), ("Money", {"currency"}),
    ("Quantity", {"unit", "comparator"}), ("ContactPoint", {"rank"}), ("Timing", {"repeat", "event"}), ("Coding", {"display"}),
    ("Quantity", {"value"}), ("CodeableConcept", {"text"}),
)  # fmt: skip
