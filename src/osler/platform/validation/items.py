"""The resource under validation as a tree of elements, each with its type, its place and its value."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from osler.platform.fhir.elements import PRIMITIVES
from osler.platform.fhirpath import Node

At = tuple[str | int, ...]


class Item:
    """One element. `name` is FHIRPath's (`value`), `key` the member's in the text (`valueQuantity`)."""

    __slots__ = ("at", "children", "index", "key", "name", "node", "parent", "path", "special", "type")

    def __init__(self, node: Node, name: str, path: str, at: At, parent: Item | None = None, index: int | None = None) -> None:
        self.node = node
        self.name = name
        self.key = node.name or name
        self.type = node.type
        self.path = path
        self.at = at
        self.parent = parent
        self.index = index
        self.children: list[Item] = []
        self.special = ""
        """What holds it where it is a resource inside another: contained, entry, outcome, parameter."""

    @property
    def primitive(self) -> bool:
        """Whether it holds a value rather than elements."""
        return self.type in PRIMITIVES

    @property
    def value(self) -> Any:
        """The JSON value, or None where a primitive has extensions only."""
        return self.node.value

    @property
    def text(self) -> str | None:
        """A primitive's value as it reads."""
        value = self.node.value
        if value is None or isinstance(value, dict):
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else _number(value)

    @property
    def is_resource(self) -> bool:
        """Whether this is a whole resource."""
        return self.parent is None or bool(self.special)

    def all(self, name: str) -> list[Item]:
        """The children of this name."""
        return [child for child in self.children if child.name == name]

    def one(self, name: str) -> Item | None:
        """The first child of this name."""
        return next((child for child in self.children if child.name == name), None)

    def said(self, name: str) -> str | None:
        """The text of the first child of this name."""
        child = self.one(name)
        return None if child is None else child.text

    def within(self) -> Iterator[Item]:
        """This and everything under it."""
        yield self
        for child in self.children:
            yield from child.within()

    @property
    def resource(self) -> Item:
        """The nearest resource that holds this, itself included."""
        item = self
        while not item.is_resource and item.parent is not None:
            item = item.parent
        return item

    @property
    def root(self) -> Item:
        """The resource this is contained in, or its own."""
        item = self.resource
        while item.special == "contained" and item.parent is not None:
            item = item.parent.resource
        return item

    def extension(self, url: str) -> Item | None:
        """The first extension of this URL."""
        return next((e for e in self.children if e.type == "Extension" and e.said("url") == url), None)


def _number(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) and -30 < value.adjusted() < 30 else str(value)
