"""A query's selection with fragments written out, directives decided and repeated fields merged: what is left is what to answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    SelectionNode,
    Undefined,
    VariableNode,
    get_named_type,
    value_from_ast,
)

TYPENAME = "__typename"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument's value, or the variable that has it."""

    value: Any = None
    variable: str | None = None


@dataclass(slots=True)
class Field:
    """One field to answer, under `key`."""

    key: str
    name: str
    arguments: Mapping[str, Argument]
    many: bool = False
    """The field is a list."""
    leaf: str = ""
    """Name of the scalar or enum; empty: an object, `below` says what of it."""
    below: Selection | None = None


@dataclass(slots=True)
class Selection:
    """What is asked of one object type, in the order in which to answer it."""

    type: str
    fields: list[Field] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many fields there are, all levels together."""
        return sum(1 + (each.below.size if each.below else 0) for each in self.fields)


class Selector:
    """Reads the selections of one operation, for one set of values of the variables that steer @skip and @include."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], flags: Mapping[str, Any]) -> None:
        self.fragments = fragments
        self.flags = flags

    def select(self, kind: GraphQLObjectType, nodes: Iterable[SelectionNode]) -> Selection:
        """What the nodes ask of an object of this type."""
        asked: dict[str, list[FieldNode]] = {}
        self.collect(nodes, asked)
        return Selection(kind.name, [self.field(kind, key, same) for key, same in asked.items()])

    def collect(self, nodes: Iterable[SelectionNode], asked: dict[str, list[FieldNode]]) -> None:
        """Gather fields by the key they answer under. There are no abstract types, so a fragment's type always fits."""
        for node in nodes:
            if not self.included(node):
                continue
            if isinstance(node, FieldNode):
                asked.setdefault((node.alias or node.name).value, []).append(node)
            elif isinstance(node, FragmentSpreadNode):
                self.collect(self.fragments[node.name.value].selection_set.selections, asked)
            else:
                self.collect(node.selection_set.selections, asked)  # type: ignore[attr-defined]  # the third kind: inline fragment

    def roots(self, nodes: Iterable[SelectionNode]) -> set[str]:
        """The names of all fields at this level, whatever the directives say."""
        names: set[str] = set()
        for node in nodes:
            if isinstance(node, FieldNode):
                names.add(node.name.value)
            elif isinstance(node, FragmentSpreadNode):
                names |= self.roots(self.fragments[node.name.value].selection_set.selections)
            else:
                names |= self.roots(node.selection_set.selections)  # type: ignore[attr-defined]  # the third kind: inline fragment
        return names

    def included(self, node: SelectionNode) -> bool:
        """Whether @skip and @include let this be answered."""
        for directive in node.directives or ():
            name = directive.name.value
            if name not in ("skip", "include") or not directive.arguments:
                continue
            given = directive.arguments[0].value
            value = (
                self.flags.get(given.name.value) if isinstance(given, VariableNode) else isinstance(given, BooleanValueNode) and given.value
            )
            if bool(value) is (name == "skip"):
                return False
        return True

    def field(self, kind: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> Field:
        """One field, with what all its mentions ask of it."""
        name = nodes[0].name.value
        if name == TYPENAME:
            return Field(key, name, {}, leaf="String")
        definition = kind.fields[name]
        named = get_named_type(definition.type)
        made = Field(key, name, arguments_of(definition, nodes[0]), is_list(definition.type))
        if isinstance(named, GraphQLScalarType | GraphQLEnumType):
            made.leaf = named.name
        else:
            assert isinstance(named, GraphQLObjectType)
            made.below = self.select(named, [below for node in nodes if node.selection_set for below in node.selection_set.selections])
        return made


def arguments_of(definition: GraphQLField, node: FieldNode) -> dict[str, Argument]:
    """Every argument the field has, with the value or variable given, or its default."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    found = {}
    for name, argument in definition.args.items():
        default = None if argument.default_value is Undefined else argument.default_value
        value = given.get(name)
        if isinstance(value, VariableNode):
            found[name] = Argument(default, value.name.value)
        elif value is not None:
            found[name] = Argument(literal(value, argument.type))
        else:
            found[name] = Argument(default)
    return found


def literal(node: Any, kind: GraphQLInputType) -> Any:
    """A value written in the query; validation has seen that it fits."""
    return value_from_ast(node, kind)


def resolved(arguments: Mapping[str, Argument], variables: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments' values in this request."""
    return {
        name: variables.get(given.variable, given.value) if given.variable is not None else given.value for name, given in arguments.items()
    }


def is_list(kind: GraphQLOutputType) -> bool:
    """Whether a field answers a list."""
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)
