"""Sorting the repeats of an element into the slices of a profile. https://hl7.org/fhir/R4/profiling.html#slicing"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from osler.platform.fhirpath import FhirPathProblem, Node, compile  # noqa: A004 - what it does
from osler.platform.validation import invariants, patterns
from osler.platform.validation.items import Item
from osler.platform.validation.report import Report
from osler.platform.validation.rows import BASE
from osler.platform.validation.shapes import Rule

if TYPE_CHECKING:
    from osler.platform.validation.engine import Engine

Places = list[tuple[Item, list[Rule]]]
Match = Callable[["Engine", Item], bool]
DEFAULT = "@default"
_STEP = re.compile(r"(?:[^.()']|'[^']*'|\([^)]*\))+")


def assign(engine: Engine, item: Item, inner: list[Rule], report: Report) -> Places:
    """Each child with the rules it is held to: those of the slices it falls into, then that of the whole element."""
    by_name: dict[str, list[Rule]] = {}
    for rule in inner:
        by_name.setdefault(rule.name, []).append(rule)
    places: Places = []
    for child in item.children:
        rules = by_name.get(child.name) or [r for r in inner if not r.choice and r.name == child.key]
        for rule in rules:
            places.append((child, [*_slices(engine, child, rule, report), rule] if rule.slices else [rule]))
    for rule in inner:
        if rule.slices and rule.row.slicing is not None:
            _order(rule, [(c, found) for c, found in places if rule in found], report)
    return places


def _slices(engine: Engine, child: Item, whole: Rule, report: Report) -> list[Rule]:
    """The slices of a whole that a child falls into, the innermost first."""
    slicing = whole.row.slicing
    if slicing is None or not slicing.discriminators:
        return []
    found = [s for s in whole.slices if s.row.slice != DEFAULT and matches(engine, child, s, whole)]
    if len(found) > 1:
        named = ", ".join(s.row.slice for s in found)
        report.error("invalid", f"The element matches more than one slice ({named}) of {whole.shape.structure.versioned}", child)
    if not found:
        default = [s for s in whole.slices if s.row.slice == DEFAULT]
        if not default and slicing.rules == "closed":
            named = f"{whole.shape.structure.versioned} defines for {whole.row.path}"
            report.error("invalid", f"The element matches no slice that {named}, and no others are allowed", child)
        return default
    inner = found[0]
    return [*_slices(engine, child, inner, report), inner] if inner.slices else [inner]


def _order(whole: Rule, places: Places, report: Report) -> None:
    slicing = whole.row.slicing
    if slicing is None or not (slicing.ordered or slicing.rules == "openAtEnd"):
        return
    last, opened = -1, False
    for child, found in places:
        place = next((n for n, s in enumerate(whole.slices) if s in found), None)
        if place is None:
            opened = True
            continue
        if slicing.ordered and place < last:
            report.error("invalid", f"The slices of {whole.row.path} are out of order (from {whole.shape.structure.versioned})", child)
        if slicing.rules == "openAtEnd" and opened:
            report.error(
                "invalid",
                f"Elements outside the slices of {whole.row.path} stand at the end (from {whole.shape.structure.versioned})",
                child,
            )
        last = max(last, place)


def too_few(item: Item, rule: Rule, count: int, report: Report) -> None:
    """Say that an element or slice is missing."""
    name = rule.shape.structure.versioned
    if rule.row.slice:
        report.error("structure", f"Slice {rule.label}: at least {rule.row.min} required, {count} found (from {name})", item)
    else:
        report.error("structure", f"{rule.row.path}: at least {rule.row.min} required, {count} found (from {name})", item)


def matches(engine: Engine, child: Item, cut: Rule, whole: Rule) -> bool:
    """Whether an element falls into a slice."""
    if not isinstance(cut.matcher, list):
        slicing = whole.row.slicing
        cut.matcher = [_match(engine, kind, path, cut, whole) for kind, path in (slicing.discriminators if slicing else ())]
    tests: list[Match] = cut.matcher
    return bool(tests) and all(test(engine, child) for test in tests)


def _match(engine: Engine, kind: str, path: str, cut: Rule, whole: Rule) -> Match:
    """The test that one discriminator makes for one slice."""
    if kind == "type":
        return _by_type(engine, path, cut)
    if kind == "profile":
        return _by_profile(engine, path, cut)
    if kind == "position":
        return _by_position(cut, whole)
    profile = cut.row.types[0].profiles if cut.row.types else ()
    if path == "url" and profile:
        urls = {p.partition("|")[0] for p in profile}
        return lambda _, child: child.said("url") in urls
    criteria = [found for found in follow(engine, cut, path) if _says(found, kind)]
    if not criteria:
        return lambda _, __: kind == "exists"
    wanted = criteria[0]
    if wanted.row.max == "0":
        return lambda e, child: not _values(e, child, path)
    if kind == "exists":
        return lambda e, child: bool(_values(e, child, path))
    if wanted.row.fixed is not None:
        fixed = wanted.row.fixed.json
        return lambda e, child: any(patterns.fits(n.value, fixed) for n in _values(e, child, path))
    if wanted.row.pattern is not None:
        pattern = wanted.row.pattern.json
        return lambda e, child: any(patterns.fits(n.value, pattern) for n in _values(e, child, path))
    url = wanted.row.binding.value_set if wanted.row.binding else ""
    return lambda e, child: any(e.member_of(n, url) for n in _values(e, child, path))


def _says(rule: Rule, kind: str) -> bool:
    row = rule.row
    if row.max == "0" or kind == "exists":
        return True
    return row.fixed is not None or row.pattern is not None or (row.binding is not None and row.binding.strength == "required")


def _values(engine: Engine, child: Item, path: str) -> list[Node]:
    if path == "$this":
        return [child.node]
    try:
        return compile(path).evaluate(child.node, invariants.environment(engine, child))
    except FhirPathProblem:
        return []


def _by_type(engine: Engine, path: str, cut: Rule) -> Match:
    plain = path.partition("[")[0]
    criteria = follow(engine, cut, plain)
    if any(c.row.max == "0" for c in criteria):
        return lambda e, child: not _values(e, child, plain)
    types = {t.code for c in criteria for t in c.row.types}
    if "Reference" in types and plain.endswith("resolve()"):
        types = {t.removeprefix(BASE) for c in criteria for kind in c.row.types for t in kind.targets}
    return lambda e, child: any(n.type in types for n in _values(e, child, plain))


def _by_profile(engine: Engine, path: str, cut: Rule) -> Match:
    resolved = path.endswith("resolve()")
    stem = path.removesuffix("resolve()").rstrip(".") or "$this"
    criteria = follow(engine, cut, stem if resolved else path)
    urls = [u for c in criteria for t in c.row.types for u in (t.targets if resolved else t.profiles)]

    def test(engine: Engine, child: Item) -> bool:
        nodes = _values(engine, child, path)
        return any(_conforms(engine, child, node, url) for node in nodes for url in urls)

    return test if urls else lambda _, __: True


def _conforms(engine: Engine, child: Item, node: Node, url: str) -> bool:
    if node is child.node:
        shape = engine.definitions.shape(url)
        return shape is not None and engine.matches(child, shape)
    return engine.conforms(node, url) is True


def _by_position(cut: Rule, whole: Rule) -> Match:
    before = 0
    for other in whole.slices:
        if other is cut:
            break
        before += other.row.min
    most = None if cut.row.max == "*" else before + int(cut.row.max)
    return lambda _, child: (child.index or 0) >= before and (most is None or (child.index or 0) < most)


def follow(engine: Engine, rule: Rule, path: str) -> list[Rule]:
    """The rules that a discriminator's path leads to from a slice: the profile's own first, then those of its types."""
    found = [rule]
    for step in _STEP.findall(path):
        if step == "$this":
            continue
        found = [after for each in found for after in _step(engine, each, step)]
    return found


def _step(engine: Engine, rule: Rule, step: str) -> Iterator[Rule]:
    if step.startswith("ofType("):
        if rule.allows(step[7:-1]):
            yield rule
        return
    if step == "resolve()":
        for kind in rule.row.types:
            for url in kind.targets:
                shape = engine.definitions.shape(url)
                if shape is not None:
                    yield shape.root
        return
    if step.startswith("extension("):
        yield from _extension(engine, rule, step[10:-1].strip("'\""))
        return
    own = [child for child in rule.below() if child.name == step]
    for child in own:
        yield child
        yield from child.slices
    for kind in rule.row.types:
        for url in kind.profiles or (BASE + kind.code,):
            shape = engine.definitions.shape(url)
            if shape is not None and shape.root is not rule:
                yield from [child for child in shape.root.children if child.name == step]


def _extension(engine: Engine, rule: Rule, url: str) -> Iterator[Rule]:
    for whole in rule.below():
        if whole.name == "extension":
            for cut in whole.slices:
                if any(p.partition("|")[0] == url for t in cut.row.types for p in t.profiles):
                    yield cut
    shape = engine.definitions.shape(url)
    if shape is not None:
        yield shape.root
