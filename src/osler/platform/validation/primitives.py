"""The primitive types: their forms, their ranges, and what a rule asks of a value. https://hl7.org/fhir/R4/datatypes.html#primitive"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from osler.platform.fhir.primitives import PATTERNS
from osler.platform.validation import codes, kinds, links, narrative
from osler.platform.validation.items import Item
from osler.platform.validation.report import Report
from osler.platform.validation.rows import Value
from osler.platform.validation.shapes import Rule

if TYPE_CHECKING:
    from osler.platform.validation.engine import Engine

LONGEST_STRING = 1024 * 1024
_ID = re.compile(PATTERNS["id"])
_FORMS = {name: re.compile(PATTERNS[name]) for name in ("date", "dateTime", "instant", "time")}
_BASE64 = re.compile(r"[0-9A-Za-z+/]+={0,2}\Z")
_URIS = frozenset({"uri", "url", "canonical", "oid", "uuid"})
_TAG = re.compile(r"<([^<>]*)>")
_FRAGMENT = re.compile(r"[a-zA-Z]\w*(?:\s+\S*)*\Z")
_LEAST = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_OLDEST, _NEWEST = 1800, 2110


def is_id(text: str) -> bool:
    """Whether this may be a resource's id."""
    return _ID.match(text) is not None


def check(engine: Engine, item: Item, rule: Rule, report: Report) -> None:
    """One primitive against its type and its rule."""
    text = item.text
    if not text:
        _absent(item, rule, report, empty=text is not None)
        return
    if item.name == "id" and item.parent is not None and item.parent.is_resource and item.path == f"{item.parent.path}.id":
        return
    _text(engine, item, text, report)
    _rule(item, text, rule, report)
    if item.type in _URIS:
        links.check(engine, item, text, report)
    elif item.type == "xhtml":
        narrative.check(item, text, report)
    elif item.type in _FORMS:
        _moment(item, text, report)
    else:
        _form(item, text, report)
    codes.primitive(engine, item, rule, report)
    kinds.fixed(item, rule, report)


def _absent(item: Item, rule: Rule, report: Report, empty: bool) -> None:
    if not item.children and not item.node.beside:
        report.error("invalid", "A value may not be empty" if empty else "A value or an extension is expected", item)
    if rule.row.binding is not None and rule.row.binding.strength == "required":
        report.error("code-invalid", f"No code given, and one is required from the value set {rule.row.binding.value_set}", item)


def _text(engine: Engine, item: Item, text: str, report: Report) -> None:
    """What any text may hold."""
    if _BIDI.search(text):
        report.warning("invalid", "The text has controls that turn the direction of reading", item)
    if _CONTROL.search(text):
        report.warning("invalid", "The text has control characters that XML cannot carry", item)
    if item.type != "xhtml" and "<" in text and any(_FRAGMENT.match(tag) for tag in _TAG.findall(text)):
        if not engine.options.html:
            report.error("invalid", "The text looks like embedded HTML, which is not allowed here", item)
        elif item.type == "markdown":
            report.warning("invalid", "The markdown looks like embedded HTML", item)
        else:
            report.note("invalid", "The text looks like embedded HTML", item)


def _rule(item: Item, text: str, rule: Rule, report: Report) -> None:
    """Length, form and limits that a profile sets."""
    row = rule.row
    name = rule.shape.structure.versioned
    if row.longest and len(text) > row.longest:
        report.error("invalid", f"{rule.label}: longer than {row.longest} characters (from {name})", item)
    if row.regex and not _compiled(row.regex).fullmatch(text):
        report.error("invalid", f"{rule.label}: not of the form its profile asks for (from {name})", item)
    for limit, least in ((row.least, True), (row.greatest, False)):
        if limit is not None and (order := _compare(item, text, limit)) is not None and (order < 0 if least else order > 0):
            report.error("invalid", f"{rule.label}: {'less' if least else 'more'} than allowed (from {name})", item)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error:
        return re.compile(r"[\s\S]*")


def _compare(item: Item, text: str, limit: Value) -> int | None:
    if isinstance(limit.json, int | float | Decimal) and isinstance(item.value, int | Decimal):
        given, bound = Decimal(str(item.value)), Decimal(str(limit.json))
        return (given > bound) - (given < bound)
    if isinstance(limit.json, str):
        bound_text = limit.json[: len(text)]
        return (text > bound_text) - (text < bound_text)
    return None


def _moment(item: Item, text: str, report: Report) -> None:
    if not isinstance(item.value, str) or not _FORMS[item.type].match(text):
        report.error("invalid", f"Not a valid {item.type}", item)
    elif item.type != "time" and not _OLDEST <= int(text[:4]) <= _NEWEST:
        report.warning("invalid", "The year is outside the range of reasonable years; check for a typing error", item)


def _form(item: Item, text: str, report: Report) -> None:
    """Numbers, codes, ids, base64 and strings."""
    kind = item.type
    if kind in _LEAST:
        if not isinstance(item.value, int) or isinstance(item.value, bool):
            if isinstance(item.value, Decimal):
                report.error("invalid", f"Not a valid {kind}", item)
        elif not _LEAST[kind] <= item.value <= 2**31 - 1:
            report.error("invalid", f"Out of the range of {kind}", item)
    elif kind == "code":
        if text != text.strip() or "  " in text or re.search(r"[^\S ]", text):
            report.error("invalid", "A code has no blanks but single ones between its parts", item)
    elif kind == "id":
        if not is_id(text):
            report.error("invalid", "Not a valid id", item)
    elif kind == "base64Binary":
        plain = "".join(text.split())
        if len(plain) % 4 or not _BASE64.match(plain):
            report.error("invalid", "Not valid base64", item)
        elif plain != text:
            report.warning("invalid", "Base64 should have no blanks", item)
    elif kind == "string":
        _string(item, text, report)


def _string(item: Item, text: str, report: Report) -> None:
    if text.isspace():
        report.warning("invalid", "The text is nothing but blanks", item)
    elif text != text.strip():
        report.warning("invalid", "The text begins or ends with blanks", item)
    if len(text) > LONGEST_STRING:
        report.error("invalid", "The text is longer than a megabyte", item)
