"""The part of FHIRPath that profiles' invariants are mostly made of, as closures over plain JSON.

Paths, exists, empty, not, where, is, equality with strings, membership and three-valued logic, with types known beforehand. What
goes beyond it is not made (None), and what a value leaves open raises `Open`: the engine then has the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from operator import eq, ge, gt, le, lt
from typing import Any

from osler.platform.fhir.elements import PRIMITIVES, Element
from osler.platform.fhirpath import FhirPathProblem
from osler.platform.fhirpath.logic import AND, IMPLIES, OR, XOR, Truth
from osler.platform.fhirpath.parser import parse
from osler.platform.fhirpath.syntax import Binary, Call, Literal, Member, Special, Syntax, TypeName, TypeTest
from osler.platform.fhirpath.types import ancestors, members

Condition = Callable[[Any], Truth]
"""Says of a JSON value whether it holds, does not, or cannot be said."""
Items = Callable[[Any], list[Any]]
_TEXTS = frozenset({"string", "code", "id", "uri", "url", "canonical", "oid", "uuid", "markdown"})
_WRITTEN = _TEXTS | {"date", "dateTime", "instant", "time"}
_ORDER = {">=": ge, ">": gt, "<=": le, "<": lt}
_LOGIC = {"and": AND, "or": OR, "xor": XOR, "implies": IMPLIES}
_DOUBLED = "(select(value.substring({},1).toInteger()).select(iif($this<5, $this*2, (($this*2)-9))))"
_LUHN = f"(({'+'.join((_DOUBLED, '(value.substring({},1).toInteger())')[n % 2].format(n) for n in range(10))} + 24)mod 10=0)"
"""US Core's check digit of a National Provider Identifier, the one expression of its kind."""


class Open(Exception):
    """The value holds something that this reading does not settle."""


class _Beyond(Exception):
    """The expression goes beyond what is read here."""


def condition(expression: str, kind: str) -> Condition | None:
    """An expression on a type as a condition; None where it goes beyond."""
    if expression == _LUHN:
        return _luhn
    try:
        return _truth(parse(expression), frozenset({kind}))
    except (_Beyond, FhirPathProblem):
        return None


def _luhn(value: Any) -> Truth:
    text = value.get("value", "") if isinstance(value, dict) else ""
    if len(text) != 10 or not (text.isascii() and text.isdigit()):
        raise Open
    doubled = [2 * int(each) if each < "5" else 2 * int(each) - 9 for each in text[::2]]
    return (sum(doubled) + sum(map(int, text[1::2])) + 24) % 10 == 0


def _truth(syntax: Syntax, kinds: frozenset[str]) -> Condition:
    """A part that is a condition."""
    if isinstance(syntax, Binary):
        return _compared(syntax, kinds)
    if isinstance(syntax, TypeTest) and syntax.operator == "is":
        return _is(syntax.operand, syntax.type, kinds)
    if isinstance(syntax, Call):
        return _called(syntax, kinds)
    if isinstance(syntax, Literal) and isinstance(syntax.value, bool):
        known = syntax.value
        return lambda value: known
    items, types = _items(syntax, kinds)
    if "boolean" in types and types != {"boolean"}:
        raise _Beyond
    said = types == {"boolean"}

    def told(value: Any) -> Truth:
        found = items(value)
        if len(found) > 1:
            raise Open
        # One item that is no truth value counts as true.
        return (found[0] if said else True) if found else None

    return told


def _compared(syntax: Binary, kinds: frozenset[str]) -> Condition:
    if syntax.operator in _LOGIC:
        table, left, right = _LOGIC[syntax.operator], _truth(syntax.left, kinds), _truth(syntax.right, kinds)
        return lambda value: table[left(value), right(value)]
    if syntax.operator in ("=", "!="):
        equal = _counted(syntax, kinds) if _is_number(syntax.right) else _equal(syntax, kinds)
        if syntax.operator == "=":
            return equal
        return lambda value: None if (said := equal(value)) is None else not said
    if syntax.operator == "in":
        return _within(syntax.left, syntax.right, kinds)
    if syntax.operator == "contains":
        return _within(syntax.right, syntax.left, kinds)
    if syntax.operator in _ORDER and _is_number(syntax.right):
        return _counted(syntax, kinds)
    raise _Beyond


def _is_number(syntax: Syntax) -> bool:
    return isinstance(syntax, Literal) and isinstance(syntax.value, int) and not isinstance(syntax.value, bool)


def _counted(syntax: Binary, kinds: frozenset[str]) -> Condition:
    """How many there are, or how long a text is, against a number."""
    left, number = syntax.left, syntax.right
    if not (isinstance(left, Call) and isinstance(number, Literal) and left.target is not None and not left.arguments):
        raise _Beyond
    wanted: Any = number.value
    compare = _ORDER.get(syntax.operator, eq)
    target = left.target
    if left.name == "count":
        items = _items(target, kinds)[0]
        return lambda value: compare(len(items(value)), wanted)
    if left.name != "length":
        raise _Beyond
    if isinstance(target, Call) and target.name == "toString" and target.target is not None and not target.arguments:
        target = target.target
    texts, types = _items(target, kinds)
    if not types & PRIMITIVES:
        return lambda value: None
    if not types <= _WRITTEN:
        raise _Beyond

    def long(value: Any) -> Truth:
        found = texts(value)
        if len(found) > 1:
            raise Open
        return compare(len(found[0]), wanted) if found else None

    return long


def _equal(syntax: Binary, kinds: frozenset[str]) -> Condition:
    """A text, or several, against a constant text."""
    if not (isinstance(syntax.right, Literal) and isinstance(syntax.right.value, str) and syntax.right.type in ("String", "System.String")):
        raise _Beyond
    items, types = _items(syntax.left, kinds)
    if not types <= _TEXTS:
        raise _Beyond
    wanted = syntax.right.value

    def equal(value: Any) -> Truth:
        found = items(value)
        return None if not found else len(found) == 1 and found[0] == wanted

    return equal


def _within(one: Syntax, several: Syntax, kinds: frozenset[str]) -> Condition:
    """Whether a text is one of several."""
    left, right = _texts(one, kinds), _texts(several, kinds)

    def within(value: Any) -> Truth:
        found = left(value)
        if len(found) > 1:
            raise Open
        return found[0] in right(value) if found else None

    return within


def _texts(syntax: Syntax, kinds: frozenset[str]) -> Items:
    listed = _listed(syntax)
    if listed is not None:
        return lambda value: listed
    items, types = _items(syntax, kinds)
    if types <= _TEXTS:
        return items
    if types & (PRIMITIVES - _TEXTS):
        raise _Beyond

    def texts(value: Any) -> list[Any]:
        found = items(value)
        if not all(isinstance(each, str) for each in found):
            raise Open
        return found

    return texts


def _listed(syntax: Syntax) -> list[str] | None:
    """`'a' | 'b'` as a list."""
    if isinstance(syntax, Literal) and isinstance(syntax.value, str) and syntax.type in ("String", "System.String"):
        return [syntax.value]
    if isinstance(syntax, Binary) and syntax.operator == "|":
        left, right = _listed(syntax.left), _listed(syntax.right)
        return None if left is None or right is None else [*left, *right]
    return None


def _called(call: Call, kinds: frozenset[str]) -> Condition:
    """A function that gives a truth."""
    target = call.target
    if call.name == "not" and target is not None and not call.arguments:
        inner = _truth(target, kinds)
        return lambda value: None if (said := inner(value)) is None else not said
    if call.name == "exists" and target is not None and len(call.arguments) < 2:
        items = _items(Call("where", call.arguments, target, call.depth) if call.arguments else target, kinds)[0]
        return lambda value: bool(items(value))
    if call.name == "empty" and target is not None and not call.arguments:
        items = _items(target, kinds)[0]
        return lambda value: not items(value)
    if call.name == "is" and target is not None and len(call.arguments) == 1:
        return _is(target, _named(call.arguments[0]), kinds)
    if call.name == "matches" and target is not None and len(call.arguments) == 1:
        return _matching(target, call.arguments[0], kinds)
    raise _Beyond


def _matching(target: Syntax, pattern: Syntax, kinds: frozenset[str]) -> Condition:
    items, types = _items(target, kinds)
    if (
        not types <= _TEXTS
        or not isinstance(pattern, Literal)
        or not re.fullmatch(r"\^(?:\[[0-9A-Z-]+\](?:\{\d+\})?|[A-Z])+\$", str(pattern.value))
    ):
        raise _Beyond
    compiled = re.compile(str(pattern.value).removesuffix("$") + r"\Z")

    def matching(value: Any) -> Truth:
        found = items(value)
        if len(found) > 1:
            raise Open
        return compiled.match(found[0]) is not None if found else None

    return matching


def _named(syntax: Syntax) -> TypeName:
    if isinstance(syntax, TypeName):
        return syntax
    if isinstance(syntax, Member) and syntax.target is None:
        return TypeName("", syntax.name)
    raise _Beyond


def _is(operand: Syntax, name: TypeName, kinds: frozenset[str]) -> Condition:
    """Whether the one value of a choice is of a type: the name it stands under says so."""
    if name.namespace == "System" or not isinstance(operand, Member | Special):
        raise _Beyond
    if isinstance(operand, Special) or operand.target is not None:
        items, types = _items(operand, kinds)
        if len(types) != 1:
            raise _Beyond
        fits = name.name in ancestors(next(iter(types)))
        return lambda value: fits if items(value) else None
    keys = [e for kind in kinds for e in members(kind).get(operand.name, ())]
    if not keys or any(e.many for e in keys):
        raise _Beyond
    table = [(e.name, f"_{e.name}", name.name in ancestors(e.type)) for e in keys]

    def told(value: Any) -> Truth:
        for key, beside, fits in table:
            if beside in value:
                raise Open
            if key in value:
                return fits
        return None

    return told


def _items(syntax: Syntax, kinds: frozenset[str]) -> tuple[Items, frozenset[str]]:
    """A part that is a collection, and the types its items may have."""
    if isinstance(syntax, Special) and syntax.name in ("this", "$this"):
        return (lambda value: [value]), kinds
    if isinstance(syntax, Member):
        if syntax.target is None:
            return _children(syntax.name, kinds)
        before, types = _items(syntax.target, kinds)
        step, after = _children(syntax.name, types)
        return (lambda value: [found for each in before(value) for found in step(each)]), after
    if isinstance(syntax, TypeTest) and syntax.operator == "as":
        return _of_type(Call("as", (syntax.type,), None if isinstance(syntax.operand, Special) else syntax.operand, syntax.depth), kinds)
    if isinstance(syntax, Call) and syntax.name in ("where", "ofType", "as") and len(syntax.arguments) == 1:
        return _where(syntax, kinds) if syntax.name == "where" else _of_type(syntax, kinds)
    raise _Beyond


def _where(call: Call, kinds: frozenset[str]) -> tuple[Items, frozenset[str]]:
    before, types = _items(call.target, kinds) if call.target is not None else ((lambda value: [value]), kinds)
    if types <= PRIMITIVES:
        raise _Beyond
    test = _truth(call.arguments[0], types)
    return (lambda value: [each for each in before(value) if test(each) is True]), types


def _of_type(call: Call, kinds: frozenset[str]) -> tuple[Items, frozenset[str]]:
    """`value.ofType(Quantity)`: the one name of the choice; on a value of a known type, itself or nothing."""
    name = _named(call.arguments[0]).name
    if call.target is None:
        fits = frozenset(kind for kind in kinds if name in ancestors(kind))
        if fits and fits != kinds:
            raise _Beyond
        return ((lambda value: [value]) if fits else (lambda value: [])), (fits or frozenset({name}))
    if not isinstance(call.target, Member) or call.target.target is not None:
        raise _Beyond
    keys = [e for kind in kinds for e in members(kind).get(call.target.name, ())]
    wanted = [e for e in keys if e.type == name]
    if any(e.many for e in keys):
        raise _Beyond
    if not wanted:
        return (lambda value: []), frozenset({name})
    return _reader(wanted), frozenset({name})


def _children(name: str, kinds: Iterable[str]) -> tuple[Items, frozenset[str]]:
    found = [e for kind in kinds for e in members(kind).get(name, ())]
    if not found or any(e.type == "Resource" for e in found):
        raise _Beyond
    return _reader(found), frozenset(e.type for e in found)


def _reader(found: list[Element]) -> Items:
    names = list(dict.fromkeys((e.name, f"_{e.name}", e.many) for e in found))
    if len(names) == 1:
        key, beside, many = names[0]

        def one(value: Any) -> list[Any]:
            if not isinstance(value, dict):
                return []
            inner = value.get(key)
            if beside in value:
                raise Open
            return [] if inner is None else inner if many else [inner]

        return one

    held = {key: many for key, _, many in names}

    def any_of(value: Any) -> list[Any]:
        if not isinstance(value, dict):
            return []
        found: list[Any] = []
        for name in value:
            if name in held:
                found = value[name] if held[name] else [value[name]]
            elif name[0] == "_" and name[1:] in held:
                raise Open
        return found

    return any_of
