"""Extensions: whether they are known, may stand here, and keep their own definition. https://hl7.org/fhir/R4/extensibility.html"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osler.platform.fhir.elements import base_of, is_type, path_of
from osler.platform.fhirpath import FhirPathProblem, compile  # noqa: A004 - what it does
from osler.platform.validation import invariants, links
from osler.platform.validation.items import Item
from osler.platform.validation.report import Report
from osler.platform.validation.rows import BASE
from osler.platform.validation.shapes import Rule, Shape

if TYPE_CHECKING:
    from osler.platform.validation.engine import Engine

_ANYWHERE = frozenset({"Element", "Any", "*"})
_INDEX = re.compile(r"\[[^\]]*\]")
# Contexts published too narrowly in R4, as HL7's validator reads them.
_WIDER = {
    BASE + "structuredefinition-fhir-type": "ElementDefinition.type",
    BASE + "regex": "ElementDefinition.type",
    BASE + "structuredefinition-normative-version": "Element",
    BASE + "capabilitystatement-expectation": "Element",
    BASE + "capabilitystatement-prohibited": "Element",
    BASE + "structuredefinition-explicit-type-name": "Element",
}


def check(engine: Engine, item: Item, rule: Rule, parent: Item, report: Report, within: str) -> None:
    """One extension on the element it extends; `within` is the URL of the extension it is part of."""
    url = item.said("url")
    if not url:
        report.error("invalid", "An extension must have a url", item)
        return
    if not within and not links.absolute(url):
        report.error("invalid", "The url of an extension must be absolute", item)
        return
    shape = engine.definitions.shape(url) if links.absolute(url) else None
    if shape is not None and shape.structure.type != "Extension":
        shape = None
    if shape is None:
        _undefined(engine, item, rule, report, within, url)
        own = engine.definitions.type("Extension")
        if own is not None:
            engine.element(item, own.root, report, url)
    else:
        _defined(engine, item, parent, shape, report)
    if rule.children:
        engine.element(item, rule, report, url)


def _undefined(engine: Engine, item: Item, rule: Rule, report: Report, within: str, url: str) -> None:
    if within and not links.absolute(url):
        if rule.shape.url == within and not rule.row.slice and not _part(rule.shape, url):
            report.error("invalid", f"The extension {within} has no part of this name", item)
        return
    if engine.options.unknown_extensions or (engine.options.examples and links.is_example(url)):
        if item.name == "modifierExtension":
            report.warning("structure", "The modifier extension is not known here; the meaning of what holds it is not safe to use", item)
        else:
            report.note("structure", "The extension is not known here", item)
    else:
        report.error("structure", "The extension could not be found, so it is not allowed here", item)


def _part(shape: Shape, url: str) -> bool:
    waiting = [shape.root]
    while waiting:
        rule = waiting.pop()
        if rule.row.path == "Extension.extension.url" and rule.row.fixed is not None and rule.row.fixed.json == url:
            return True
        waiting += [*rule.children, *rule.slices]
    return False


def _defined(engine: Engine, item: Item, parent: Item, shape: Shape, report: Report) -> None:
    """An extension whose definition is at hand."""
    structure = shape.structure
    modifier = item.name == "modifierExtension"
    if modifier != shape.root.row.modifier:
        wrong = "is not a modifier extension, but stands as one" if modifier else "is a modifier extension, but does not stand as one"
        report.error("structure", f"The extension {structure.url} {wrong}", item)
    if not _here(engine, item, parent, shape):
        report.error("structure", f"The extension {structure.url} may not be used here", parent)
    for expression in structure.context_rules:
        try:
            if not compile(expression).test(parent.node, invariants.environment(engine, parent)):
                report.error("structure", f"The extension {structure.url} may not be used here: its own condition is not met", parent)
        except FhirPathProblem:
            report.warning("not-supported", f"A condition of the extension {structure.url} could not be evaluated", parent)
    _kind(item, shape, report)
    engine.element(item, shape.root, report, structure.url)


def _kind(item: Item, shape: Shape, report: Report) -> None:
    """The type of its value, or that it has parts instead."""
    rule = next((r for r in shape.root.children if r.name == "value"), None)
    allowed = {t.code for t in rule.row.types} if rule is not None and rule.row.max != "0" else set()
    if shape.url == BASE + "structuredefinition-fhir-type":
        allowed |= {"uri", "url"}
    value = item.one("value")
    if value is not None:
        if value.type not in allowed:
            report.error("structure", f"The extension {shape.url} has no value of type {value.type}", item)
    elif allowed:
        said = "has a value, not parts" if item.one("extension") is not None else "must have a value"
        report.error("structure", f"The extension {shape.url} {said}", item)


def _here(engine: Engine, item: Item, parent: Item, shape: Shape) -> bool:
    """Whether one of the contexts of its definition is the element it stands on."""
    contexts = shape.structure.contexts
    wider = _WIDER.get(shape.url)
    places = paths(parent)
    for kind, expression in [*contexts, *([("element", wider)] if wider else [])]:
        if kind == "extension":
            holder = parent if parent.type == "Extension" else parent.parent
            if holder is not None and holder.type == "Extension" and holder.said("url") == expression:
                return True
        elif kind == "fhirpath":
            if _selected(engine, parent, expression):
                return True
        elif _named(parent, expression, places):
            return True
    return not contexts


def _named(parent: Item, expression: str, places: set[str]) -> bool:
    name = expression.rpartition("#")[2]
    if name in _ANYWHERE:
        return True
    if name in ("Resource", "DomainResource") and parent.is_resource:
        return True
    if name == "CanonicalResource":
        return parent.is_resource and parent.type in links.CANONICAL_RESOURCES
    return name in places or name.removesuffix("[x]") in places


def paths(item: Item) -> set[str]:
    """Every way in which a definition may name an element: by its path, its type, and those its type comes from."""
    found = {_plain(item.path)}
    step = item
    tail = ""
    while True:
        kind = step.type
        while kind:
            found.add(kind + tail)
            if is_type(kind):
                found.add(path_of(kind) + tail)
                kind = base_of(kind)
            else:
                kind = "Element" if kind != "Element" else ""
        if step.is_resource or step.parent is None:
            return found
        tail = f".{step.name}{tail}"
        step = step.parent


def _plain(path: str) -> str:
    return _INDEX.sub("", path)


def _selected(engine: Engine, parent: Item, expression: str) -> bool:
    resource = parent.resource
    try:
        found = compile(expression).evaluate(resource.node, invariants.environment(engine, resource))
    except FhirPathProblem:
        return False
    return any(node.value is parent.value and node.path == parent.node.path for node in found)
