"""What a CodeSystem's hierarchy and a ValueSet's definition mean, for searches by `:below`, `:above`, `:in` and `:not-in`.

https://hl7.org/fhir/R4/codesystem.html#hierarchy, https://hl7.org/fhir/R4/valueset.html#compositions
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

UPWARDS = frozenset({"parent", "subsumedBy"})
DOWNWARDS = frozenset({"child"})
MOST_CODES = 50_000
"""Codes of one value set that a search takes."""


class TooCostly(ValueError):
    """Cannot be written out: no bound, or a rule about codes that are not here. The text says which."""


@dataclass(slots=True)
class CodeSystem:
    """The concepts of a code system with those right above each, and their properties."""

    url: str
    above: dict[str, set[str]] = field(default_factory=dict)
    properties: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> CodeSystem:
        """A CodeSystem resource: nested concepts, and the properties `parent`, `child` and `subsumedBy`."""
        found = cls(body.get("url", ""))
        todo = [(concept, None) for concept in body.get("concept", ())]
        while todo:
            concept, parent = todo.pop()
            code = concept["code"]
            over = found.above.setdefault(code, set())
            if parent is not None:
                over.add(parent)
            for one in concept.get("property", ()):
                value = next((value for name, value in one.items() if name.startswith("value")), None)
                text = value["code"] if isinstance(value, Mapping) else str(value).lower() if isinstance(value, bool) else str(value)
                found.properties.setdefault(code, {}).setdefault(one["code"], set()).add(text)
                if one["code"] in UPWARDS:
                    over.add(text)
                elif one["code"] in DOWNWARDS:
                    found.above.setdefault(text, set()).add(code)
            todo += [(child, code) for child in concept.get("concept", ())]
        return found

    def ancestors(self, code: str) -> set[str]:
        """The code and all above it."""
        return _reached({self._named(code)}, lambda one: self.above.get(one, ()))

    def descendants(self, code: str) -> set[str]:
        """The code and all below it."""
        below: dict[str, set[str]] = {}
        for child, parents in self.above.items():
            for parent in parents:
                below.setdefault(parent, set()).add(child)
        return _reached({self._named(code)}, lambda one: below.get(one, ()))

    def _named(self, code: str) -> str:
        """The code as the system writes it: searches compare codes without case."""
        return code if code in self.above else next((one for one in self.above if one.lower() == code.lower()), code)

    def chosen(self, rule: Mapping[str, str]) -> set[str]:
        """The codes that a value set's filter selects. Raises `TooCostly` for a rule that is not known."""
        operator, name, value = rule["op"], rule["property"], rule["value"]
        every = set(self.above)
        match operator:
            case "is-a":
                return self.descendants(value) & every
            case "descendent-of":
                return (self.descendants(value) - {value}) & every
            case "is-not-a":
                return every - self.descendants(value)
            case "generalizes":
                return self.ancestors(value) & every
            case "in" | "not-in" | "=" | "regex" | "exists":
                return {code for code in every if _meets(self._values(code, name), operator, value)}
        raise TooCostly(f"the filter {operator}")

    def _values(self, code: str, name: str) -> set[str]:
        if name in ("concept", "code"):
            return {code}
        if name in UPWARDS:
            return self.above[code]
        return self.properties.get(code, {}).get(name, set())


def _meets(values: set[str], operator: str, value: str) -> bool:
    match operator:
        case "=":
            return value in values
        case "in":
            return bool(values & {one.strip() for one in value.split(",")})
        case "not-in":
            return not values & {one.strip() for one in value.split(",")}
        case "exists":
            return bool(values) == (value == "true")
    # A filter's author is not trusted with our time: expressions of another kind than plain ones are refused.
    if re.search(r"[*+}]\)?[*+{]|\\[1-9]|\(\?", value) or len(value) > 200:
        raise TooCostly("a regular expression that might not end")
    return any(re.fullmatch(value, one) for one in values)


def _reached(start: set[str], step: Callable[[str], Iterable[str]]) -> set[str]:
    found, todo = set(start), list(start)
    while todo:
        for one in step(todo.pop()):
            if one not in found:
                found.add(one)
                todo.append(one)
    return found


@dataclass(slots=True)
class Codes:
    """The codes of a value set: (system, code) pairs, and systems all of whose codes belong."""

    pairs: set[tuple[str, str]] = field(default_factory=set)
    systems: set[str] = field(default_factory=set)

    def both(self, other: Codes) -> Codes:
        """Those in each of the two."""
        pairs = {pair for pair in self.pairs if pair in other.pairs or pair[0] in other.systems}
        pairs |= {pair for pair in other.pairs if pair[0] in self.systems}
        return Codes(pairs, self.systems & other.systems)

    def without(self, other: Codes) -> Codes:
        """Those of this one that the other has not. Raises `TooCostly` where that is a whole system but for some."""
        if {system for system, _ in other.pairs} & self.systems - other.systems:
            raise TooCostly("a whole code system but for some of its codes")
        return Codes({pair for pair in self.pairs - other.pairs if pair[0] not in other.systems}, self.systems - other.systems)

    def add(self, other: Codes) -> None:
        """Take those in as well."""
        self.pairs |= other.pairs
        self.systems |= other.systems
        if len(self.pairs) > MOST_CODES:
            raise TooCostly(f"more than {MOST_CODES} codes")


def imports(body: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The value sets and the code systems that must be at hand before a ValueSet can be written out."""
    compose = body.get("compose", {})
    parts = [*compose.get("include", ()), *compose.get("exclude", ())]
    return (
        {url for part in parts for url in part.get("valueSet", ())},
        {part["system"] for part in parts if "system" in part and not part.get("concept")},
    )


def written_out(body: Mapping[str, Any], value_set: Callable[[str], Codes], code_system: Callable[[str], CodeSystem | None]) -> Codes:
    """The codes of a ValueSet: by its definition, or by its expansion where it has no definition. Raises `TooCostly`."""
    compose = body.get("compose")
    if not compose:
        return _contained(body.get("expansion", {}).get("contains", ()))
    found = Codes()
    for part in compose.get("include", ()):
        found.add(_part(part, value_set, code_system))
    for part in compose.get("exclude", ()):
        found = found.without(_part(part, value_set, code_system))
    return found


def _contained(contains: Iterable[Mapping[str, Any]]) -> Codes:
    found, todo = Codes(), list(contains)
    while todo:
        one = todo.pop()
        if "code" in one and not one.get("abstract"):
            found.add(Codes({(one.get("system", ""), one["code"])}))
        todo += one.get("contains", ())
    return found


def _part(part: Mapping[str, Any], value_set: Callable[[str], Codes], code_system: Callable[[str], CodeSystem | None]) -> Codes:
    system = part.get("system")
    found: Codes | None = None
    if system is not None:
        found = Codes()
        if concepts := part.get("concept"):
            found.add(Codes({(system, one["code"]) for one in concepts}))
        elif rules := part.get("filter"):
            here = code_system(system)
            if here is None:
                raise TooCostly(f"a filter over the code system {system}, which is not stored here")
            found.add(Codes({(system, code) for code in set.intersection(*(here.chosen(rule) for rule in rules))}))
        else:
            found.systems.add(system)
    for url in part.get("valueSet", ()):
        other = value_set(url)
        found = other if found is None else found.both(other)
    return found or Codes()
