"""What the datatypes ask beyond their members: fixed values, codes, quantities, identifiers, attachments."""

from __future__ import annotations

import base64
import binascii
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from osler.platform.units import convert
from osler.platform.validation import codes, patterns
from osler.platform.validation.items import Item
from osler.platform.validation.report import Report
from osler.platform.validation.rows import Value
from osler.platform.validation.shapes import Rule

if TYPE_CHECKING:
    from osler.platform.validation.engine import Engine

UCUM = "http://unitsofmeasure.org"
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\Z")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def absolute(url: str) -> bool:
    """Whether a URI names its scheme."""
    return _SCHEME.match(url) is not None


def fixed(item: Item, rule: Rule, report: Report) -> None:
    """An element against the value or pattern its rule fixes, said for every part that differs."""
    row = rule.row
    if row.fixed is not None:
        _differs(item, row.fixed.json, rule, report, exact=True)
    if row.pattern is not None:
        _differs(item, row.pattern.json, rule, report, exact=False)


def _differs(item: Item, wanted: Any, rule: Rule, report: Report, exact: bool) -> None:
    value = item.value
    name = rule.shape.structure.versioned
    if item.primitive or not isinstance(wanted, dict) or not isinstance(value, dict):
        if not patterns.same(value, wanted):
            report.error("value", f"{rule.label}: not the value that is fixed (from {name})", item)
        return
    if "coding" in wanted:
        _concept(item, value, wanted, rule, report, exact)
    for member, inner in wanted.items():
        if member == "coding":
            continue
        good = patterns.same(value.get(member), inner) if exact else patterns.fits(value.get(member), inner)
        if not good:
            missing = member not in value
            said = "missing, though it is fixed" if missing else "not the value that is fixed"
            report.error("value", f"{rule.label}.{member}: {said} (from {name})", item if missing else item.one(member) or item)
    if exact and (more := value.keys() - wanted.keys()):
        report.error("value", f"{rule.label}: holds more than the fixed value ({', '.join(sorted(more))[:100]}; from {name})", item)


def _concept(item: Item, value: dict[str, Any], wanted: dict[str, Any], rule: Rule, report: Report, exact: bool) -> None:
    codings = value.get("coding", [])
    for coding in wanted["coding"]:
        if not any(patterns.same(c, coding) if exact else patterns.fits(c, coding) for c in codings):
            report.error("value", f"{rule.label}: the coding that is fixed is missing (from {rule.shape.structure.versioned})", item)
    if "text" in wanted and value.get("text") != wanted["text"]:
        report.error("value", f"{rule.label}.text: not the value that is fixed (from {rule.shape.structure.versioned})", item)
    if exact and len(codings) > len(wanted["coding"]):
        report.error("value", f"{rule.label}: holds more codings than the fixed value (from {rule.shape.structure.versioned})", item)


def check(engine: Engine, item: Item, rule: Rule, report: Report) -> None:
    """What a rule and the type of a complex element ask of it as a whole."""
    if not rule.children:
        fixed(item, rule, report)
    if item.type == "Identifier":
        _identifier(item, report)
    elif item.type == "Coding":
        codes.coding(engine, item, rule, report)
    elif item.type == "CodeableConcept":
        codes.concept(engine, item, rule, report)
    elif item.type == "Attachment":
        _attachment(item, report)
    elif "code" in (item.value or {}) and item.type in ("Quantity", "Age", "Distance", "Duration", "Count", "Money"):
        codes.quantity(engine, item, rule, report)
    if item.type == "Quantity":
        _limits(item, rule, report)


def _identifier(item: Item, report: Report) -> None:
    system, value = item.said("system"), item.said("value")
    if system is not None and not system.startswith(("http:", "https:", "urn:", "ldap:")):
        report.error("code-invalid", "Identifier.system must be an absolute reference, not a local one", item)
    if system == "urn:ietf:rfc:3986" and value is not None and not absolute(value):
        report.error("code-invalid", "If Identifier.system is urn:ietf:rfc:3986, the value must be a full URI", item)
    if system == "https://tools.ietf.org/html/rfc4122" and value is not None and not _UUID.search(value):
        report.error("code-invalid", "If Identifier.system is a UUID's, the value must be a UUID", item)


def _attachment(item: Item, report: Report) -> None:
    data, size = item.said("data"), item.said("size")
    if data is not None:
        try:
            length = len(base64.b64decode("".join(data.split()), validate=True))
        except (binascii.Error, ValueError):
            return
        if size is not None and size != str(length):
            report.error("structure", "Attachment.size is not the size of its data", item)
    if data is None and item.one("url") is None and item.one("contentType") is None and item.one("language") is None:
        report.warning("structure", "Attachments have data or a URL, or else a contentType or language", item)


def _limits(item: Item, rule: Rule, report: Report) -> None:
    for limit, least in ((rule.row.least, True), (rule.row.greatest, False)):
        if limit is None:
            continue
        given = comparable(item, limit)
        if given is None:
            report.warning("invalid", "The quantity cannot be compared with the limit of its profile", item)
        elif given < 0 if least else given > 0:
            report.error(
                "invalid", f"{rule.label}: {'less' if least else 'more'} than allowed (from {rule.shape.structure.versioned})", item
            )


def comparable(item: Item, limit: Value) -> int | None:
    """How a quantity compares with a limit, units converted; None where they do not fit."""
    value, wanted = item.value, limit.json
    if not isinstance(wanted, dict) or not isinstance(value, dict) or "value" not in value or "value" not in wanted:
        return None
    if not wanted.get("system") or value.get("system") != wanted.get("system"):
        return None
    amount, bound = Decimal(str(value["value"])), Decimal(str(wanted["value"]))
    if value.get("code") != wanted.get("code"):
        made = convert(amount, str(value.get("code")), str(wanted.get("code"))) if value.get("system") == UCUM else None
        if made is None:
            return None
        amount = made
    return (amount > bound) - (amount < bound)
