"""The table every function is entered in, and how functions read their arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from osler.platform.fhirpath.arithmetic import single
from osler.platform.fhirpath.environment import Frame
from osler.platform.fhirpath.logic import truth
from osler.platform.fhirpath.nodes import Node
from osler.platform.fhirpath.problems import ExecutionProblem

Arguments = list[Any]
"""Compiled arguments, or type names for `is`, `as` and `ofType`."""
Implementation = Callable[[Frame, list[Node], Arguments], list[Node]]


@dataclass(frozen=True, slots=True)
class Function:
    """A function: what it does and how many arguments it takes."""

    run: Implementation
    least: int
    most: int


FUNCTIONS: dict[str, Function] = {}


def function(name: str, least: int = 0, most: int | None = None) -> Callable[[Implementation], Implementation]:
    """Enter an implementation under this name."""

    def enter(implementation: Implementation) -> Implementation:
        FUNCTIONS[name] = Function(implementation, least, least if most is None else most)
        return implementation

    return enter


def nodes_of(frame: Frame, argument: Any) -> list[Node]:
    """An argument that is a collection, evaluated where the call stands."""
    found: list[Node] = argument(frame.fork(), frame.this)
    return found


def value_of(frame: Frame, argument: Any, kind: str, name: str) -> Any:
    """An argument that is one value of a System type; None where it is empty."""
    node = single(nodes_of(frame, argument), f"{name}()")
    if node is None:
        return None
    found = node.system()
    if found is None or found[0] != kind:
        raise ExecutionProblem(f"{name}() takes a {kind}")
    return found[1]


def focus_of(nodes: list[Node], kind: str, name: str) -> Any:
    """The one value a function works on; None where there is none."""
    node = single(nodes, f"{name}()")
    if node is None:
        return None
    found = node.system()
    if found is None:
        if node.primitive:
            return None
        raise ExecutionProblem(f"{name}() works on a {kind}")
    if found[0] != kind:
        raise ExecutionProblem(f"{name}() works on a {kind}")
    return found[1]


def each(frame: Frame, nodes: list[Node], argument: Any) -> Iterator[tuple[Node, list[Node]]]:
    """Each item with what the argument gives for it."""
    for index, node in enumerate(nodes):
        frame.run.spend(1)
        yield node, argument(frame.item(node, index), [node])


def holds(frame: Frame, nodes: list[Node], argument: Any, name: str) -> Iterator[tuple[Node, bool | None]]:
    """Each item with whether the criterion holds for it."""
    for node, found in each(frame, nodes, argument):
        yield node, truth(found, f"{name}()")
