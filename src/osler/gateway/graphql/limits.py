"""How much one query may ask for, measured before anything is read: tokens, depth, fields, aliases and cost."""

from __future__ import annotations

from dataclasses import dataclass

from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, FragmentSpreadNode, OperationDefinitionNode, SelectionSetNode

from osler.gateway.graphql.refusals import QueryRefused

MOST_BYTES = 32 * 1024
MOST_TOKENS = 4000
MOST_DEPTH = 15
MOST_FIELDS = 1500
MOST_ALIASES = 100
MOST_ROOTS = 10
MOST_COST = 250_000
"""Rows asked for times fields of each. A full chart with 1,000 results is about 60,000."""
ROWS_OF_A_LIST = 100
"""What an unpaged chart list is taken to hold."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a selection comes to with its fragments written out."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0


def check_size(document: DocumentNode) -> None:
    """Refuse a document that is too deep, too wide or goes in circles, before the costlier rules look at it. Raises `QueryRefused`."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    measured: dict[str, Size] = {}
    for operation in document.definitions:
        if not isinstance(operation, OperationDefinitionNode):
            continue
        size = size_of(operation.selection_set, fragments, measured, ())
        if size.depth > MOST_DEPTH:
            raise QueryRefused(f"The query is {size.depth} levels deep; at most {MOST_DEPTH} are answered", "too-costly")
        if size.fields > MOST_FIELDS:
            raise QueryRefused(f"The query has {size.fields} fields; at most {MOST_FIELDS} are answered", "too-costly")
        if size.aliases > MOST_ALIASES:
            raise QueryRefused(f"The query has {size.aliases} aliases; at most {MOST_ALIASES} are answered", "too-costly")
        if len(operation.selection_set.selections) > MOST_ROOTS:
            raise QueryRefused(f"At most {MOST_ROOTS} root fields are answered at once", "too-costly")


def size_of(
    selected: SelectionSetNode | None, fragments: dict[str, FragmentDefinitionNode], measured: dict[str, Size], inside: tuple[str, ...]
) -> Size:
    """The size of a selection; each fragment is measured once, however often it is spread."""
    depth = fields = aliases = 0
    for node in selected.selections if selected else ():
        if isinstance(node, FieldNode):
            below = size_of(node.selection_set, fragments, measured, inside)
            depth = max(depth, below.depth + 1)
            fields += below.fields + 1
            aliases += below.aliases + (node.alias is not None and node.alias.value != node.name.value)
            continue
        if isinstance(node, FragmentSpreadNode):
            below = size_of_fragment(node.name.value, fragments, measured, inside)
        else:
            below = size_of(node.selection_set, fragments, measured, inside)  # type: ignore[attr-defined]  # the third kind: inline fragment
        depth, fields, aliases = max(depth, below.depth), fields + below.fields, aliases + below.aliases
    return Size(depth, fields, aliases)


def size_of_fragment(name: str, fragments: dict[str, FragmentDefinitionNode], measured: dict[str, Size], inside: tuple[str, ...]) -> Size:
    """The size of a named fragment. Raises `QueryRefused` when it contains itself."""
    if name in inside:
        raise QueryRefused(f'Fragment "{name[:50]}" contains itself')
    if name not in measured:
        fragment = fragments.get(name)
        measured[name] = size_of(fragment.selection_set, fragments, measured, (*inside, name)) if fragment else Size()
    return measured[name]
