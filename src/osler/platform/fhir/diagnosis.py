"""The slow, complete reading of a resource: every broken rule with its path, or the struct after all.

Messages name elements and rules, never values: a value may be somebody's name.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from keyword import iskeyword
from typing import Any, get_args

from osler.platform.errors import Invalid, Issue, Malformed
from osler.platform.fhir.elements import Element, elements
from osler.platform.fhir.generated import codes, datatypes, resources
from osler.platform.fhir.generated.registry import ANY_TYPE, TYPES
from osler.platform.fhir.primitives import PATTERNS, may_target

MOST_ISSUES = 100
LONGEST_PATH = 500
LARGEST_EXPLAINED = 16 * 1024 * 1024
_KNOWN = frozenset(TYPES)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_COMPILED = {name: re.compile(pattern) for name, pattern in PATTERNS.items()} | {
    "url": re.compile(PATTERNS["uri"]),
    "canonical": re.compile(PATTERNS["uri"]),
}
_LEAST = {"integer": -(2**31), "positiveInt": 1, "unsignedInt": 0}
_STRUCTURE = "structure"


@dataclass(frozen=True, slots=True)
class Found(Issue):
    """An issue with the JSON path it was found at, from which its line and column are worked out."""

    at: tuple[str | int, ...] = ()


class _Integer(str):
    __slots__ = ()


class _Fraction(str):
    __slots__ = ()


class _Object(dict[str, Any]):
    __slots__ = ("repeated",)
    repeated: list[str]


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    made.repeated = []
    if len(made) != len(pairs):
        seen: set[str] = set()
        made.repeated = [name for name, _ in pairs if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
    return made


def public(issue: Issue) -> Issue:
    """The issue as it is answered."""
    return Issue(issue.code, issue.diagnostics, issue.expression, issue.severity, issue.line, issue.column)


def under(issue: Issue, at: tuple[str | int, ...]) -> Issue:
    """The same issue, seen from the resource that holds the one it was found in."""
    beyond = issue.at if isinstance(issue, Found) else ()
    return Found(issue.code, issue.diagnostics, issue.expression, issue.severity, at=(*at, *beyond))


class _Enough(Exception):
    pass


class _Walk:
    def __init__(self, embedded: list[Any] | None) -> None:
        self.issues: list[Found] = []
        self.malformed = False
        self.embedded = embedded

    def add(self, code: str, message: str, path: str, at: tuple[str | int, ...], malformed: bool = False) -> None:
        self.malformed = self.malformed or malformed
        self.issues.append(Found(code, message, path[:LONGEST_PATH], at=at))
        if len(self.issues) >= MOST_ISSUES:
            raise _Enough

    def resource(self, node: Any, path: str, at: tuple[str | int, ...], expected: str | None = None) -> Any:
        if self.embedded is not None and type(node) is _Integer:
            return self.embedded[int(node)]
        if type(node) is not _Object:
            self.add(_STRUCTURE, "A resource (JSON object) is expected", path, at, malformed=True)
            return None
        name = node.get("resourceType")
        if type(name) is not str or name not in _KNOWN or (expected is not None and name != expected):
            self.add(_STRUCTURE, "The member resourceType must name a FHIR R4 resource type", f"{path}.resourceType", at, malformed=True)
            return None
        return self.struct(node, name, path or name, at, resource=True)

    def struct(self, node: _Object, name: str, path: str, at: tuple[str | int, ...], resource: bool = False) -> Any:
        """One object against its definition."""
        table = elements(name)
        values: dict[str, Any] = {}
        for repeated in node.repeated:
            self.add(_STRUCTURE, "The member is given twice", f"{path}.{repeated[:64]}", (*at, repeated), malformed=True)
        if not node:
            self.add(_STRUCTURE, "An object may not be empty", path, at, malformed=True)
        for key, value in node.items():
            element = table.get(key)
            if element is not None:
                values[_attribute(key)] = self.member(element, value, node, f"{path}.{_fhirpath(element)}", (*at, key))
            elif key.startswith("_") and (element := table.get(key[1:])) is not None and element.extensible:
                values[key] = self.extensions(element, value, f"{path}.{_fhirpath(element)}", (*at, key))
            elif not (resource and key == "resourceType"):
                self.add(_STRUCTURE, "Unknown element", f"{path}.{key[:64]}", (*at, key), malformed=True)
        self.presence(table, node, path, at)
        missing = {_attribute(e.name): None for e in table.values() if e.min and not e.choice and _attribute(e.name) not in values}
        if self.issues:
            return None
        return _class(name)(**values, **missing)

    def presence(self, table: dict[str, Element], node: _Object, path: str, at: tuple[str | int, ...]) -> None:
        """Required elements are there, and no choice is made twice."""
        choices: dict[str, list[Element]] = {}
        for element in table.values():
            if element.choice:
                choices.setdefault(element.choice, []).append(element)
            elif element.min and element.name not in node and not (element.extensible and f"_{element.name}" in node):
                self.add("required", "The element is required", f"{path}.{element.name}", at)
        for choice, members in choices.items():
            present = sum(1 for e in members if e.name in node or (e.extensible and f"_{e.name}" in node))
            if present > 1:
                self.add("invariant", "Only one type of this element may be given", f"{path}.{choice}", at)
            elif members[0].min and not present:
                self.add("required", "The element is required", f"{path}.{choice}", at)

    def member(self, element: Element, value: Any, owner: _Object, path: str, at: tuple[str | int, ...]) -> Any:
        """The value of one member: a list where the element repeats."""
        if not element.many:
            return self.value(element, value, path, at)
        if type(value) is not list:
            self.add(_STRUCTURE, "A list is expected", path, at, malformed=True)
            return None
        if not value:
            self.add(_STRUCTURE, "A list may not be empty", path, at, malformed=True)
        made: list[Any] = []
        beside = owner.get(f"_{element.name}") if element.primitive else None
        for index, item in enumerate(value):
            if item is None and type(beside) is list and index < len(beside) and beside[index] is not None:
                made.append(None)
            else:
                made.append(self.value(element, item, f"{path}[{index}]", (*at, index)))
        return made

    def extensions(self, element: Element, value: Any, path: str, at: tuple[str | int, ...]) -> Any:
        """What stands under `_name`: the id and extensions of a primitive, in step with its values."""
        if not element.many:
            return self.extension(value, path, at)
        if type(value) is not list or not value or all(item is None for item in value):
            self.add(_STRUCTURE, "A list with at least one object is expected", path, at, malformed=True)
            return None
        return [None if item is None else self.extension(item, f"{path}[{i}]", (*at, i)) for i, item in enumerate(value)]

    def extension(self, value: Any, path: str, at: tuple[str | int, ...]) -> Any:
        if type(value) is not _Object:
            self.add(_STRUCTURE, "An object with id or extension is expected", path, at, malformed=True)
            return None
        return self.struct(value, "Element", path, at)

    def value(self, element: Element, value: Any, path: str, at: tuple[str | int, ...]) -> Any:
        """One value against its element's type."""
        if value is None:
            self.add(_STRUCTURE, "null is not a value; leave the element out", path, at, malformed=True)
            return None
        if element.type == "Resource":
            return self.resource(value, path, at)
        if element.primitive:
            return self.primitive(element, value, path, at)
        if type(value) is not _Object:
            self.add(_STRUCTURE, "An object is expected", path, at, malformed=True)
            return None
        if element.targets:
            self.target(element, value.get("reference"), path, at)
        if element.concepts:
            self.concept(element, value, path, at)
        return self.struct(value, element.type, path, at)

    def concept(self, element: Element, value: _Object, path: str, at: tuple[str | int, ...]) -> None:
        coding = value.get("coding")
        if coding is None and "extension" in value:
            return
        codings = [c for c in coding if type(c) is _Object] if type(coding) is list else []
        if not any(f"{c.get('system')}|{c.get('code')}" in codes.CONCEPTS[element.concepts] for c in codings):
            self.add("code-invalid", f"One coding must come from the required value set ({element.concepts})", path, at)

    def target(self, element: Element, reference: Any, path: str, at: tuple[str | int, ...]) -> None:
        if type(reference) is str and not may_target(reference, "|".join(element.targets), ANY_TYPE):
            allowed = ", ".join(element.targets)
            self.add("value", f"The reference must point to {allowed}", f"{path}.reference", (*at, "reference"))

    def primitive(self, element: Element, value: Any, path: str, at: tuple[str | int, ...]) -> Any:
        """A JSON value as the FHIR primitive it stands for."""
        kind = element.type
        if kind == "boolean":
            return self.typed(value, type(value) is bool, value, "true or false", path, at)
        if kind == "decimal":
            return self.decimal(value, path, at)
        if kind in _LEAST:
            whole = type(value) is _Integer
            self.typed(value, whole, None, "a whole JSON number", path, at)
            if whole and (len(value) > 11 or not _LEAST[kind] <= int(value) <= 2**31 - 1):
                self.add("value", f"Out of the range of {kind}", path, at)
                return None
            return int(value) if whole else None
        if type(value) is not str:
            return self.typed(value, False, None, "a JSON string", path, at)
        if not value:
            self.add(_STRUCTURE, "A string may not be empty", path, at, malformed=True)
        elif not self.text(element, value):
            message = f"Not a code of the required value set ({element.binding.removesuffix('Code')})"
            self.add("code-invalid" if element.binding else "value", message if element.binding else f"Not a valid {kind}", path, at)
        return value

    def decimal(self, value: Any, path: str, at: tuple[str | int, ...]) -> Any:
        if type(value) not in (_Integer, _Fraction):
            return self.typed(value, False, None, "a JSON number", path, at)
        try:
            return Decimal(value)
        except InvalidOperation:
            self.add("value", "Out of the range of decimal", path, at)
            return None

    def text(self, element: Element, value: str) -> bool:
        if element.binding:
            return value in _codes(element.binding)
        if _CONTROL.search(value):
            return False
        if element.type == "base64Binary":
            value = "".join(value.split())
            return len(value) % 4 == 0 and _COMPILED["base64Binary"].search(value) is not None
        pattern = _COMPILED.get(element.type)
        return pattern is None or pattern.search(value) is not None

    def typed(self, value: Any, right: bool, made: Any, expected: str, path: str, at: tuple[str | int, ...]) -> Any:
        if not right:
            self.add(_STRUCTURE, f"Expected {expected}", path, at, malformed=True)
        return made


@cache
def _codes(binding: str) -> frozenset[str]:
    return frozenset(get_args(getattr(codes, binding)))


@cache
def _class(name: str) -> Any:
    return getattr(resources, name, None) or getattr(datatypes, name)


def _attribute(name: str) -> str:
    return name + "_" if iskeyword(name) else name


def _fhirpath(element: Element) -> str:
    return f"{element.choice}.ofType({element.type})" if element.choice else element.name


def explain(text: bytes, name: str, path: str, reason: str = "", embedded: list[Any] | None = None) -> Any:
    """The struct for this text, or Malformed or Invalid with every issue found (up to a hundred).

    `embedded` are resources already read, for which the text holds their number. https://hl7.org/fhir/R4/validation.html
    """
    walk = _Walk(embedded)
    made = None
    if len(text) > LARGEST_EXPLAINED:
        raise _refusal(reason or "Not valid R4, and too large to explain", path or name)
    try:
        tree = json.loads(text, object_pairs_hook=_object, parse_int=_Integer, parse_float=_Fraction)
        made = walk.resource(tree, path or name, (), name)
    except _Enough:
        pass
    if walk.issues:
        raise (Malformed if walk.malformed else Invalid)("The resource is not valid R4", list(walk.issues))
    return made


def _refusal(reason: str, path: str) -> Malformed:
    return Malformed("The resource is not valid R4", [Issue(_STRUCTURE, reason, path)])
