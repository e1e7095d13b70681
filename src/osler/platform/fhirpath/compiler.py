"""Turns an expression's tree into closures, one a part; `compile` keeps them by their text."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from osler.platform.fhirpath import arithmetic
from osler.platform.fhirpath.checker import check
from osler.platform.fhirpath.environment import Environment, Frame, Run, as_nodes
from osler.platform.fhirpath.equality import distinct, equal, equivalent, identity
from osler.platform.fhirpath.functions import FUNCTIONS
from osler.platform.fhirpath.logic import AND, IMPLIES, OR, XOR, Truth, truth
from osler.platform.fhirpath.nodes import Node, boolean
from osler.platform.fhirpath.parser import parse
from osler.platform.fhirpath.problems import ExecutionProblem, LimitReached, SemanticProblem
from osler.platform.fhirpath.syntax import Binary, Call, Index, Literal, Member, Sign, Special, Syntax, TypeName, TypeTest, Variable
from osler.platform.fhirpath.types import ancestors, matches, must_be_known

Evaluator = Callable[[Frame, list[Node]], list[Node]]
"""Gives a part's collection, from the frame and the collection its path begins at."""


class Expression:
    """A FHIRPath expression ready to be evaluated, as often and by as many at once as one likes."""

    __slots__ = ("_evaluate", "syntax", "text")

    def __init__(self, text: str, syntax: Syntax) -> None:
        self.text = text
        self.syntax = syntax
        self._evaluate = build(syntax)

    def evaluate(self, focus: Any, environment: Environment | None = None) -> list[Node]:
        """The collection this gives for a node, several, or plain JSON of a resource."""
        nodes = as_nodes(focus)
        run = Run(environment or Environment(), nodes)
        try:
            return self._evaluate(Frame(run, nodes), nodes)
        except RecursionError:
            raise LimitReached("The expression is nested too deeply") from None

    def test(self, focus: Any, environment: Environment | None = None) -> bool:
        """Whether this holds, as invariants and criteria are read: nothing is false, one item that is no Boolean is true."""
        return truth(self.evaluate(focus, environment), "A condition") is True


@lru_cache(maxsize=2048)
def compile(expression: str, context: str = "", ordered: bool = False) -> Expression:  # noqa: A001 - what it does
    """The expression, read once and kept.

    With a `context` (the type it is to be evaluated on) it is also checked: names must be elements that R4 defines, functions and
    operators be used with types they take; `ordered` also refuses to take a position of a collection that has no order.
    """
    syntax = parse(expression)
    if context:
        check(syntax, context, ordered)
    return Expression(expression, syntax)


def build(syntax: Syntax) -> Evaluator:
    """The closure of one part."""
    return _BUILDERS[type(syntax)](syntax)


def _literal(syntax: Literal) -> Evaluator:
    if not syntax.type:
        return lambda frame, focus: []
    value = syntax.value
    if value is None:
        return _time_with_zone
    if syntax.type == "System.Integer" and value > 2**31 - 1:
        value = Decimal(value)
    node = Node(value, syntax.type if not isinstance(value, Decimal) else "System.Decimal")
    return lambda frame, focus: [node]


def _time_with_zone(frame: Frame, focus: list[Node]) -> list[Node]:
    raise ExecutionProblem("A time of day has no zone")


def _special(syntax: Special) -> Evaluator:
    if syntax.name == "$this":
        return lambda frame, focus: frame.this
    if syntax.name == "$index":
        return lambda frame, focus: [] if frame.index is None else [Node(frame.index, "System.Integer")]
    return lambda frame, focus: frame.total or []


def _variable(syntax: Variable) -> Evaluator:
    name = syntax.name

    def variable(frame: Frame, focus: list[Node]) -> list[Node]:
        found = frame.variables.get(name)
        return frame.run.variable(name) if found is None else found

    return variable


def _member(syntax: Member) -> Evaluator:
    name = syntax.name
    if syntax.target is not None:
        target = build(syntax.target)

        def member(frame: Frame, focus: list[Node]) -> list[Node]:
            found: list[Node] = []
            for node in target(frame, focus):
                found += node.children(name)
            frame.run.spend(len(found) + 1)
            return found

        return member
    upper = name[:1].isupper()

    def first(frame: Frame, focus: list[Node]) -> list[Node]:
        if upper and focus and name in ancestors(focus[0].type):
            return [node for node in focus if name in ancestors(node.type)]
        found: list[Node] = []
        for node in focus:
            found += node.children(name)
        frame.run.spend(len(found) + 1)
        return found

    return first


def _index(syntax: Index) -> Evaluator:
    target, position = build(syntax.target), build(syntax.position)

    def index(frame: Frame, focus: list[Node]) -> list[Node]:
        items = target(frame, focus)
        node = arithmetic.single(position(frame.fork(), frame.this), "[ ]")
        if node is None:
            return []
        found = node.system()
        if found is None or found[0] != "Integer":
            raise ExecutionProblem("A position is a whole number")
        return items[found[1] : found[1] + 1] if found[1] >= 0 else []

    return index


def _sign(syntax: Sign) -> Evaluator:
    operand = build(syntax.operand)
    if syntax.negative:
        return lambda frame, focus: arithmetic.negated(operand(frame, focus))

    def positive(frame: Frame, focus: list[Node]) -> list[Node]:
        nodes = operand(frame, focus)
        arithmetic.negated(nodes)
        return nodes

    return positive


def _type_test(syntax: TypeTest) -> Evaluator:
    operand, name = build(syntax.operand), syntax.type

    def test(frame: Frame, focus: list[Node]) -> list[Node]:
        node = arithmetic.single(operand(frame, focus), syntax.operator)
        must_be_known(name.namespace, name.name)
        if node is None:
            return []
        if syntax.operator == "is":
            return boolean(matches(node.type, name.namespace, name.name))
        return [node] if matches(node.type, name.namespace, name.name, exactly=True) else []

    return test


def _call(syntax: Call) -> Evaluator:
    function = FUNCTIONS.get(syntax.name)
    if function is None:
        raise SemanticProblem(f"There is no function {syntax.name[:64]}()")
    if not function.least <= len(syntax.arguments) <= function.most:
        raise SemanticProblem(f"{syntax.name}() does not take {len(syntax.arguments)} arguments")
    arguments: list[Any] = [argument if isinstance(argument, TypeName) else build(argument) for argument in syntax.arguments]
    if syntax.name == "sort" and arguments:
        arguments.append(syntax.descending)
    target = None if syntax.target is None else build(syntax.target)
    run = function.run

    def call(frame: Frame, focus: list[Node]) -> list[Node]:
        nodes = focus if target is None else target(frame, focus)
        frame.run.spend(len(nodes) + 1)
        return run(frame, nodes, arguments)

    return call


def _binary(syntax: Binary) -> Evaluator:
    left, right = build(syntax.left), build(syntax.right)
    operator = syntax.operator
    if operator in _LOGIC:
        return _logic(left, right, _LOGIC[operator], operator)
    work = _OPERATORS[operator]
    grows = operator in ("&", "+")

    def binary(frame: Frame, focus: list[Node]) -> list[Node]:
        one = left(frame.fork(), focus)
        other = right(frame.fork(), focus)
        frame.run.spend(len(one) + len(other) + 1)
        made = work(one, other)
        if grows and made and isinstance(made[0].value, str):
            frame.run.spend(len(made[0].value) // 8)
        return made

    return binary


def _logic(left: Evaluator, right: Evaluator, table: dict[tuple[Truth, Truth], Truth], operator: str) -> Evaluator:
    settled = {one: table[one, True] for one in (True, False, None) if len({table[one, other] for other in (True, False, None)}) == 1}

    def logic(frame: Frame, focus: list[Node]) -> list[Node]:
        frame.run.spend(1)
        one = truth(left(frame.fork(), focus), operator)
        if one in settled:
            return boolean(settled[one])
        return boolean(table[one, truth(right(frame.fork(), focus), operator)])

    return logic


def _contains(items: list[Node], item: list[Node], operator: str) -> list[Node]:
    wanted = arithmetic.single(item, operator)
    if wanted is None:
        return []
    key = identity(wanted)
    return boolean(any(identity(node) == key or equal([node], [wanted]) is True for node in items))


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


_LOGIC = {"and": AND, "or": OR, "xor": XOR, "implies": IMPLIES}
_OPERATORS: dict[str, Callable[[list[Node], list[Node]], list[Node]]] = {
    "=": lambda one, other: boolean(equal(one, other)),
    "!=": lambda one, other: boolean(_not(equal(one, other))),
    "~": lambda one, other: boolean(equivalent(one, other)),
    "!~": lambda one, other: boolean(not equivalent(one, other)),
    "|": lambda one, other: distinct(one + other),
    "in": lambda one, other: _contains(other, one, "in"),
    "contains": lambda one, other: _contains(one, other, "contains"),
    "+": arithmetic.plus,
    "-": arithmetic.minus,
    "&": arithmetic.concatenate,
    "*": arithmetic.times,
    "/": arithmetic.divided,
    "div": lambda one, other: arithmetic.whole_division("div", one, other),
    "mod": lambda one, other: arithmetic.whole_division("mod", one, other),
    "<": lambda one, other: arithmetic.compare("<", one, other),
    "<=": lambda one, other: arithmetic.compare("<=", one, other),
    ">": lambda one, other: arithmetic.compare(">", one, other),
    ">=": lambda one, other: arithmetic.compare(">=", one, other),
}
_BUILDERS: dict[type, Callable[[Any], Evaluator]] = {
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
