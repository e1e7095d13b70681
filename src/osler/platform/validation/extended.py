"""The extensions of a plain JSON resource against their own definitions, as quickly as they can be said to be right.

An extension whose definition is known must stand where that allows it and keep it; one that is not known is let be, as on a write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from osler.platform.fhir.elements import base_of, elements, is_type, path_of
from osler.platform.validation import links
from osler.platform.validation.definitions import Definitions
from osler.platform.validation.shapes import Shape

Test = Callable[[Any], bool]
ANYWHERE = frozenset({"Element", "Any", "*"})
_NAMES = ("extension", "modifierExtension")
_MOST_REMEMBERED = 5000


@dataclass(slots=True)
class Extended:
    """Answers for one set of definitions, remembered by place and URL."""

    definitions: Definitions
    test_of: Callable[[Shape], Test | None]
    """The closures of an extension's definition."""
    known: dict[str, dict[tuple[tuple[str, ...], str, str], Test | bool]] = field(default_factory=dict)

    def fine(self, body: bytes, tree: dict[str, Any], kind: str) -> bool:
        """Whether every extension within surely is as its definition says."""
        if b'xtension"' not in body and b"\\u00" not in body:
            return True
        known = self.known.setdefault(kind, {})
        found: list[tuple[tuple[str, ...], str, Any]] = []
        _collect(tree, (), found)
        for names, name, each in found:
            url = each.get("url") if isinstance(each, dict) else None
            if not isinstance(url, str):
                return False
            key = (names, name, url)
            test = known.get(key)
            if test is None:
                if len(known) > _MOST_REMEMBERED:
                    known.clear()
                test = known[key] = self._test(kind, names, name, url)
            if test is not True and (test is False or not test(each)):
                return False
        return True

    def _test(self, kind: str, names: tuple[str, ...], name: str, url: str) -> Test | bool:
        """What an extension with this URL must keep in this place; True for nothing, False for what the engine has to say."""
        inside = bool(names) and names[-1] in _NAMES
        if not links.absolute(url):
            return inside
        shape = self.definitions.shape(url)
        if shape is None or shape.structure.type != "Extension":
            return True
        if inside or shape.structure.context_rules or (name == "modifierExtension") != shape.root.row.modifier:
            return False
        named = {expression.rpartition("#")[2].removesuffix("[x]") for way, expression in shape.structure.contexts if way == "element"}
        if shape.structure.contexts and not named & ANYWHERE and not named & places(kind, names):
            return False
        test = self.test_of(shape)
        return False if test is None else _whole(test, shape)


def _whole(test: Test, shape: Shape) -> Test:
    """An extension's definition, and that it has its value, or no parts but those that are defined."""
    value = next((rule for rule in shape.root.children if rule.name == "value"), None)
    valued = value is None or value.row.max != "0"
    parts = {
        rule.row.fixed.json
        for cut in shape.root.below()
        if cut.name == "extension"
        for slice_ in cut.slices
        for rule in slice_.children
        if rule.name == "url" and rule.row.fixed is not None
    }

    def whole(extension: Any) -> bool:
        if valued:
            for name in extension:
                if name[:5] == "value":
                    break
            else:
                return False
        inner = extension.get("extension")
        if inner:
            for each in inner:
                if (url := each.get("url", "")) not in parts and not links.absolute(url):
                    return False
        return test(extension)

    return whole


def _collect(holder: dict[str, Any], names: tuple[str, ...], found: list[tuple[tuple[str, ...], str, Any]]) -> None:
    """Each extension with the names that lead to what it stands on."""
    for name, value in holder.items():
        kind = type(value)
        if kind is list:
            if not value or (type(value[0]) is not dict and name[0] != "_"):
                continue
            extension = name in _NAMES
            below = (*names, name if name[0] != "_" else name[1:])
            for each in value:
                if extension:
                    found.append((names, name, each))
                if type(each) is dict:
                    _collect(each, below, found)
        elif kind is dict:
            _collect(value, (*names, name if name[0] != "_" else name[1:]), found)


def places(kind: str, names: tuple[str, ...]) -> set[str]:
    """Every way in which a definition may name the element under these names: by its path, its type, and those its type comes from."""
    chain = [kind]
    for name in names:
        element = elements(chain[-1]).get(name) if is_type(chain[-1]) else None
        if element is None:
            return set()
        chain.append(element.type)
    found: set[str] = set()
    tail = ""
    for depth in range(len(names), -1, -1):
        found |= {one + tail for one in _lineage(chain[depth])}
        if depth:
            element = elements(chain[depth - 1])[names[depth - 1]]
            tail = f".{element.choice or element.name}{tail}"
    return found


def _lineage(kind: str) -> Iterator[str]:
    while kind:
        yield kind
        if is_type(kind):
            yield path_of(kind)
            kind = base_of(kind)
        else:
            kind = "Element" if kind != "Element" else ""
