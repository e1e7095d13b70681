"""What a field of a $graphql query means on an element: its values, their types, and the arguments that filter them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from osler.gateway.fhir.operations.graphql_document import wrong
from osler.gateway.fhir.tree import Digits, text
from osler.platform.fhir.elements import PRIMITIVES, Element, elements
from osler.platform.fhirpath import FhirPathProblem, Node
from osler.platform.fhirpath import compile as compile_path

RESERVED = frozenset({"_count", "_offset", "fhirpath"})


@dataclass(slots=True)
class Found:
    """The values of one field."""

    values: list[tuple[Any, str]]
    """Each with its type."""
    many: bool
    """The field is a list."""


def found(holder: dict[str, Any], kind: str, name: str) -> Found:
    """The values of a field. Raises `Malformed` for one this type has not: nothing is answered by silence."""
    if name == "__typename":
        return Found([(kind, "string")], False)
    if name == "resourceType" and "resourceType" in holder:
        return Found([(kind, "code")], False)
    known = elements(kind)
    element = known.get(name)
    if element is not None:
        return Found(typed(holder, element, name), element.many)
    if name.startswith("_") and name[1:] in known and known[name[1:]].primitive:
        beside = holder.get(name)
        values = beside if isinstance(beside, list) else [] if beside is None else [beside]
        return Found([(value, "Element") for value in values if value is not None], known[name[1:]].many)
    choices = [each for each in known.values() if each.choice == name]
    if not choices:
        raise wrong(f"{kind} has no element {name}", "not-found")
    return Found([pair for each in choices for pair in typed(holder, each, each.name)], False)


def typed(holder: dict[str, Any], element: Element, name: str) -> list[tuple[Any, str]]:
    """The values of an element, each with its own type: a resource inside another says what it is."""
    value = holder.get(name)
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [
        (one, str(one.get("resourceType", element.type)) if isinstance(one, dict) and "resourceType" in one else element.type)
        for one in values
        if one is not None
    ]


def filtered(values: list[tuple[Any, str]], arguments: dict[str, Any]) -> list[tuple[Any, str]]:
    """Those whose elements have the values the arguments name; then `_offset` and `_count`. https://hl7.org/fhir/R4/graphql.html#list"""
    wanted = {name: value for name, value in arguments.items() if name not in RESERVED}
    kept = [pair for pair in values if all(holds(pair, name, value) for name, value in wanted.items())]
    if "fhirpath" in arguments:
        kept = [pair for pair in kept if fits(pair, arguments["fhirpath"])]
    start = whole("_offset", arguments.get("_offset", 0))
    count = whole("_count", arguments["_count"]) if "_count" in arguments else len(kept)
    return kept[start : start + count]


def holds(pair: tuple[Any, str], name: str, wanted: Any) -> bool:
    """Whether an element of the value is what is wanted, or one of what is wanted."""
    value, kind = pair
    if kind in PRIMITIVES or not isinstance(value, dict):
        raise wrong("Only lists of elements are filtered")
    alternatives = wanted if isinstance(wanted, list) else [wanted]
    inside = found(value, kind, name).values
    return any(said(one) == said(alternative) for one, _ in inside for alternative in alternatives)


def fits(pair: tuple[Any, str], path: str) -> bool:
    """Whether a FHIRPath expression holds for a value."""
    try:
        return compile_path(path).test(as_node(pair))
    except FhirPathProblem:
        raise wrong("The FHIRPath of the query has no answer on this data") from None


def named(pair: tuple[Any, str], path: str) -> str:
    """What a FHIRPath expression says of a value, as text; empty when it says nothing."""
    try:
        answer = compile_path(path).evaluate(as_node(pair))
    except FhirPathProblem:
        raise wrong("The FHIRPath of the query has no answer on this data") from None
    return ".".join(said(node.value) for node in answer if not isinstance(node.value, dict | list))


_plain = msgspec.json.Decoder(float_hook=Decimal)


def as_node(pair: tuple[Any, str]) -> Node:
    """A value as FHIRPath sees it."""
    return Node(_plain.decode(text(pair[0])), pair[1])


def said(value: Any) -> str:
    """A primitive as text, as a query would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Digits):
        return value.text
    return value if isinstance(value, str) else text(value).decode()


def whole(name: str, value: Any) -> int:
    """A whole number, 0 or more."""
    shown = said(value)
    if not shown.isascii() or not shown.isdigit() or len(shown) > 6:
        raise wrong(f"{name} is a whole number")
    return int(shown)
