"""Says before any data is seen whether an expression can mean anything on a type.

It follows the types R4's definitions give each element. What cannot be known (a resolved reference, any resource) is let pass.
https://hl7.org/fhirpath/N1/#type-safety-and-strict-evaluation
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from osler.platform.fhir.elements import PRIMITIVES, is_type
from osler.platform.fhirpath.problems import SemanticProblem
from osler.platform.fhirpath.syntax import Binary, Call, Index, Literal, Member, Sign, Special, Syntax, TypeName, TypeTest, Variable
from osler.platform.fhirpath.types import SYSTEM, ancestors, kind_of, members

_OPEN = frozenset({"Resource", "DomainResource", "Element", "BackboneElement"})
"""Types that stand for any of their kinds, whose elements are not known."""
_NUMBERS = frozenset({"Integer", "Long", "Decimal"})
_MOMENTS = frozenset({"Date", "DateTime", "Time"})

_SAME = frozenset({"where", "first", "last", "tail", "skip", "take", "single", "distinct", "trace", "exclude", "intersect", "sort",
                   "defineVariable", "checkModifiers"})  # fmt: skip
_POSITIONS = frozenset({"first", "last", "tail", "skip", "take"})
_PER_ITEM = frozenset({"where", "select", "exists", "all", "repeat", "repeatAll", "aggregate", "sort"})
_GIVES = {
    "Boolean": "empty exists all allTrue anyTrue allFalse anyFalse not subsetOf supersetOf isDistinct is hasValue memberOf subsumes "
    "subsumedBy conformsTo htmlChecks comparable startsWith endsWith contains matches matchesFull",
    "Integer": "count length indexOf lastIndexOf ceiling floor truncate precision yearOf monthOf dayOf hourOf minuteOf secondOf "
    "millisecondOf",
    "String": "upper lower trim toChars substring replace replaceMatches split join encode decode escape unescape",
    "Decimal": "sqrt exp ln log timezoneOffsetOf",
    "DateTime": "now",
    "Date": "today dateOf",
    "Time": "timeOfDay timeOf",
}
_RESULT = {name: f"System.{kind}" for kind, names in _GIVES.items() for name in names.split()} | {
    f"convertsTo{kind}": "System.Boolean" for kind in SYSTEM
} | {f"to{kind}": f"System.{kind}" for kind in SYSTEM}  # fmt: skip
_ON_STRINGS = {"startsWith", "endsWith", "contains", "matches", "matchesFull", "upper", "lower", "trim", "toChars", "length", "indexOf",
               "lastIndexOf", "substring", "replace", "replaceMatches", "split", "join", "encode", "decode", "escape",
               "unescape"}  # fmt: skip
_ON_NUMBERS = {"abs", "ceiling", "floor", "truncate", "round", "sqrt", "exp", "ln", "log", "power"}
_WORKS_ON = dict.fromkeys(_ON_STRINGS, frozenset({"String"})) | dict.fromkeys(_ON_NUMBERS, _NUMBERS | {"Quantity"})


@dataclass(frozen=True, slots=True)
class Static:
    """What is known of a collection: the types its items may have (None: anything), and whether their order means something."""

    types: frozenset[str] | None
    ordered: bool = True

    @property
    def kinds(self) -> frozenset[str | None] | None:
        """The System types the items may stand for; None where anything may come, or nothing does."""
        return frozenset(kind_of(name) for name in self.types) if self.types else None


ANYTHING = Static(None)
BOOLEAN = Static(frozenset({"System.Boolean"}))


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands: the root's type, `$this`, and variables defined so far."""

    root: Static
    this: Static
    strict_order: bool
    variables: dict[str, Static] = field(default_factory=dict)


def check(syntax: Syntax, context: str, ordered: bool) -> Static:
    """What the expression gives on this type. Raises SemanticProblem where it cannot mean anything."""
    if not is_type(context) and context not in PRIMITIVES:
        raise SemanticProblem("The type an expression is checked on is not one of R4's")
    root = Static(frozenset({context}))
    return _infer(syntax, Scope(root, root, ordered))


def _infer(syntax: Syntax, scope: Scope) -> Static:
    return _RULES[type(syntax)](syntax, scope)


def _literal(syntax: Literal, scope: Scope) -> Static:
    return Static(frozenset({syntax.type}) if syntax.type else frozenset())


def _special(syntax: Special, scope: Scope) -> Static:
    if syntax.name == "$this":
        return scope.this
    return Static(frozenset({"System.Integer"})) if syntax.name == "$index" else ANYTHING


def _variable(syntax: Variable, scope: Scope) -> Static:
    if syntax.name in scope.variables:
        return scope.variables[syntax.name]
    return scope.root if syntax.name == "context" else ANYTHING


def _member(syntax: Member, scope: Scope) -> Static:
    if syntax.target is not None:
        return _child(_infer(syntax.target, scope), syntax.name)
    types = scope.this.types
    if types is not None and any(syntax.name in ancestors(name) for name in types):
        return scope.this
    return _child(scope.this, syntax.name)


def _child(of: Static, name: str) -> Static:
    if of.types is None or not of.types or of.types & _OPEN or any(one.startswith("System.") and one[7:] == "Any" for one in of.types):
        return replace(ANYTHING, ordered=of.ordered)
    found: set[str] = set()
    for one in of.types:
        found |= {element.type for element in members(one).get(name, ())}
    if not found:
        raise SemanticProblem(f"No element {name[:64]} where the expression looks for it")
    return Static(frozenset(found), of.ordered)


def _index(syntax: Index, scope: Scope) -> Static:
    _infer(syntax.position, scope)
    target = _infer(syntax.target, scope)
    _in_order(target, scope, "[ ]")
    return target


def _in_order(of: Static, scope: Scope, name: str) -> None:
    if scope.strict_order and not of.ordered:
        raise SemanticProblem(f"{name} takes a position of a collection that has no order")


def _sign(syntax: Sign, scope: Scope) -> Static:
    return _infer(syntax.operand, scope)


def _of_type(name: TypeName, ordered: bool) -> Static:
    fhir = name.name in PRIMITIVES or is_type(name.name)
    if name.namespace != "System" and fhir:
        return Static(frozenset({name.name}), ordered)
    return Static(frozenset({f"System.{name.name}"}), ordered) if name.name in SYSTEM else replace(ANYTHING, ordered=ordered)


def _type_test(syntax: TypeTest, scope: Scope) -> Static:
    operand = _infer(syntax.operand, scope)
    return BOOLEAN if syntax.operator == "is" else _of_type(syntax.type, operand.ordered)


def _call(syntax: Call, scope: Scope) -> Static:
    name = syntax.name
    focus = scope.this if syntax.target is None else _infer(syntax.target, scope)
    if name in _POSITIONS:
        _in_order(focus, scope, f"{name}()")
    wanted = _WORKS_ON.get(name)
    if wanted is not None and focus.kinds is not None and not focus.kinds & wanted:
        raise SemanticProblem(f"{name}() cannot be used with what the expression gives it")
    if name in _TYPED:
        return _TYPED[name](syntax, focus, scope)
    inner = replace(scope, this=focus) if name in _PER_ITEM else scope
    given = [_infer(argument, inner) for argument in syntax.arguments if not isinstance(argument, TypeName)]
    if name in _SAME:
        return Static(focus.types, True) if name == "sort" else focus
    if name in _RESULT:
        return Static(frozenset({_RESULT[name]}))
    return given[0] if name == "select" else ANYTHING


def _conditional(syntax: Call, focus: Static, scope: Scope) -> Static:
    inner = replace(scope, this=focus)
    criterion = _infer(syntax.arguments[0], inner) if syntax.arguments else ANYTHING
    if criterion.kinds is not None and "Boolean" not in criterion.kinds:
        raise SemanticProblem("The first argument of iif() is a Boolean")
    return _either([_infer(argument, inner) for argument in syntax.arguments[1:]])


def _either(several: list[Static]) -> Static:
    types: set[str] = set()
    for one in several:
        if one.types is None:
            return ANYTHING
        types |= one.types
    return Static(frozenset(types), all(one.ordered for one in several))


def _union(syntax: Call, focus: Static, scope: Scope) -> Static:
    return _either([focus, *(_infer(argument, scope) for argument in syntax.arguments)])


def _repeated(syntax: Call, focus: Static, scope: Scope) -> Static:
    if not syntax.arguments:
        return ANYTHING
    first = _infer(syntax.arguments[0], replace(scope, this=focus))
    try:
        again = _infer(syntax.arguments[0], replace(scope, this=first))
    except SemanticProblem:
        return ANYTHING
    return first if again.types == first.types else ANYTHING


def _defined(syntax: Call, focus: Static, scope: Scope) -> Static:
    value = _infer(syntax.arguments[1], replace(scope, this=focus)) if len(syntax.arguments) > 1 else focus
    if syntax.arguments and isinstance(syntax.arguments[0], Literal):
        scope.variables[str(syntax.arguments[0].value)] = value
    return focus


def _traced(syntax: Call, focus: Static, scope: Scope) -> Static:
    for argument in syntax.arguments[1:]:
        _infer(argument, replace(scope, this=focus))
    return focus


_TYPED: dict[str, Callable[[Call, Static, Scope], Static]] = {
    "ofType": lambda syntax, focus, scope: _of_type(syntax.arguments[0], focus.ordered) if syntax.arguments else ANYTHING,
    "as": lambda syntax, focus, scope: _of_type(syntax.arguments[0], focus.ordered) if syntax.arguments else ANYTHING,
    "iif": _conditional,
    "union": _union,
    "combine": _union,
    "coalesce": lambda syntax, focus, scope: _either([_infer(argument, scope) for argument in syntax.arguments]),
    "repeat": _repeated,
    "repeatAll": _repeated,
    "children": lambda syntax, focus, scope: Static(None, False),
    "descendants": lambda syntax, focus, scope: Static(None, False),
    "extension": lambda syntax, focus, scope: Static(frozenset({"Extension"})),
    "elementDefinition": lambda syntax, focus, scope: Static(frozenset({"ElementDefinition"})),
    "defineVariable": _defined,
    "trace": _traced,
}


def _binary(syntax: Binary, scope: Scope) -> Static:
    left, right = _infer(syntax.left, scope), _infer(syntax.right, scope)
    operator = syntax.operator
    if operator == "|":
        return _either([left, right])
    if operator not in ("+", "-", "*", "/", "div", "mod", "&"):
        return BOOLEAN
    if operator == "&":
        return Static(frozenset({"System.String"}))
    mine, yours = left.kinds, right.kinds
    if mine is None or yours is None:
        return ANYTHING
    if operator in ("+", "-") and mine <= _MOMENTS and not yours & {"Quantity"}:
        raise SemanticProblem(f"{operator} moves a date or time by a quantity of time, such as 7 days")
    if mine <= _NUMBERS and yours <= _NUMBERS:
        whole = "Decimal" not in mine | yours and operator != "/"
        return Static(frozenset({"System.Integer" if whole else "System.Decimal"}))
    return ANYTHING


_RULES: dict[type, Callable[[Any, Scope], Static]] = {
    Literal: _literal,
    Special: _special,
    Variable: _variable,
    Member: _member,
    Index: _index,
    Sign: _sign,
    TypeTest: _type_test,
    Call: _call,
    Binary: _binary,
}
