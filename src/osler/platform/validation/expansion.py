"""The codes of value sets and code systems kept as resources, as far as they can be listed. https://hl7.org/fhir/R4/valueset.html"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from osler.platform.fhir.value_sets import Expansion, codes_of, system_codes

_MOST_CODES = 100_000
_Pairs = set[tuple[str, str]]


class Codes:
    """Lists value sets found by `find(kind, url)`, each once."""

    def __init__(self, find: Callable[[str, str], dict[str, Any] | None]) -> None:
        self._find = find
        self._sets: dict[str, Expansion | None] = {}
        self._systems: dict[str, frozenset[str] | None] = {}

    def of(self, url: str) -> Expansion | None:
        """The codes of a value set; None when it is not kept here or cannot be listed."""
        if url not in self._sets:
            pairs = self._listed(url, ())
            self._sets[url] = None if pairs is None else _by_system(pairs)
        return self._sets[url]

    def system(self, url: str) -> frozenset[str] | None:
        """The codes of a complete code system; None when it is not kept here."""
        if url not in self._systems:
            found = self._find("CodeSystem", url)
            complete = found is not None and found.get("content") == "complete"
            self._systems[url] = frozenset(code for code, _ in _concepts(found.get("concept", []), ())) if found and complete else None
        return self._systems[url]

    def _listed(self, url: str, seen: tuple[str, ...]) -> _Pairs | None:
        found = self._find("ValueSet", url) or self._find("ValueSet", url.partition("|")[0])
        if found is None or url in seen:
            return None
        compose = found.get("compose")
        if not compose:
            contains = found.get("expansion", {}).get("contains")
            return set(_contained(contains)) if contains else None
        included: _Pairs = set()
        for part in compose.get("include", []):
            more = self._part(part, (*seen, url))
            if more is None or len(included) > _MOST_CODES:
                return None
            included |= more
        for part in compose.get("exclude", []):
            less = self._part(part, (*seen, url))
            if less is None:
                return None
            included -= less
        return included

    def _part(self, part: dict[str, Any], seen: tuple[str, ...]) -> _Pairs | None:
        own: _Pairs | None = None
        system = str(part.get("system", "")).partition("|")[0]
        if part.get("concept"):
            own = {(system, str(c.get("code"))) for c in part["concept"]}
        elif system:
            own = self._filtered(system, part.get("filter", []))
            if own is None:
                return None
        for url in part.get("valueSet", []):
            shipped = codes_of(url)
            more = self._listed(url, seen) or ({(s, c) for s, codes in shipped.items() for c in codes} if shipped else None)
            if more is None:
                return None
            own = more if own is None else own & more
        return own or set()

    def _filtered(self, system: str, conditions: list[dict[str, Any]]) -> _Pairs | None:
        found = self._find("CodeSystem", system)
        if found is None or found.get("content") != "complete":
            shipped = system_codes(system)
            return None if shipped is None or conditions else {(system, code) for code in shipped}
        concepts = list(_concepts(found.get("concept", []), ()))
        for condition in conditions:
            wanted = condition.get("value")
            if condition.get("property") != "concept" or condition.get("op") not in ("is-a", "descendent-of"):
                return None
            itself = condition["op"] == "is-a"
            concepts = [(code, above) for code, above in concepts if wanted in above or (itself and code == wanted)]
        return {(system, code) for code, _ in concepts}


def _concepts(concepts: list[dict[str, Any]], above: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for concept in concepts:
        code = str(concept.get("code"))
        parents = [str(p.get("valueCode")) for p in concept.get("property", []) if p.get("code") in ("parent", "subsumedBy")]
        yield code, (*above, *parents)
        yield from _concepts(concept.get("concept", []), (*above, code))


def _contained(contains: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for item in contains:
        if "code" in item and not item.get("abstract"):
            yield str(item.get("system", "")), str(item["code"])
        yield from _contained(item.get("contains", []))


def _by_system(pairs: _Pairs) -> Expansion:
    made: dict[str, set[str]] = {}
    for system, code in pairs:
        made.setdefault(system, set()).add(code)
    return {system: frozenset(codes) for system, codes in made.items()}
