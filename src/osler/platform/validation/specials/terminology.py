"""CodeSystems and ValueSets: properties that agree with what they are called, codes given once, systems that can be named.

https://hl7.org/fhir/R4/codesystem.html, https://hl7.org/fhir/R4/valueset.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osler.platform.validation import links
from osler.platform.validation.items import Item
from osler.platform.validation.report import Report

if TYPE_CHECKING:
    from osler.platform.validation.engine import Engine

_PROPERTIES = "http://hl7.org/fhir/concept-properties#"
_KNOWN = {
    "status": "code",
    "inactive": "boolean",
    "effectiveDate": "dateTime",
    "deprecationDate": "dateTime",
    "retirementDate": "dateTime",
    "notSelectable": "boolean",
    "parent": "code",
    "child": "code",
    "partOf": "code",
    "synonym": "code",
    "comment": "string",
    "itemWeight": "decimal",
}
_OWN_CODES = frozenset({"parent", "child", "partOf", "synonym"})


@dataclass(slots=True)
class _Property:
    type: str | None
    refers: bool


def code_system(engine: Engine, item: Item, report: Report) -> None:
    """One CodeSystem."""
    _head(engine, item, report)
    known = _properties(item, report)
    concepts = [(c, p) for c, p in _concepts(item)]
    codes: set[str] = set()
    for concept, _ in concepts:
        code = concept.said("code")
        if code is None:
            continue
        if code in codes:
            report.error("business-rule", "The code is given twice", concept)
        codes.add(code)
    for concept, _ in concepts:
        for each in concept.all("property"):
            _value(each, known, codes, report)


def _concepts(item: Item) -> list[tuple[Item, Item]]:
    found: list[tuple[Item, Item]] = []
    waiting = [(c, item) for c in item.all("concept")]
    while waiting:
        concept, above = waiting.pop(0)
        found.append((concept, above))
        waiting = [*[(c, concept) for c in concept.all("concept")], *waiting]
    return found


def _head(engine: Engine, item: Item, report: Report) -> None:
    content, supplements = item.said("content"), item.said("supplements")
    concepts = item.all("concept")
    if supplements:
        if content is not None and content != "supplement":
            report.error("business-rule", "CodeSystems that supplement another have the content supplement", item.one("content") or item)
        for name in ("caseSensitive", "hierarchyMeaning"):
            if (found := item.one(name)) is not None:
                report.error("business-rule", f"{name} does not apply to a CodeSystem that supplements another", found)
        _supplement(engine, supplements.partition("|")[0], concepts, report)
    elif content == "supplement":
        report.error(
            "business-rule", "A CodeSystem with the content supplement must say which one it supplements", item.one("content") or item
        )
    elif item.said("caseSensitive") is None:
        report.warning("business-rule", "A CodeSystem should say whether its codes are case sensitive", item)
    if content == "not-present" and concepts:
        report.error("invalid", "A CodeSystem without content has no concepts", concepts[0])
    count = item.one("count")
    if count is not None and content == "complete" and isinstance(count.value, int) and count.value != len(_concepts(item)):
        report.error("invalid", "The count is not the number of concepts of this complete CodeSystem", count)


def _supplement(engine: Engine, url: str, concepts: list[Item], report: Report) -> None:
    codes = engine.definitions.code_system(url)
    for concept in concepts if codes is not None else ():
        if codes is not None and concept.said("code") not in codes:
            report.error("business-rule", "The CodeSystem that is supplemented has no such code", concept)


def _properties(item: Item, report: Report) -> dict[str, _Property]:
    """The properties a CodeSystem declares, by code and by URI."""
    known: dict[str, _Property] = {}
    url = item.said("url") or ""
    for each in item.all("property"):
        uri, code, kind = each.said("uri"), each.said("code"), each.said("type")
        meant = None
        made = _Property(kind, False)
        if uri is not None:
            meant = _uri(each, uri, made, known, url, report)
        if code is not None:
            if code in known:
                report.error("business-rule", "A property is already defined with this code", each)
            else:
                known[code] = made
        own = code if code in _KNOWN else None
        if meant is not None:
            if own is not None and own != meant:
                report.error("business-rule", f"The URI is normally given the code {meant}; another known code leads to confusion", each)
            if kind is not None and kind != _KNOWN[meant]:
                report.error("business-rule", f"The URI identifies a property of type {_KNOWN[meant]}", each)
            made.refers = meant in _OWN_CODES
        elif uri is None and own is not None:
            report.warning("business-rule", f"A property with the code {own} should give its URI, {_PROPERTIES}{own}", each)
    return known


def _uri(each: Item, uri: str, made: _Property, known: dict[str, _Property], url: str, report: Report) -> str | None:
    """The known property that a URI stands for."""
    if not links.absolute(uri):
        report.error("business-rule", "The URI of a property must be absolute", each)
        return None
    if uri in known:
        report.error("business-rule", "A property is already defined with this URI", each)
        return None
    known[uri] = made
    name = uri.removeprefix(_PROPERTIES)
    if uri.startswith(_PROPERTIES) and name in _KNOWN:
        return name
    core = url.startswith("http://hl7.org/fhir/") and "/" not in url[20:]
    if "://hl7.org/fhir" in uri and not core and not (url and uri.startswith(url)):
        report.error("business-rule", "The URI of the property is none that HL7 defines", each)
    return None


def _value(each: Item, known: dict[str, _Property], codes: set[str], report: Report) -> None:
    """One property of one concept."""
    code, value = each.said("code"), each.one("value")
    if code is None:
        return
    defined = known.get(code)
    if defined is None:
        report.warning("business-rule", "The property is not defined by the CodeSystem", each)
    if value is None:
        report.error("business-rule", "The property has no value", each)
    elif defined is not None and defined.type is not None and value.type != defined.type:
        report.error("business-rule", f"The property has a value of type {value.type}, but is defined to have {defined.type}", each)
    elif defined is not None and defined.refers and value.text not in codes:
        report.error("invalid", "The property names a code that the CodeSystem does not have", each)


def value_set(engine: Engine, item: Item, report: Report) -> None:
    """One ValueSet."""
    for compose in item.all("compose"):
        for part in [*compose.all("include"), *compose.all("exclude")]:
            _part(engine, item, part, report)


def _part(engine: Engine, item: Item, part: Item, report: Report) -> None:
    system, version = part.said("system"), part.said("version")
    if system is None:
        if part.all("concept") or part.all("filter"):
            report.warning("business-rule", "Without a system, the concepts and filters cannot be checked", part)
        return
    plain, mark, named = system.partition("|")
    if mark and named:
        said = "says otherwise" if version not in (None, named) else "is the place for it"
        report.error("business-rule", f"The system holds a version; the element version {said}", part)
    if not links.absolute(plain):
        local = "; to name a contained CodeSystem, use its URL and the extension valueset-system" if plain.startswith("#") else ""
        report.error("invalid", f"The system must be absolute{local}", part)
    if plain.startswith("#"):
        _contained(item, part, plain[1:], version, report)
    codes = engine.definitions.code_system(plain)
    if codes is None and links.absolute(plain) and engine.definitions.has_value_set(plain):
        report.error("invalid", "The system is the URL of a value set", part)
    for concept in part.all("concept") if codes is not None else ():
        if codes is not None and concept.said("code") not in codes:
            report.error("business-rule", f"The code system {plain} has no such code", concept)


def _contained(item: Item, part: Item, name: str, version: str | None, report: Report) -> None:
    found = [c for c in item.all("contained") if c.said("id") == name]
    systems = [c for c in found if c.type == "CodeSystem" and (version is None or c.said("version") == version)]
    if found and not systems and found[0].type != "CodeSystem":
        report.error("invalid", "The contained resource that is named as the system is no CodeSystem", part)
    if not systems:
        report.error("invalid", "The contained CodeSystem was not found", part)
    elif len(systems) > 1:
        report.error("invalid", "Several contained CodeSystems have this id", part)
