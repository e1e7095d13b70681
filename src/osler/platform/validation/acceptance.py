"""Whether a resource that R4's own rules let pass also keeps a profile, answered in microseconds where it does.

Each profile becomes a few closures over plain JSON: one for every element on which it asks more than R4 does. They say yes only
where they are sure; anything else goes to the engine, which has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from osler.platform.fhir.elements import PRIMITIVES, Element, elements, is_type, path_of
from osler.platform.fhir.generated.registry import ANY_TYPE
from osler.platform.fhir.primitives import may_target
from osler.platform.validation import patterns
from osler.platform.validation.closures import Cut, Slices, Test, every_known, every_of, holds, member, member_of, one_in, walk
from osler.platform.validation.definitions import Definitions
from osler.platform.validation.extended import Extended
from osler.platform.validation.invariants import corrected
from osler.platform.validation.rows import BASE, Constraint
from osler.platform.validation.shapes import Rule, Shape
from osler.platform.validation.slicing import DEFAULT, follow

_decode = msgspec.json.Decoder().decode
_BACKBONE = frozenset({"BackboneElement", "Element"})


class _Unsure(Exception):
    """A profile asks something that only the engine can answer."""


def accepts(body: bytes, kind: str, profiles: Iterable[str], definitions: Definitions) -> bool:
    """Whether a resource surely keeps these profiles. `body` has passed R4's own rules already."""
    tests = []
    for url in profiles:
        shape = definitions.shape(url)
        if shape is None or shape.structure.type != kind or shape.structure.imposed:
            return False
        test = _test_of(shape, definitions)
        if test is None:
            return False
        tests.append(test)
    tree = _decode(body)
    if "contained" in tree:
        return False
    for test in tests:
        if not test(tree):
            return False
    return _extended(definitions).fine(body, tree, kind)


def _extended(definitions: Definitions) -> Extended:
    known: Extended | None = definitions.quick.get("")
    if known is None:
        known = definitions.quick[""] = Extended(definitions, lambda shape: _test_of(shape, definitions))
    return known


def _test_of(shape: Shape, definitions: Definitions) -> Test | None:
    name = f"{shape.url}|{shape.structure.version}"
    if name not in definitions.quick:
        try:
            definitions.quick[name] = _Maker(definitions).element(shape.root, shape.structure.type)
        except (_Unsure, RecursionError):
            definitions.quick[name] = None
    test: Test | None = definitions.quick[name]
    return test


@dataclass(slots=True)
class _Finder:
    """What `slicing.follow` needs of an engine."""

    definitions: Definitions


class _Maker:
    """Makes the closures of one profile."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.finder = _Finder(definitions)
        self.depth = 0

    def element(self, rule: Rule, kind: str, part: Rule | None = None) -> Test:
        """The inside of an element of this type against a rule: the members it asks something of, and its own invariants.

        `part` is R4's own rule for an element that holds parts.
        """
        self.depth += 1
        if self.depth > 40:
            raise _Unsure
        shape = self.definitions.shape(BASE + kind)
        base = part if part is not None and part.below() else shape.root if shape is not None else None
        under = {r.name: r for r in base.below()} if base is not None else {}
        tests = [t for child in rule.below() if (t := self.member(child, kind, under.get(child.name))) is not None]
        tests += self.invariants(rule.row.constraints, kind, base.row.constraints if base is not None else ())
        self.depth -= 1
        return every_of(tests)

    def invariants(self, constraints: Iterable[Constraint], kind: str, known: Iterable[Constraint]) -> list[Test]:
        """A test for each invariant that the type does not have by itself."""
        keys = {(c.key, c.expression) for c in known}
        wanted = [c for c in constraints if c.severity == "error" and not c.best_practice and (c.key, c.expression) not in keys]
        return [holds(corrected(c), kind) for c in wanted if c.key not in ("dom-3", "txt-1", "txt-2")]

    def member(self, rule: Rule, holder: str, base: Rule | None) -> Test | None:
        """One member of an object against its rule; None where R4 asks as much."""
        row = rule.row
        same = base is not None and _says_no_more(rule, base)
        if same and not rule.slices and not rule.children:
            return None
        table = elements(holder)
        keys = [e for e in table.values() if (e.choice or e.name) == rule.name]
        if not keys or rule.name in ("contained", "resource"):
            raise _Unsure
        many = keys[0].many
        item = {e.name: self.value(rule, e, base) if fits(rule, e) else None for e in keys}
        wrong = frozenset(e.name for e in keys if not fits(rule, e))
        slices = self.slices(rule, keys, base) if rule.slices else None
        most = None if row.max == "*" else int(row.max)
        # What stands beside a primitive matters only to rules for it.
        beside = bool(rule.children) or any(cut.children for cut in rule.slices)
        return member(item, wrong, many, row.min, most, slices, beside)

    def value(self, rule: Rule, element: Element, base: Rule | None) -> Test | None:
        """One value of an element against its rule."""
        row = rule.row
        tests: list[Test] = []
        fixed, pattern = row.fixed, row.pattern
        if fixed is not None:
            wanted = fixed.json
            tests.append((lambda value: value == wanted) if isinstance(wanted, str) else lambda value: patterns.same(value, wanted))
        if pattern is not None:
            partly = pattern.json
            tests.append(lambda value: patterns.fits(value, partly))
        if row.longest or row.regex or row.least is not None or row.greatest is not None:
            raise _Unsure
        tests += self.codes(rule, element, base)
        tests += self.invariants(row.constraints, element.type, base.row.constraints if base is not None else ())
        if rule.children and element.type in PRIMITIVES:
            # What stands beside a primitive sends it to the engine; only that it must be there has to be known.
            if any(child.row.min for child in [*rule.children, *[c for r in rule.children for c in r.slices]]):
                raise _Unsure
        elif rule.children:
            tests.append(self.element(rule, element.type, base))
        if element.type == "Reference":
            tests += self.targets(rule, base)
        named = next((t.profiles for t in row.types if t.code == element.type), ())
        tests += self.profiled(named, element, base)
        return every_of(tests) if tests else None

    def targets(self, rule: Rule, base: Rule | None) -> list[Test]:
        """The types a reference may lead to, where R4 allows more."""
        allowed = _led_to(rule, self.definitions)
        if not allowed or (base is not None and allowed == _led_to(base, self.definitions)):
            return []
        names = "|".join(sorted(allowed))
        return [lambda value: (text := value.get("reference")) is None or may_target(text, names, ANY_TYPE)]

    def profiled(self, urls: tuple[str, ...], element: Element, base: Rule | None) -> list[Test]:
        """What the profiles of its type ask of a value."""
        if not urls or (base is not None and any(t.profiles == urls for t in base.row.types)):
            return []
        if len(urls) > 1 or element.type == "Resource":
            raise _Unsure
        shape = self.definitions.shape(urls[0])
        if shape is None or shape.structure.context_rules:
            return [] if shape is None and element.type == "Extension" else _never()
        if element.type == "Extension" and self.definitions.shape(urls[0].partition("|")[0]) is shape:
            return []  # every extension is held against its own definition
        return [self.element(shape.root, element.type)]

    def codes(self, rule: Rule, element: Element, base: Rule | None) -> list[Test]:
        """Membership in the value sets that must not be left."""
        binding = rule.row.binding
        if binding is None or (base is not None and base.row.binding == binding):
            return []
        url = binding.value_set if binding.strength == "required" else binding.largest
        expansion = self.definitions.value_set(url) if url else None
        if expansion is None:
            return []
        if element.type == "CodeableConcept":
            return [lambda value: one_in(value.get("coding", ()), expansion)]
        if element.type in ("Coding", "Quantity"):
            return [lambda value: "code" not in value or one_in((value,), expansion)]
        if element.type in PRIMITIVES:
            codes = frozenset().union(*expansion.values())
            return [lambda value: value in codes]
        return []

    def slices(self, rule: Rule, keys: list[Element], base: Rule | None) -> Slices:
        """The slices of an element: how one is known, how many there may be, and what each asks."""
        slicing = rule.row.slicing
        if slicing is None or slicing.ordered or slicing.rules == "openAtEnd":
            raise _Unsure
        cuts = []
        for cut in rule.slices:
            if cut.row.slice == DEFAULT or cut.slices:
                raise _Unsure
            known = [self.known(kind, path, cut, keys) for kind, path in slicing.discriminators]
            tests = {e.name: self.value(cut, e, base) for e in keys if fits(cut, e)}
            cuts.append(Cut(every_known(known), cut.row.min, None if cut.row.max == "*" else int(cut.row.max), tests))
        named = self.named(rule.slices, slicing.discriminators)
        return Slices(tuple(cuts), slicing.rules == "closed", bool(slicing.discriminators), *named)

    def named(self, cuts: list[Rule], discriminators: tuple[tuple[str, str], ...]) -> tuple[str, dict[str, int]]:
        """Slices that one text tells apart, as a table from that text: extensions above all."""
        if len(discriminators) != 1 or discriminators[0][0] not in ("value", "pattern") or not discriminators[0][1].isalpha():
            return "", {}
        path = discriminators[0][1]
        table: dict[str, int] = {}
        for number, cut in enumerate(cuts):
            profiles = cut.row.types[0].profiles if cut.row.types else ()
            found = next((r for r in follow(self.finder, cut, path) if r.row.fixed), None)  # type: ignore[arg-type]
            said = (
                [p.partition("|")[0] for p in profiles]
                if path == "url" and profiles
                else [found.row.fixed.json if found and found.row.fixed else None]
            )
            if not all(isinstance(text, str) and text not in table for text in said):
                return "", {}
            table |= {text: number for text in said if text is not None}
        return path, table

    def known(self, kind: str, path: str, cut: Rule, keys: list[Element]) -> Callable[[str, Any], bool]:
        """Whether a value (under this JSON name) falls into a slice, by one discriminator."""
        if kind == "type":
            if path != "$this":
                raise _Unsure
            if cut.row.max == "0":
                return lambda key, value: False
            names = frozenset(e.name for e in keys if cut.allows(e.type))
            return lambda key, value: key in names
        if kind not in ("value", "pattern"):
            raise _Unsure
        profiles = cut.row.types[0].profiles if cut.row.types else ()
        if path == "url" and profiles:
            urls = frozenset(p.partition("|")[0] for p in profiles)
            return lambda key, value: value.get("url") in urls
        if "(" in path:
            raise _Unsure
        return self.by_value(path, cut)

    def by_value(self, path: str, cut: Rule) -> Callable[[str, Any], bool]:
        criteria = [r for r in follow(self.finder, cut, path) if r.row.fixed or r.row.pattern or r.row.max == "0" or _required(r)]  # type: ignore[arg-type]
        if not criteria or criteria[0].row.max == "0":
            raise _Unsure
        wanted = criteria[0].row
        steps = () if path == "$this" else tuple(path.split("."))
        if wanted.fixed is not None or wanted.pattern is not None:
            value = wanted.fixed or wanted.pattern
            partly = value.json if value is not None else None
            if isinstance(partly, str) and len(steps) == 1:
                step = steps[0]
                return lambda key, found: (said := found.get(step)) == partly or (type(said) is list and partly in said)
            return lambda key, found: any(patterns.fits(each, partly) for each in walk(found, steps))
        expansion = self.definitions.value_set(wanted.binding.value_set) if wanted.binding else None
        if expansion is None:
            raise _Unsure
        return lambda key, found: any(member_of(each, expansion) for each in walk(found, steps))


def fits(rule: Rule, element: Element) -> bool:
    """Whether an element of this type may stand here; rules name the type of one that holds parts of its own BackboneElement."""
    return rule.allows(element.type) or (element.type not in PRIMITIVES and "." in _path(element.type))


def _path(kind: str) -> str:
    return path_of(kind) if is_type(kind) else kind


def _says_no_more(rule: Rule, base: Rule) -> bool:
    """Whether a rule asks nothing that its base does not ask (references are followed by the engine alone)."""
    a, b = rule.row, base.row
    return (
        (a.min, a.max, a.fixed, a.pattern, a.longest, a.least, a.greatest, a.regex)
        == (b.min, b.max, b.fixed, b.pattern, b.longest, b.least, b.greatest, b.regex)
        and {t.code for t in a.types} == {t.code for t in b.types}
        and {(t.profiles, t.targets) for t in a.types} == {(t.profiles, t.targets) for t in b.types}
        and {(c.key, c.expression) for c in a.constraints} <= {(c.key, c.expression) for c in b.constraints}
        and (a.binding == b.binding or a.binding is None or (a.binding.strength != "required" and not a.binding.largest))
    )


def _led_to(rule: Rule, definitions: Definitions) -> frozenset[str]:
    """The types of what a reference may lead to; none where any may be, or a definition is not at hand."""
    urls = {url for t in rule.row.types if t.code == "Reference" for url in t.targets}
    shapes = [s for s in map(definitions.shape, urls) if s is not None]
    types = frozenset(s.structure.type for s in shapes)
    return types if len(shapes) == len(urls) and "Resource" not in types else frozenset()


def _required(rule: Rule) -> bool:
    return rule.row.binding is not None and rule.row.binding.strength == "required"


def _never() -> list[Test]:
    return [lambda value: False]
