"""The closures that `acceptance` makes of a profile: each says whether a plain JSON value surely keeps a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from osler.platform.fhir.value_sets import Expansion
from osler.platform.fhirpath import FhirPathProblem, Node, compile  # noqa: A004 - what it does
from osler.platform.validation import plain

Test = Callable[[Any], bool]
"""Says whether a JSON value surely keeps the rules of its element."""


@dataclass(slots=True)
class Cut:
    """One slice: how a value is known to fall into it, how many may, and what each must keep under each JSON name."""

    known: Callable[[str, Any], bool]
    min: int
    most: int | None
    tests: dict[str, Test | None]


@dataclass(slots=True)
class Slices:
    """All slices of an element."""

    cuts: tuple[Cut, ...]
    closed: bool
    told: bool
    path: str = ""
    table: dict[str, int] = field(default_factory=dict)
    """Where one text tells the slices apart: under which name it stands, and which slice it means."""

    def fit(self, given: list[tuple[str, Any]]) -> bool:
        """Whether the values fall into their slices as they must."""
        counts = [0] * len(self.cuts)
        cuts = self.cuts if self.told else ()
        for key, value in given:
            found = -1
            if self.path:
                found = self.table.get(value.get(self.path), -1)
            else:
                for number, cut in enumerate(cuts):
                    if cut.known(key, value):
                        if found >= 0:
                            return False
                        found = number
            if found < 0:
                if self.closed:
                    return False
                continue
            counts[found] += 1
            test = self.cuts[found].tests.get(key)
            if key not in self.cuts[found].tests or (test is not None and not test(value)):
                return False
        for count, cut in zip(counts, self.cuts, strict=True):  # noqa: SIM110 - a generator costs more
            if count < cut.min or (cut.most is not None and count > cut.most):
                return False
        return True


def every_of(tests: list[Test]) -> Test:
    """All of these tests as one."""
    if len(tests) == 1:
        return tests[0]
    if not tests:
        return lambda value: True
    held = tuple(tests)

    def every(value: Any) -> bool:
        for test in held:  # noqa: SIM110 - a generator would cost as much as the tests
            if not test(value):
                return False
        return True

    return every


def every_known(known: list[Callable[[str, Any], bool]]) -> Callable[[str, Any], bool]:
    """All discriminators of a slice as one."""
    if len(known) == 1:
        return known[0]
    return lambda key, value: all(test(key, value) for test in known)


def member(
    item: dict[str, Test | None], wrong: frozenset[str], many: bool, least: int, most: int | None, slices: Slices | None, told: bool
) -> Test:
    """Count the values of a member, and test each; `told` when there are rules for what stands beside a primitive."""
    names = tuple(item)
    told = told or many
    if len(names) == 1 and slices is None and not wrong:
        name = names[0]
        if many:
            return _several(name, f"_{name}", item[name], least, most)
        if most != 0:
            return _single(name, f"_{name}", item[name], least, told)
    if slices is None and not many and most != 0:
        return _choice(item, wrong, least, told)

    def test(holder: Any) -> bool:
        given: list[tuple[str, Any]] = []
        for name in holder if len(names) > len(holder) else names:
            found = holder.get(name) if name in item else None
            if found is not None:
                if name in wrong:
                    return False
                if many:
                    given += [(name, each) for each in found]
                else:
                    given.append((name, found))
        if len(given) < least or (most is not None and len(given) > most):
            return False
        for name in holder:
            if name[0] == "_" and name[1:] in item and (told or name[1:] not in holder):
                return False
        for name, value in given:
            inner = item[name]
            if value is None or (inner is not None and not inner(value)):
                return False
        return slices is None or slices.fit(given)

    return test


def _several(name: str, beside: str, inner: Test | None, least: int, most: int | None) -> Test:
    def test(holder: Any) -> bool:
        values = holder.get(name)
        if values is None:
            return not least and beside not in holder
        if len(values) < least or (most is not None and len(values) > most) or beside in holder:
            return False
        if inner is not None:
            for value in values:
                if not inner(value):
                    return False
        return True

    return test


def _choice(item: dict[str, Test | None], wrong: frozenset[str], least: int, told: bool) -> Test:
    """One value under one of several names."""

    def test(holder: Any) -> bool:
        found = 0
        for name in holder:
            if name in item:
                if name in wrong:
                    return False
                found = 1
                inner = item[name]
                if inner is not None and not inner(holder[name]):
                    return False
            elif name[0] == "_" and name[1:] in item and (told or name[1:] not in holder):
                return False
        return found >= least

    return test


def _single(name: str, beside: str, inner: Test | None, least: int, told: bool) -> Test:
    def test(holder: Any) -> bool:
        value = holder.get(name)
        if value is None:
            return not least and beside not in holder
        return not (told and beside in holder) and (inner is None or inner(value))

    return test


def holds(expression: str, kind: str) -> Test:
    """An invariant as a test; one that looks beyond its element is left to the engine."""
    quick = plain.condition(expression, kind)
    if quick is not None:
        return _quick(quick)
    if "%" in expression or "resolve()" in expression:
        return lambda value: False
    compiled = compile(expression)

    def test(value: Any) -> bool:
        try:
            return compiled.test(Node(value, kind))
        except FhirPathProblem:
            return False

    return test


def _quick(condition: plain.Condition) -> Test:
    def test(value: Any) -> bool:
        try:
            return condition(value) is True
        except plain.Open:
            return False

    return test


def walk(value: Any, steps: tuple[str, ...]) -> list[Any]:
    """What lies under these names."""
    found = [value]
    for step in steps:
        after: list[Any] = []
        for each in found:
            inner = each.get(step) if isinstance(each, Mapping) else None
            if isinstance(inner, list):
                after += inner
            elif inner is not None:
                after.append(inner)
        found = after
    return found


def one_in(codings: Iterable[Any], expansion: Expansion) -> bool:
    """Whether one of these codings is in a value set."""
    return any(coding.get("code") in expansion.get(coding.get("system", ""), ()) for coding in codings)


def member_of(value: Any, expansion: Expansion) -> bool:
    """Whether a code, Coding or CodeableConcept is in a value set."""
    if isinstance(value, str):
        return any(value in codes for codes in expansion.values())
    return isinstance(value, dict) and one_in(value.get("coding", (value,)), expansion)
