"""Random searches of a world, with values taken from it, so that most of them find something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from tests.kernel.search.oracle.definitions import Definition, by_url, compartment, definitions
from tests.kernel.search.oracle.oracle import READ, World
from tests.kernel.search.oracle.resources import DAYS, MOMENTS, NUMBERS, TEXTS, UNITS, URLS, VALUE_SET
from tests.kernel.search.oracle.values import Amount, Token, many, nodes

WITHOUT_ELEMENT = {("DeviceDefinition", "classification")}
"""R4 defines the parameter on an element the type does not have."""
UNASKED = {"_content", "_text", "_query", "_filter", "_list", "near", "phonetic", "_has", "_type"}
"""Judged by tests of their own: what they find depends on words, sounds or places, not on one value."""
PREFIXES = ["", "eq", "ne", "gt", "ge", "lt", "le", "sa", "eb"]
COMPARTMENTS = ("Patient", "Encounter", "Practitioner")
SORTED = frozenset({"string", "date", "number"})


@dataclass(frozen=True)
class Search:
    types: tuple[str, ...]
    params: tuple[tuple[str, str], ...]
    keys: tuple[str, ...]
    count: int
    compartment: str = ""


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,").replace("|", "\\|").replace("$", "\\$")


def askable(world: World, type_name: str) -> list[Definition]:
    """Parameters that are asked for, those with values in this world more often."""
    known = [
        one
        for code, one in sorted(definitions(type_name).items())
        if code not in UNASKED and one.kind != "special" and one.expression and (type_name, code) not in WITHOUT_ELEMENT
    ]
    return [one for one in known for _ in range(4 if any(world.nodes(each, one) for each in world.of(type_name)) else 1)]


@st.composite
def value(draw: st.DrawFn, world: World, definition: Definition, found: list[Any]) -> str:
    """One alternative of a parameter that is not composite."""
    kind = definition.kind
    if kind == "token":
        tokens = [one for one in found if isinstance(one, Token)] or [Token("urn:x", "A")]
        token = draw(st.sampled_from(tokens))
        code, system = escaped(token.code or ""), escaped(token.system or "")
        shapes = [
            code,
            f"{system}|{code}",
            f"|{code}",
            f"{system}|" if system else code,
            "nothing",
            f"urn:nobody|{code}",
            f"urn:other|{code}",
        ]
        chosen = draw(st.sampled_from(shapes))
        return chosen if chosen.strip("|") else "nothing"
    if kind == "string":
        text = draw(st.sampled_from([*(one for one in found if isinstance(one, str)), *TEXTS]))
        start = draw(st.integers(0, min(2, len(text) - 1)))
        piece = text[start:] if draw(st.booleans()) else text[: draw(st.integers(1, len(text)))]
        return escaped(draw(st.sampled_from([text, piece if piece.strip() else text, text.upper()])))
    if kind == "date":
        return draw(st.sampled_from([*PREFIXES, "ap"])) + draw(st.sampled_from([*DAYS, *MOMENTS]))
    if kind in ("number", "quantity"):
        amounts = [one for one in found if isinstance(one, Amount)]
        numbers = [str(one.low) for one in amounts if one.low.is_finite()] or NUMBERS
        number = draw(st.sampled_from([*PREFIXES, "ap"])) + draw(st.sampled_from([*numbers, *NUMBERS]))
        if kind == "number":
            return number
        units = ["", "", *(f"|{system}|{code}" for code, system in UNITS), "||mg", "||beats"]
        return number + draw(st.sampled_from(units))
    if kind == "uri":
        return escaped(draw(st.sampled_from([*(one for one in found if isinstance(one, str)), *URLS])))
    return draw(reference(definition, found))


@st.composite
def reference(draw: st.DrawFn, definition: Definition, found: list[Any]) -> str:
    """A reference as one may ask for it: whole, by id, or of a version."""
    addresses = [one.split("/_history/")[0] for one in found if isinstance(one, str)] or ["Patient/r1"]
    address = draw(st.sampled_from(addresses))
    if ":" in address:
        return escaped(address)
    return draw(st.sampled_from([address, address, address.partition("/")[2], f"{address}/_history/1", "Patient/r2", "r2"]))


@st.composite
def parameter(draw: st.DrawFn, world: World, type_name: str, depth: int = 0) -> tuple[str, str]:
    """One parameter with its modifier and its alternatives."""
    definition = draw(st.sampled_from(askable(world, type_name)))
    if depth < 2 and draw(st.integers(0, 5)) == 4:
        further = draw(chained(world, type_name, depth) if draw(st.booleans()) else pointed_at(world, type_name, depth))
        if further is not None:
            return further
    if definition.kind == "composite":
        return definition.code, ",".join(draw(st.lists(composite(world, definition), min_size=1, max_size=2)))
    found = [one for each in world.of(type_name) for one in world.values(each, definition)]
    modifiers = {
        "string": ["exact", "contains"],
        "token": [
            "not",
            "text",
            *(["in", "not-in"] if found and all(isinstance(one, Token) and one.system and not one.exact for one in found) else []),
            *(["of-type"] if any(isinstance(one, Token) and one.exact for one in found) else []),
        ],
        "reference": [*(kind for kind in definition.targets if any(str(one).startswith(f"{kind}/") for one in found)), "identifier"][-4:],
        "uri": ["below", "above"] if definition.code not in ("_profile", "_source") else [],
    }
    plain = definition.code == "_id"
    modifier = "" if plain else draw(st.sampled_from(["", "", "", "missing", *modifiers.get(definition.kind, [])]))
    if modifier == "missing":
        return f"{definition.code}:missing", draw(st.sampled_from(["true", "false"]))
    if modifier == "text":
        return f"{definition.code}:text", escaped(draw(st.sampled_from(TEXTS)))
    if modifier in ("in", "not-in"):
        return f"{definition.code}:{modifier}", VALUE_SET["url"]
    if modifier == "of-type":
        shapes = [f"urn:kinds|{code}|{value}" for code in ("MR", "ss") for value in ("1", "x", "X\\,1")]
        return f"{definition.code}:of-type", draw(st.sampled_from(shapes))
    if modifier == "identifier":
        return f"{definition.code}:identifier", draw(st.sampled_from(["1", "urn:a|1", "|1", "urn:a|", "X\\,1", "urn:b|X\\,1"]))
    if definition.kind == "reference" and modifier:
        chosen = draw(st.lists(st.sampled_from(["r1", "r2", "r9"]), min_size=1, max_size=2))
    else:
        chosen = draw(st.lists(value(world, definition, found), min_size=1, max_size=2))
    return (f"{definition.code}:{modifier}" if modifier else definition.code), ",".join(chosen)


@st.composite
def composite(draw: st.DrawFn, world: World, definition: Definition) -> str:
    """One value of a composite parameter: a part for each component, often of the same element."""
    elements = [node for each in world.of(definition.type) for node in world.nodes(each, definition)]
    parts = []
    element = draw(st.sampled_from(elements)) if elements else None
    for url, expression in definition.components:
        component = by_url()[url]
        found = [one for node in many(element) for here in nodes(node, expression) for one in READ[component.kind](here)]
        parts.append(draw(value(world, component, found)) or "nothing")
    return "$".join(parts)


@st.composite
def chained(draw: st.DrawFn, world: World, type_name: str, depth: int) -> tuple[str, str] | None:
    """`subject:Patient.name=…`."""
    kinds = {kind for kind, _ in world.resources}
    links = [(one, kind) for one in askable(world, type_name) if one.kind == "reference" for kind in one.targets if kind in kinds]
    if not links:
        return None
    link, kind = draw(st.sampled_from(links))
    name, text = draw(parameter(world, kind, depth + 1))
    return (f"{link.code}.{name}" if len(link.targets) == 1 and draw(st.booleans()) else f"{link.code}:{kind}.{name}"), text


@st.composite
def pointed_at(draw: st.DrawFn, world: World, type_name: str, depth: int) -> tuple[str, str] | None:
    """`_has:Observation:patient:code=…`."""
    kinds = sorted({kind for kind, _ in world.resources})
    links = [one for kind in kinds for one in definitions(kind).values() if one.kind == "reference" and type_name in one.targets]
    if not links:
        return None
    link = draw(st.sampled_from(links))
    name, text = draw(parameter(world, link.type, depth + 1))
    return f"_has:{link.type}:{link.code}:{name}", text


@st.composite
def searches(draw: st.DrawFn, world: World) -> Search:
    """A search: its type, parameters, order, how many a page; now and then of a compartment or of two types."""
    kinds = sorted({kind for kind, _ in world.resources})
    type_name = draw(st.sampled_from(kinds))
    how = draw(st.integers(0, 9))
    count = draw(st.sampled_from([1, 3, 50]))
    if how == 7:
        other = draw(st.sampled_from(kinds))
        params = draw(st.lists(of_both(world, type_name, other), min_size=1, max_size=2))
        return Search(tuple(dict.fromkeys((type_name, other))), tuple(params), draw(st.sampled_from([(), ("_id",), ("-_id",)])), count)
    params = draw(st.lists(parameter(world, type_name), min_size=1, max_size=draw(st.sampled_from([1, 1, 2, 3]))))
    sortable = sorted({one.code for one in askable(world, type_name) if one.kind in SORTED} | {"_id"})
    keys = st.builds(lambda sign, code: sign + code, st.sampled_from(["", "-"]), st.sampled_from(sortable))
    around = [kind for kind in COMPARTMENTS if compartment(kind).get(type_name)] if how in (5, 8) else []
    inside = f"{draw(st.sampled_from(around))}/{draw(st.sampled_from(['r1', 'r2', 'r3']))}" if around else ""
    if inside:
        params = params[: draw(st.sampled_from([0, 1]))]
    return Search((type_name,), tuple(params), tuple(draw(st.lists(keys, max_size=2))), count, inside)


@st.composite
def of_both(draw: st.DrawFn, world: World, one: str, other: str) -> tuple[str, str]:
    """A parameter that two types have alike."""
    mine, theirs = definitions(one), definitions(other)
    shared = [
        code for code in sorted(mine.keys() & theirs.keys()) if mine[code].kind == theirs[code].kind and mine[code].kind != "composite"
    ]
    code = draw(st.sampled_from([code for code in shared if code not in UNASKED and mine[code].expression]))
    found = [each for resource in world.of(one) for each in world.values(resource, mine[code])]
    modifier = draw(st.sampled_from(["", "", "missing"])) if code != "_id" else ""
    if modifier:
        return f"{code}:missing", draw(st.sampled_from(["true", "false"]))
    return code, draw(value(world, mine[code], found))
