"""What an evaluation may ask of the world, and how much of it one caller may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from osler.platform.clock import SystemClock
from osler.platform.fhirpath.nodes import Node
from osler.platform.fhirpath.problems import ExecutionProblem, LimitReached

MOST_STEPS = 2_000_000
_WELL_KNOWN = {
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "ucum": "http://unitsofmeasure.org",
}
_VALUE_SET = "http://hl7.org/fhir/ValueSet/"
_EXTENSION = "http://hl7.org/fhir/StructureDefinition/"


@dataclass(slots=True)
class Environment:
    """The world of one evaluation. https://hl7.org/fhir/R4/fhirpath.html#variables

    `resolve` finds the resource a reference names; `member_of` says whether a code, Coding or CodeableConcept is in a value set
    (None: not known); `conforms_to` whether a resource keeps a profile; `subsumes` whether the first concept covers the second;
    `trace` is told what an expression traces. Without one of them, the function that needs it has no answer.
    """

    variables: Mapping[str, Any] = field(default_factory=dict)
    resolve: Callable[[str], Any] | None = None
    member_of: Callable[[Node, str], bool | None] | None = None
    conforms_to: Callable[[Node, str], bool | None] | None = None
    subsumes: Callable[[Node, Node], bool | None] | None = None
    trace: Callable[[str, list[Node]], None] | None = None
    now: datetime | None = None
    most_steps: int = MOST_STEPS


class Run:
    """One evaluation: its environment, its moment and the steps it has left."""

    __slots__ = ("context", "environment", "left", "moment")

    def __init__(self, environment: Environment, context: list[Node]) -> None:
        self.environment = environment
        self.context = context
        self.left = environment.most_steps
        self.moment: datetime | None = environment.now

    def spend(self, steps: int) -> None:
        """Count work done; an expression that would never end is refused."""
        self.left -= steps
        if self.left < 0:
            raise LimitReached("The expression takes more steps than one evaluation may")

    def now(self) -> datetime:
        """The moment of this evaluation, the same each time it is asked."""
        if self.moment is None:
            self.moment = SystemClock().now()
        return self.moment

    def variable(self, name: str) -> list[Node]:
        """What `%name` stands for."""
        given = self.environment.variables
        if name in given:
            return as_nodes(given[name])
        if name == "context":
            return self.context
        if name == "resource":
            return [node.resource for node in self.context[:1]]
        if name == "rootResource":
            return [_outside_contained(node) for node in self.context[:1]]
        if name in _WELL_KNOWN:
            return [Node(_WELL_KNOWN[name], "System.String")]
        for prefix, base in (("vs-", _VALUE_SET), ("ext-", _EXTENSION)):
            if name.startswith(prefix):
                return [Node(base + name.removeprefix(prefix), "System.String")]
        raise ExecutionProblem("The expression uses a variable that nobody has defined")


def _outside_contained(node: Node) -> Node:
    resource = node.resource
    return resource.parent.resource if resource.name == "contained" and resource.parent is not None else resource


def as_nodes(value: Any) -> list[Node]:
    """A value from outside as a collection."""
    if value is None:
        return []
    if isinstance(value, list):
        return [item if isinstance(item, Node) else Node(item) for item in value if item is not None]
    return [value if isinstance(value, Node) else Node(value)]


class Frame:
    """What `$this`, `$index`, `$total` and defined variables stand for where an expression is evaluated."""

    __slots__ = ("index", "run", "this", "total", "variables")

    def __init__(self, run: Run, this: list[Node], index: int | None = None, total: list[Node] | None = None,
                 variables: dict[str, list[Node]] | None = None) -> None:  # fmt: skip
        self.run = run
        self.this = this
        self.index = index
        self.total = total
        self.variables: dict[str, list[Node]] = {} if variables is None else variables

    def item(self, node: Node, index: int) -> Frame:
        """The frame for one item of a collection."""
        return Frame(self.run, [node], index, self.total, dict(self.variables) if self.variables else None)

    def fork(self) -> Frame:
        """The same frame, whose defined variables stay its own."""
        return Frame(self.run, self.this, self.index, self.total, dict(self.variables))
