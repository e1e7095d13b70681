"""Codes against the value sets and code systems at hand. https://hl7.org/fhir/R4/terminologies.html#binding

Without a terminology server, what is not at hand is said to be unchecked; it is never called wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from osler.platform.fhir.value_sets import Expansion
from osler.platform.units import valid as valid_unit
from osler.platform.validation.items import Item
from osler.platform.validation.report import Report
from osler.platform.validation.rows import Binding
from osler.platform.validation.shapes import Rule

if TYPE_CHECKING:
    from osler.platform.validation.engine import Engine

UCUM = "http://unitsofmeasure.org"
_HL7 = "http://hl7.org/fhir/"
_WORLD = ("http://hl7.org/", "http://terminology.hl7.org/", "http://loinc.org", "http://snomed.info/sct", UCUM, "http://www.nlm.nih.gov/")
_BOUND = frozenset({"code", "string", "uri", "url", "canonical"})
_LANGUAGE = re.compile(r"(?:[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*|[xi](?:-[A-Za-z0-9]{1,8})+)\Z")
# `xml` and `json` stand for FHIR's own formats.
_MEDIA = re.compile(r"(?:xml|json|ttl)\Z|[A-Za-z0-9!#$&^_.+*-]+/[A-Za-z0-9!#$&^_.+*-]+(?:\s*;.*)?\Z", re.DOTALL)
_OPEN_SETS = {
    _HL7 + "ValueSet/languages": _LANGUAGE,
    _HL7 + "ValueSet/all-languages": _LANGUAGE,
    _HL7 + "ValueSet/mimetypes": _MEDIA,
}


def listed(expansion: Expansion, system: str | None, code: str) -> bool:
    """Whether a code is in a value set: under its system, or under any where none is named."""
    return code in expansion.get(system, ()) if system is not None else any(code in codes for codes in expansion.values())


def primitive(engine: Engine, item: Item, rule: Rule, report: Report) -> None:
    """A code, string or URI against its element's value set."""
    binding, text = rule.row.binding, item.text
    if binding is None or not binding.value_set or item.type not in _BOUND or not text:
        return
    found = _holds(engine, binding.value_set, text)
    if found is None:
        if binding.strength == "required":
            report.note("not-supported", f"The value set {binding.value_set} is not at hand; the code was not checked", item)
        return
    if found:
        return
    if binding.strength == "required":
        # One issue for the system that cannot be told, one for the value set, as terminology servers answer.
        report.error("not-found", f"No code system of the value set {binding.value_set} has this code", item)
        report.error("code-invalid", f"Not a code of the value set {binding.value_set}, from which a code is required", item)
    elif binding.largest and _holds(engine, binding.largest, text) is False:
        report.error("code-invalid", f"Not a code of the value set {binding.largest}, which may not be left", item)
    elif binding.strength == "extensible":
        report.warning("code-invalid", f"Not a code of the value set {binding.value_set}, from which a code should come if one fits", item)


def _holds(engine: Engine, url: str, code: str) -> bool | None:
    plain = url.partition("|")[0]
    form = _OPEN_SETS.get(plain)
    expansion = engine.definitions.value_set(url)
    if form is not None and (expansion is None or not listed(expansion, None, code)):
        return form.match(code) is not None
    return None if expansion is None else listed(expansion, None, code)


def concept(engine: Engine, item: Item, rule: Rule, report: Report) -> None:
    """A CodeableConcept: one of its codings in the value set, each of them sound."""
    codings = item.all("coding")
    for each in codings:
        sound(engine, each, report)
    binding = rule.row.binding
    if binding is None or not binding.value_set or binding.strength == "example":
        return
    if not codings:
        _uncoded(item, binding, report)
        return
    _bound(engine, item, [(c.said("system"), c.said("code")) for c in codings], binding, report)


def _uncoded(item: Item, binding: Binding, report: Report) -> None:
    if binding.strength == "required" and item.one("extension") is None:
        report.error("code-invalid", f"No code given, and one is required from the value set {binding.value_set}", item)
    elif binding.strength == "extensible":
        report.warning("code-invalid", f"No code given, and one should come from the value set {binding.value_set}", item)


def coding(engine: Engine, item: Item, rule: Rule, report: Report) -> None:
    """A Coding that is not part of a CodeableConcept, or is bound by itself."""
    within = item.parent is not None and item.parent.type == "CodeableConcept"
    binding = rule.row.binding
    if not within:
        sound(engine, item, report)
    if binding is not None and binding.value_set and binding.strength != "example" and item.said("code"):
        _bound(engine, item, [(item.said("system"), item.said("code"))], binding, report)


def quantity(engine: Engine, item: Item, rule: Rule, report: Report) -> None:
    """A quantity's unit."""
    system, code = item.said("system"), item.said("code")
    binding = rule.row.binding
    if system == UCUM and code and not valid_unit(code):
        report.error("code-invalid", "The unit is not a UCUM code", item)
    elif binding is not None and binding.value_set and binding.strength in ("required", "extensible") and code:
        _bound(engine, item, [(system, code)], binding, report)


def _bound(engine: Engine, item: Item, given: list[tuple[str | None, str | None]], binding: Binding, report: Report) -> None:
    expansion = engine.definitions.value_set(binding.value_set)
    if expansion is None:
        if binding.strength == "required":
            report.note("not-supported", f"The value set {binding.value_set} is not at hand; the code was not checked", item)
        return
    if any(code is not None and system is not None and listed(expansion, system, code) for system, code in given):
        return
    if binding.strength == "required" and not any(_known(engine, system, expansion) for system, _ in given):
        said = (
            f"The code systems are not at hand, so it cannot be said whether a code is in the value set {binding.value_set}, as is required"
        )
        report.warning("code-invalid", said, item)
        return
    if binding.strength == "required":
        report.error("code-invalid", f"None of the codings is in the value set {binding.value_set}, from which a code is required", item)
        return
    largest = engine.definitions.value_set(binding.largest) if binding.largest else None
    if largest is not None and not any(code is not None and system is not None and listed(largest, system, code) for system, code in given):
        report.error("code-invalid", f"None of the codings is in the value set {binding.largest}, which may not be left", item)
    elif binding.strength == "extensible":
        report.warning(
            "code-invalid", f"None of the codings is in the value set {binding.value_set}, from which one should come if one fits", item
        )
    elif binding.strength == "preferred":
        report.note("code-invalid", f"None of the codings is in the value set {binding.value_set}, which is recommended", item)


def _known(engine: Engine, system: str | None, expansion: Expansion) -> bool:
    """Whether a code system is one that is known, here or to the world at large."""
    if system is None or system in expansion or system.startswith(_WORLD):
        return True
    return engine.definitions.code_system(system) is not None


def sound(engine: Engine, item: Item, report: Report) -> None:
    """A coding in itself: a system that is one, and a code that the system has."""
    system, code = item.said("system"), item.said("code")
    if system is None:
        if code is not None:
            report.warning("code-invalid", "A code without a system has no defined meaning", item)
        return
    if not system.startswith(("http:", "https:", "urn:")):
        report.error("code-invalid", "Coding.system must be an absolute reference, not a local one", item)
        return
    place = item.one("code") or item
    codes = engine.definitions.code_system(system)
    if codes is None:
        if system == UCUM and code is not None and not valid_unit(code):
            report.error("code-invalid", "The unit is not a UCUM code", place)
        elif engine.definitions.has_value_set(system):
            report.error("code-invalid", "The system is a value set, not a code system", item)
        elif system != UCUM:
            report.note("not-supported", "The code system is not at hand; the code was not checked", item)
    elif code is not None and code not in codes:
        report.error("code-invalid", f"The code system {system} has no such code", place)


def is_member(engine: Engine, value: Any, kind: str, url: str) -> bool | None:
    """FHIRPath's memberOf: whether a code, Coding or CodeableConcept is in a value set; None where the set is not at hand."""
    if isinstance(value, str):
        return _holds(engine, url, value)
    expansion = engine.definitions.value_set(url)
    if expansion is None or not isinstance(value, dict):
        return None
    codings = value.get("coding", []) if kind == "CodeableConcept" else [value]
    return any(isinstance(c, dict) and listed(expansion, c.get("system"), str(c.get("code"))) for c in codings)
