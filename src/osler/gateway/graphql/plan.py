"""Queries as plans: parsed and validated by graphql-core once, compiled once, kept by the query's text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    validate,
    visit,
)
from graphql.execution.values import get_variable_values

from osler.gateway.graphql.chart import ChartPlan
from osler.gateway.graphql.limits import MOST_BYTES, MOST_TOKENS, check_size
from osler.gateway.graphql.projection import Pick_or_whole, Projection, picker
from osler.gateway.graphql.refusals import QueryRefused, refused
from osler.gateway.graphql.selection import TYPENAME, Field, Selector
from osler.platform.readplan import Call, Chart, FieldPlan, Record

DOCUMENTS_KEPT = 256
MOST_ERRORS = 5

Kept = TypeVar("Kept")


class Recent(Generic[Kept]):
    """The values used last, at most so many."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.values: OrderedDict[Any, Kept] = OrderedDict()

    def get(self, key: Any) -> Kept | None:
        """The value kept under the key; it is the most recent now."""
        found = self.values.get(key)
        if found is not None:
            self.values.move_to_end(key)
        return found

    def put(self, key: Any, value: Kept) -> Kept:
        """Keep a value, and let go of the one unused longest when there are too many."""
        self.values[key] = value
        if len(self.values) > self.most:
            self.values.popitem(last=False)
        return value


@dataclass(slots=True)
class Root:
    """One root field: where it comes from and what to answer of it."""

    field: Field
    plan: FieldPlan | None
    """None: `__typename`."""
    chart: ChartPlan | None = None
    record: Projection | None = None
    pick: Pick_or_whole = None

    @property
    def key(self) -> str:
        """The key to answer under."""
        return self.field.key


@dataclass(slots=True)
class Plan:
    """One operation, compiled for one set of @skip and @include decisions."""

    roots: list[Root]

    @property
    def chart(self) -> Root | None:
        """The chart, when that is all the operation asks for: such an answer may be kept."""
        return self.roots[0] if len(self.roots) == 1 and self.roots[0].chart is not None else None


@dataclass(slots=True)
class Operation:
    """One valid operation of one document."""

    document: DocumentNode
    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    flags: frozenset[str]
    """The variables that steer @skip and @include."""
    introspects: bool
    plans: Recent[Plan]

    def variables(self, schema: GraphQLSchema, given: Mapping[str, Any]) -> dict[str, Any]:
        """The variables' values, checked against their types, with defaults. Raises `QueryRefused`."""
        if not self.node.variable_definitions:
            return {}
        values = get_variable_values(schema, self.node.variable_definitions, dict(given), max_errors=MOST_ERRORS, hide_suggestions=True)
        if isinstance(values, list):
            raise refused(values)
        return values.coerced


class Planner:
    """The schema, what its fields come from, and the queries compiled so far."""

    def __init__(self, schema: GraphQLSchema, plans: Mapping[str, FieldPlan]) -> None:
        self.schema = schema
        self.plans = plans
        self.operations: Recent[Operation | QueryRefused] = Recent(DOCUMENTS_KEPT)

    def operation(self, text: str, name: str | None) -> Operation:
        """The operation of a query text. Raises `QueryRefused`; a refusal is remembered, too, because finding it is the dear part."""
        found = self.operations.get((text, name))
        if found is None:
            try:
                found = self.operations.put((text, name), self.read(text, name))
            except QueryRefused as refusal:
                if len(text) <= MOST_BYTES:
                    self.operations.put((text, name), refusal)
                raise
        if isinstance(found, QueryRefused):
            raise found
        return found

    def read(self, text: str, name: str | None) -> Operation:
        """Parse, measure and validate."""
        if len(text) > MOST_BYTES:
            raise QueryRefused(f"The query is over the limit of {MOST_BYTES} characters", "too-costly")
        try:
            document = parse(text, max_tokens=MOST_TOKENS)
        except GraphQLError as error:
            raise refused([error], "structure") from None
        check_size(document)
        errors = validate(self.schema, document, max_errors=MOST_ERRORS, hide_suggestions=True)
        if errors:
            raise refused(errors)
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        chosen = [node for node in operations if name is None or (node.name and node.name.value == name)]
        if len(chosen) != 1:
            raise QueryRefused("Name the operation to carry out in operationName" if name is None else "The document has no such operation")
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        selected = Selector(fragments, {}).roots(chosen[0].selection_set.selections)
        introspects = bool(selected & {"__schema", "__type"})
        if introspects and selected - {"__schema", "__type", TYPENAME}:
            raise QueryRefused("Introspection stands alone in its operation", "not-supported")
        return Operation(document, chosen[0], fragments, flags_of(document), introspects, Recent(16))

    def plan(self, operation: Operation, variables: Mapping[str, Any]) -> Plan:
        """The operation compiled for these decisions of @skip and @include."""
        decisions = tuple(sorted((flag, bool(variables.get(flag))) for flag in operation.flags))
        return operation.plans.get(decisions) or operation.plans.put(decisions, self.compile(operation, dict(decisions)))

    def compile(self, operation: Operation, flags: Mapping[str, bool]) -> Plan:
        """What to read and how to answer it."""
        query = self.schema.query_type
        assert query is not None
        selection = Selector(operation.fragments, flags).select(query, operation.node.selection_set.selections)
        return Plan([self.root(each) for each in selection.fields])

    def root(self, field: Field) -> Root:
        """One root field compiled."""
        if field.name == TYPENAME:
            return Root(field, None)
        plan = self.plans[f"Query.{field.name}"]
        below = field.below
        assert below is not None
        if isinstance(plan, Chart):
            return Root(field, plan, chart=ChartPlan(below, self.plans))
        if isinstance(plan, Record):
            return Root(field, plan, record=Projection(below, self.plans))
        assert isinstance(plan, Call)
        return Root(field, plan, pick=picker(below, whole=False))


class FlagFinder(Visitor):
    """Collects the variables that steer @skip and @include."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_directive(self, node: Any, *_: Any) -> None:
        """One directive."""
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                self.found.add(argument.value.name.value)


def flags_of(document: DocumentNode) -> frozenset[str]:
    """The variables on which the shape of the answer depends."""
    finder = FlagFinder()
    visit(document, finder)
    return frozenset(finder.found)


def field_plans(services: Sequence[Any]) -> dict[str, FieldPlan]:
    """Every service's `Type.field` -> plan."""
    return {name: plan for service in services for name, plan in service.graphql.items()}
