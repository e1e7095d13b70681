"""Reading FHIR JSON by path, without the product's help: `name{use=old}.family`, `component{code.coding.code=8480-6}.valueQuantity`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

STEP = re.compile(r"(?P<name>[^.{]+)(?:\{(?P<path>[^=}]+)=(?P<value>[^}]*)\})?\.?")


def found(node: Any, path: str) -> list[Any]:
    """Every value at this path; lists are passed through."""
    nodes = [node]
    for step in STEP.finditer(path):
        nodes = [inner for one in nodes for inner in members(one, step["name"])]
        if step["path"]:
            nodes = [one for one in nodes if step["value"] in map(str, found(one, step["path"]))]
    return nodes


def members(node: Any, name: str) -> Iterator[Any]:
    """The values of one member, whether it is a list or not."""
    value = node.get(name) if isinstance(node, dict) else None
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value


def walk(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a resource."""
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from walk(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from walk(inner)
