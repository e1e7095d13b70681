"""A $graphql query as read: its one operation, fragments and variables, and how much it may ask for.

https://hl7.org/fhir/R4/graphql.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    parse,
    print_ast,
)

from osler.platform.errors import Issue, Malformed

LONGEST = 32 * 1024
MOST_TOKENS = 4000
MOST_DEPTH = 15
MOST_FIELDS = 1000
MOST_ALIASES = 100
DIRECTIVES = frozenset({"first", "flatten", "include", "singleton", "skip", "slice"})


def wrong(message: str, code: str = "invalid") -> Malformed:
    """A query that cannot be carried out. Messages name fields, never values."""
    return Malformed(message, [Issue(code, message, "http.query")])


@dataclass(slots=True)
class Document:
    """One operation ready to be answered."""

    selected: SelectionSetNode
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def value(self, node: ValueNode) -> Any:
        """An argument's value: words and enum values are text, numbers keep their digits as text, lists are lists."""
        if isinstance(node, VariableNode):
            return self.variables.get(node.name.value)
        if isinstance(node, NullValueNode):
            return None
        if isinstance(node, ListValueNode):
            return [self.value(item) for item in node.values]
        if not hasattr(node, "value"):
            raise wrong("An argument is a word, a number, true, false or a list of them")
        return node.value

    def arguments(self, field: FieldNode) -> dict[str, Any]:
        """A field's arguments that have a value."""
        found = {argument.name.value: self.value(argument.value) for argument in field.arguments or ()}
        return {name: value for name, value in found.items() if value is not None}

    def directive(self, field: FieldNode, name: str) -> dict[str, Any] | None:
        """A directive's arguments; None when the field has not got it."""
        found = next((one for one in field.directives or () if one.name.value == name), None)
        return None if found is None else {argument.name.value: self.value(argument.value) for argument in found.arguments or ()}

    def fields(self, selected: SelectionSetNode, kind: str) -> list[FieldNode]:
        """The fields of a selection on something of this type; one asked for twice is one field with what both ask of it."""
        found: dict[tuple[str, ...], FieldNode] = {}
        for node in self.written_out(selected, kind):
            key = (node.alias.value if node.alias else "", *map(print_ast, (node.name, *(node.arguments or ()), *(node.directives or ()))))
            before = found.get(key)
            if before is not None and before.selection_set is not None and node.selection_set is not None:
                both = (*before.selection_set.selections, *node.selection_set.selections)
                node = FieldNode(
                    name=node.name,
                    alias=node.alias,
                    arguments=node.arguments,
                    directives=node.directives,
                    selection_set=SelectionSetNode(selections=both),
                )
            found[key] = node
        return list(found.values())

    def written_out(self, selected: SelectionSetNode, kind: str) -> Iterator[FieldNode]:
        """The fields with fragments written out and @skip and @include decided."""
        for node in selected.selections:
            if not self.wanted(node):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            fragment = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            assert isinstance(fragment, FragmentDefinitionNode | InlineFragmentNode)
            condition = fragment.type_condition
            if condition is None or condition.name.value in (kind, "Resource", "DomainResource", "Element"):
                yield from self.written_out(fragment.selection_set, kind)

    def wanted(self, node: Any) -> bool:
        """@skip and @include. Raises `Malformed` for a directive FHIR has not."""
        for one in node.directives or ():
            name = one.name.value
            if name not in DIRECTIVES:
                raise wrong(f"@{name} is no directive of FHIR's GraphQL", "not-supported")
            if name in ("skip", "include"):
                condition = next((self.value(argument.value) for argument in one.arguments or () if argument.name.value == "if"), None)
                if condition not in (True, False):
                    raise wrong(f"@{name} needs if: true or false")
                if condition is (name == "skip"):
                    return False
        return True


def document(text: str, variables: Mapping[str, Any], name: str | None) -> Document:
    """Read a query. Raises `Malformed` for one that is no GraphQL, goes in circles or is too large."""
    if len(text) > LONGEST:
        raise wrong(f"The query has over {LONGEST} characters", "too-costly")
    try:
        parsed = parse(text, no_location=True, max_tokens=MOST_TOKENS)
    except GraphQLError as error:
        place = error.locations[0] if error.locations else None
        raise wrong(f"The query is not valid GraphQL{f' (line {place.line}, column {place.column})' if place else ''}") from None
    except RecursionError:
        raise wrong("The query is nested too deeply", "too-costly") from None
    fragments = {one.name.value: one for one in parsed.definitions if isinstance(one, FragmentDefinitionNode)}
    operation = chosen(parsed, name)
    measure(operation.selection_set, fragments, 1, ())
    return Document(operation.selection_set, fragments, with_defaults(operation, variables))


def chosen(parsed: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation to carry out."""
    every = [one for one in parsed.definitions if isinstance(one, OperationDefinitionNode)]
    found = [one for one in every if name is None or (one.name is not None and one.name.value == name)]
    if len(found) != 1:
        raise wrong("The query must hold the one operation to carry out; operationName chooses among several")
    if found[0].operation is not OperationType.QUERY:
        raise wrong("$graphql answers queries; write with FHIR's own interactions", "not-supported")
    return found[0]


def with_defaults(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables' values. Raises `Malformed` for one that must be given and is not, or that is not declared."""
    held = Document(operation.selection_set, {}, {})
    found: dict[str, Any] = {}
    for one in operation.variable_definitions or ():
        name = one.variable.name.value
        found[name] = variables.get(name, held.value(one.default_value) if one.default_value else None)
        if found[name] is None and one.type.kind == "non_null_type":
            raise wrong(f"The variable ${name} has no value", "required")
        if isinstance(found[name], dict):
            raise wrong(f"The variable ${name} is a word, a number, true, false or a list of them")
    for name in variables:
        if name not in found:
            raise wrong("A variable is given that the query does not declare")
    return found


def measure(
    selected: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], depth: int, inside: Sequence[str]
) -> tuple[int, int]:
    """Fields and aliases of a selection with its fragments written out. Raises `Malformed` when they, or its depth, are too many."""
    if depth > MOST_DEPTH:
        raise wrong(f"The query is over {MOST_DEPTH} levels deep", "too-costly")
    fields = aliases = 0
    for node in selected.selections:
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in fragments:
                raise wrong("The query names a fragment it does not hold")
            if name in inside:
                raise wrong("A fragment contains itself")
            below = measure(fragments[name].selection_set, fragments, depth, (*inside, name))
        elif isinstance(node, FieldNode):
            fields += 1
            aliases += node.alias is not None and node.alias.value != node.name.value
            below = measure(node.selection_set, fragments, depth + 1, inside) if node.selection_set else (0, 0)
        else:
            assert isinstance(node, InlineFragmentNode)
            below = measure(node.selection_set, fragments, depth, inside)
        fields, aliases = fields + below[0], aliases + below[1]
        if fields > MOST_FIELDS:
            raise wrong(f"The query has over {MOST_FIELDS} fields", "too-costly")
        if aliases > MOST_ALIASES:
            raise wrong(f"The query has over {MOST_ALIASES} aliases", "too-costly")
    return fields, aliases
