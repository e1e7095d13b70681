"""Which resources match a search: each one is looked at for each parameter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from tests.kernel.search.oracle.definitions import Definition, by_url, definitions
from tests.kernel.search.oracle.definitions import compartment as compartment_parameters
from tests.kernel.search.oracle.resources import VALUE_SET
from tests.kernel.search.oracle.values import (
    FIRST,
    Json,
    Node,
    Token,
    amount_is,
    amounts,
    cut,
    date_is,
    meant,
    nodes,
    plain,
    reference_is,
    references,
    spans,
    string_is,
    strings,
    token_is,
    token_texts,
    tokens,
    uri_is,
)

Address = tuple[str, str]
READ = {
    "token": tokens,
    "string": strings,
    "date": spans,
    "number": amounts,
    "quantity": amounts,
    "reference": references,
    "uri": references,
}


class World:
    """All resources there are, and what has been read of them."""

    def __init__(self, resources: Iterable[Json]) -> None:
        self.resources = {(one["resourceType"], one["id"]): one for one in resources}
        self.read: dict[tuple[str, str, str], list[Node]] = {}

    def of(self, type_name: str) -> list[Json]:
        return [one for (kind, _), one in self.resources.items() if kind == type_name]

    def nodes(self, resource: Json, definition: Definition) -> list[Node]:
        key = (resource["resourceType"], resource["id"], definition.code)
        if key not in self.read:
            self.read[key] = nodes(resource, definition.expression)
        return self.read[key]

    def values(self, resource: Json, definition: Definition) -> list[Any]:
        return [value for node in self.nodes(resource, definition) for value in READ[definition.kind](node) if value not in (None, "")]

    def only(self, types: Collection[str]) -> World:
        """The world as one sees it who may read these types."""
        return World(one for (kind, _), one in self.resources.items() if kind in types)

    def search(self, types: Sequence[str], params: Sequence[tuple[str, str]], compartment: str = "") -> set[Address]:
        """Everything that matches."""
        return {
            (kind, one["id"])
            for kind in types
            for one in self.of(kind)
            if all(self.matches(one, name, text) for name, text in params) and (not compartment or self.inside(one, compartment))
        }

    def inside(self, resource: Json, compartment: str) -> bool:
        """Whether a resource is in the compartment of `Patient/1`: it is that one, or names it by one of the compartment's parameters."""
        kind = resource["resourceType"]
        codes = compartment_parameters(compartment.partition("/")[0]).get(kind, ())
        named = (value for code in codes for value in self.values(resource, definitions(kind)[code]))
        return f"{kind}/{resource['id']}" == compartment or any(value.split("/_history/")[0] == compartment for value in named)

    def matches(self, resource: Json, name: str, text: str) -> bool:
        """Whether a resource meets one parameter."""
        if name.startswith("_has:"):
            return self.pointed_at(resource, name, text)
        if "." in name:
            return self.chained(resource, name, text)
        code, _, modifier = name.partition(":")
        definition = definitions(resource["resourceType"])[code]
        if modifier == "missing":
            # A string, an age or a timing without a date under a date parameter is no date.
            of_kind = self.values(resource, definition) if definition.kind == "date" else self.nodes(resource, definition)
            # "which usually equates to not having the relevant element": https://hl7.org/fhir/R4/search.html#modifiers
            return (not of_kind) == (text == "true")
        wanted = cut(text, ",")
        if definition.kind == "composite":
            return any(self.composite(node, definition, one) for node in self.nodes(resource, definition) for one in wanted)
        found = any(self.one(resource, definition, modifier, part) for part in wanted)
        return not found if modifier == "not" else found

    def one(self, resource: Json, definition: Definition, modifier: str, wanted: str) -> bool:
        """Whether any value is the one wanted."""
        if definition.code == "_id":
            return bool(resource["id"] == meant(wanted))
        here = self.nodes(resource, definition)
        if modifier == "text":
            return any(string_is(text, wanted, "") for node in here for text in token_texts(node))
        if modifier == "identifier":
            named = (
                Node(node.value["identifier"], "Identifier") for node in here if node.type == "Reference" and "identifier" in node.value
            )
            return any(token_is(token, wanted) for node in named for token in tokens(node))
        if modifier in ("in", "not-in"):
            among = any(in_value_set(token) for node in here for token in tokens(node))
            return among == (modifier == "in")
        if modifier == "of-type":
            return any(of_type(node.value, wanted) for node in here)
        return any(value_is(definition, modifier, value, wanted) for value in self.values(resource, definition))

    def composite(self, node: Node, definition: Definition, wanted: str) -> bool:
        """Whether all parts hold of this element."""
        parts = cut(wanted, "$")
        return all(
            any(value_is(by_url()[url], "", value, part) for found in nodes(node, expression) for value in READ[by_url()[url].kind](found))
            for (url, expression), part in zip(definition.components, parts, strict=True)
        )

    def chained(self, resource: Json, name: str, text: str) -> bool:
        """`subject:Patient.name=…`: what the reference names is there and matches."""
        first, _, rest = name.partition(".")
        code, _, kind = first.partition(":")
        definition = definitions(resource["resourceType"])[code]
        return any(
            there["resourceType"] in ((kind,) if kind else definition.targets) and self.matches(there, rest, text)
            for reference in self.values(resource, definition)
            for there in self.named(reference)
        )

    def named(self, reference: str) -> list[Json]:
        """What a reference names: a record by its address, definitions by their canonical URL."""
        address = tuple(reference.split("/_history/")[0].split("/"))
        if address in self.resources:
            return [self.resources[address]]  # type: ignore[index]
        return (
            [one for one in self.resources.values() if one.get("url") in (reference, reference.split("|")[0])] if ":" in reference else []
        )

    def pointed_at(self, resource: Json, name: str, text: str) -> bool:
        """`_has:Observation:patient:code=…`: something names this resource and matches."""
        _, source, code, rest = name.split(":", 3)
        definition = definitions(source)[code]
        return any(
            any(resource in self.named(value) for value in self.values(one, definition)) and self.matches(one, rest, text)
            for one in self.of(source)
        )

    def sort_key(self, resource: Json, name: str) -> Any:
        """What one key of `_sort` orders by; None where there is nothing."""
        descending, code = name.startswith("-"), name.removeprefix("-")
        if code == "_id":
            return resource["id"]
        definition = definitions(resource["resourceType"])[code]
        values = self.values(resource, definition)
        if definition.kind == "date":
            values = [value[0] for value in values if value[0] != FIRST]
        elif definition.kind == "string":
            values = [plain(value) for value in values]
        else:
            values = [value.low for value in values if value.low.is_finite()]
        return (max(values) if descending else min(values)) if values else None


def in_value_set(token: Token) -> bool:
    """Whether a code is one of the world's value set."""
    for include in VALUE_SET["compose"]["include"]:
        listed = [one["code"] for one in include.get("concept", ())]
        if token.system == include["system"] and token.code is not None and (not listed or token.code in listed):
            return True
    return False


def of_type(identifier: Json, wanted: str) -> bool:
    system, code, value = (meant(part) for part in cut(wanted, "|"))
    codings = identifier.get("type", {}).get("coding", [])
    return identifier.get("value") == value and any(
        one.get("system") == system and plain(one.get("code", "")) == plain(code) for one in codings
    )


def value_is(definition: Definition, modifier: str, value: Any, wanted: str) -> bool:
    """Whether a value is what one alternative asks for."""
    if definition.kind == "token":
        return token_is(value, wanted)
    if definition.kind == "string":
        return string_is(value, wanted, modifier)
    if definition.kind == "date":
        return date_is(value, wanted)
    if definition.kind in ("number", "quantity"):
        return amount_is(value, wanted)
    if definition.kind == "uri":
        return uri_is(value, wanted, modifier)
    return reference_is(value, wanted, (modifier,) if modifier else definition.targets)
