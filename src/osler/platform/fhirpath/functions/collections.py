"""Existence, filtering, subsetting and combining. https://hl7.org/fhirpath/N1/#functions"""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

from osler.platform.fhirpath import arithmetic
from osler.platform.fhirpath.environment import Frame
from osler.platform.fhirpath.equality import distinct, identity
from osler.platform.fhirpath.functions.table import Arguments, each, function, holds, nodes_of, value_of
from osler.platform.fhirpath.logic import truth
from osler.platform.fhirpath.nodes import Node, boolean, integer
from osler.platform.fhirpath.problems import ExecutionProblem, LimitReached, SemanticProblem
from osler.platform.fhirpath.types import matches, must_be_known

MOST_VARIABLES = 100


@function("empty")
def empty(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether there is nothing."""
    return boolean(not nodes)


@function("exists", 0, 1)
def exists(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether there is anything, or anything the criterion holds for."""
    if not arguments:
        return boolean(bool(nodes))
    return boolean(any(held is True for _, held in holds(frame, nodes, arguments[0], "exists")))


@function("all", 1)
def all_(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether the criterion holds for every item."""
    return boolean(all(held is True for _, held in holds(frame, nodes, arguments[0], "all")))


def _booleans(nodes: list[Node], name: str) -> list[bool]:
    found = [node.system() for node in nodes]
    if any(value is None or value[0] != "Boolean" for value in found):
        raise ExecutionProblem(f"{name}() works on Booleans")
    return [bool(value[1]) for value in found if value is not None]


@function("allTrue")
def all_true(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether every item is true."""
    return boolean(all(_booleans(nodes, "allTrue")))


@function("anyTrue")
def any_true(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether an item is true."""
    return boolean(any(_booleans(nodes, "anyTrue")))


@function("allFalse")
def all_false(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether every item is false."""
    return boolean(not any(_booleans(nodes, "allFalse")))


@function("anyFalse")
def any_false(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether an item is false."""
    return boolean(not all(_booleans(nodes, "anyFalse")))


@function("not")
def not_(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """True for false, false for true."""
    found = truth(nodes, "not()")
    return boolean(None if found is None else not found)


@function("subsetOf", 1)
def subset_of(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether every item is also in the argument."""
    return boolean({identity(node) for node in nodes} <= {identity(node) for node in nodes_of(frame, arguments[0])})


@function("supersetOf", 1)
def superset_of(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether every item of the argument is here too."""
    return boolean({identity(node) for node in nodes} >= {identity(node) for node in nodes_of(frame, arguments[0])})


@function("count")
def count(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """How many items there are."""
    return integer(len(nodes))


@function("distinct")
def distinct_(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Each item once."""
    return distinct(nodes)


@function("isDistinct")
def is_distinct(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether no item is there twice."""
    return boolean(len({identity(node) for node in nodes}) == len(nodes))


@function("where", 1)
def where(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The items the criterion holds for."""
    return [node for node, held in holds(frame, nodes, arguments[0], "where") if held is True]


@function("select", 1)
def select(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """What the argument gives for each item."""
    made: list[Node] = []
    for _, found in each(frame, nodes, arguments[0]):
        frame.run.spend(len(found))
        made += found
    return made


@function("repeat", 1)
def repeat(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """What the argument gives for each item, and for what it gave, until nothing new comes."""
    seen: set[Any] = set()
    made: list[Node] = []
    waiting = nodes
    while waiting:
        fresh: list[Node] = []
        for _, found in each(frame, waiting, arguments[0]):
            for node in found:
                frame.run.spend(1)
                key = identity(node)
                if key not in seen:
                    seen.add(key)
                    fresh.append(node)
        made += fresh
        waiting = fresh
    return made


@function("repeatAll", 1)
def repeat_all(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """As `repeat`, keeping what comes again."""
    made: list[Node] = []
    waiting = nodes
    while waiting:
        found = [node for _, several in each(frame, waiting, arguments[0]) for node in several]
        frame.run.spend(len(found))
        made += found
        waiting = found
    return made


@function("ofType", 1)
def of_type(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The items of this type."""
    name = arguments[0]
    must_be_known(name.namespace, name.name)
    return [node for node in nodes if matches(node.type, name.namespace, name.name, exactly=True)]


@function("is", 1)
def is_(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether the one item is of this type or of a kind of it."""
    name = arguments[0]
    node = arithmetic.single(nodes, "is()")
    must_be_known(name.namespace, name.name)
    return [] if node is None else boolean(matches(node.type, name.namespace, name.name))


@function("as", 1)
def as_(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The one item, where it is of this type."""
    arithmetic.single(nodes, "as()")
    return of_type(frame, nodes, arguments)


@function("single")
def single(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The one item; several are a fault."""
    arithmetic.single(nodes, "single()")
    return nodes


@function("first")
def first(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The first item."""
    return nodes[:1]


@function("last")
def last(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The last item."""
    return nodes[-1:]


@function("tail")
def tail(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """All but the first."""
    return nodes[1:]


@function("skip", 1)
def skip(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """All but the first few."""
    number = value_of(frame, arguments[0], "Integer", "skip")
    return nodes if number is None else nodes[max(0, number) :]


@function("take", 1)
def take(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The first few."""
    number = value_of(frame, arguments[0], "Integer", "take")
    return [] if number is None else nodes[: max(0, number)]


@function("intersect", 1)
def intersect(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The items in both, each once."""
    other = {identity(node) for node in nodes_of(frame, arguments[0])}
    return [node for node in distinct(nodes) if identity(node) in other]


@function("exclude", 1)
def exclude(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The items that are not in the argument."""
    other = {identity(node) for node in nodes_of(frame, arguments[0])}
    return [node for node in nodes if identity(node) not in other]


@function("union", 1)
def union(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The items of both, each once."""
    return distinct(nodes + nodes_of(frame, arguments[0]))


@function("combine", 1, 2)
def combine(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The items of both, one after the other."""
    made = nodes + nodes_of(frame, arguments[0])
    frame.run.spend(len(made))
    return made


@function("coalesce", 1, 20)
def coalesce(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The first argument that is not empty."""
    for argument in arguments:
        if found := nodes_of(frame, argument):
            return found
    return []


@function("iif", 2, 3)
def iif(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The second argument where the first is true, else the third; only what is asked for is evaluated."""
    if len(nodes) > 1:
        raise ExecutionProblem("iif() works on one item at most")
    inner = Frame(frame.run, nodes, frame.index, frame.total, dict(frame.variables))
    found = arguments[0](inner.fork(), nodes)
    value = [node.system() for node in found]
    if len(value) > 1 or (value and (value[0] is None or value[0][0] != "Boolean")):
        raise ExecutionProblem("The first argument of iif() is a Boolean")
    chosen = 1 if value and value[0] is not None and value[0][1] else 2
    made: list[Node] = arguments[chosen](inner, nodes) if chosen < len(arguments) else []
    return made


@function("aggregate", 1, 2)
def aggregate(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """What is left in `$total` after each item has been counted in."""
    total = nodes_of(frame, arguments[1]) if len(arguments) > 1 else []
    for index, node in enumerate(nodes):
        inner = frame.item(node, index)
        inner.total = total
        total = arguments[0](inner, [node])
        frame.run.spend(len(total) + 1)
    return total


@function("sort", 0, 10)
def sort(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The items in order of these keys; an item without a key comes first either way."""
    keys, down = (arguments[:-1], arguments[-1]) if arguments else ([], (False,))
    rows: list[tuple[Node, list[list[Node]]]] = []
    for index, node in enumerate(nodes):
        found = [key(frame.item(node, index), [node]) for key in keys] or [[node]]
        rows.append((node, found))

    def compare(one: tuple[Node, list[list[Node]]], other: tuple[Node, list[list[Node]]]) -> int:
        frame.run.spend(1)
        for left, right, reverse in zip(one[1], other[1], down, strict=True):
            if not left or not right:
                if left or right:
                    return 1 if left else -1
            elif order := arithmetic.order(left, right, "sort()"):
                return -order if reverse else order
        return 0

    return [node for node, _ in sorted(rows, key=cmp_to_key(compare))]


@function("defineVariable", 1, 2)
def define_variable(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Keep a collection as `%name` for the rest of this path."""
    name = value_of(frame, arguments[0], "String", "defineVariable")
    if not name:
        raise ExecutionProblem("defineVariable() needs a name")
    if name in frame.variables or name in ("context", "resource", "rootResource", "ucum", "sct", "loinc"):
        raise ExecutionProblem("The expression defines a variable that is defined already")
    if len(frame.variables) >= MOST_VARIABLES:
        raise LimitReached(f"More than {MOST_VARIABLES} variables")
    value = nodes
    if len(arguments) > 1:
        inner = Frame(frame.run, nodes, frame.index, frame.total, dict(frame.variables))
        value = arguments[1](inner, nodes)
    frame.variables[name] = value
    return nodes


@function("trace", 1, 2)
def trace(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The collection as it is, told to whoever listens."""
    name = value_of(frame, arguments[0], "String", "trace")
    if name is None:
        raise SemanticProblem("trace() needs a name")
    listener = frame.run.environment.trace
    if listener is not None:
        told = nodes if len(arguments) < 2 else [found for _, several in each(frame, nodes, arguments[1]) for found in several]
        listener(name, told)
    return nodes
