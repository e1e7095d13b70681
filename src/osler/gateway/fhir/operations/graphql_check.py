"""Whether a $graphql query speaks of what there is, decided by the definitions alone: data that happen to be missing hide no mistake."""

from __future__ import annotations

import re

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from osler.gateway.fhir.operations.graphql_document import Document, wrong
from osler.gateway.fhir.operations.graphql_elements import RESERVED
from osler.platform.fhir import TYPE_CODE
from osler.platform.fhir.elements import Element, elements, is_type
from osler.platform.fhirpath import FhirPathProblem
from osler.platform.fhirpath import compile as compile_path

LISTS = re.compile(r"([A-Z][A-Za-z]+?)(List|Connection)\Z")
CONNECTION = frozenset({"count", "edges", "first", "last", "next", "offset", "pagesize", "previous"})
EDGE = frozenset({"mode", "resource", "score"})
ANYTHING = ""
"""The type of what only the data decide: a resource behind a reference, or inside another."""


def check(document: Document, selected: SelectionSetNode, kind: str) -> None:
    """Raises `Malformed` for the first field, argument or type that R4 has not."""
    for node in selected.selections:
        if isinstance(node, FieldNode):
            check_field(document, node, kind)
            continue
        fragment = document.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
        assert isinstance(fragment, FragmentDefinitionNode | InlineFragmentNode)
        condition = fragment.type_condition.name.value if fragment.type_condition else kind
        if condition and not is_type(condition):
            raise wrong("A fragment is on a type that R4 has not", "not-found")
        abstract = condition in ("Resource", "DomainResource", "Element")
        check(document, fragment.selection_set, kind if abstract else condition)


def check_field(document: Document, node: FieldNode, kind: str) -> None:
    """One field on a type."""
    name, inside = node.name.value, node.selection_set
    arguments = document.arguments(node)
    if name in ("__typename", "resourceType") or kind == ANYTHING:
        return None
    if kind == "Reference" and name == "resource":
        wanted = arguments.get("type", ANYTHING)
        if wanted != ANYTHING and wanted not in TYPE_CODE:
            raise wrong("resource(type:) names no resource type", "not-found")
        return check(document, needed(node), str(wanted))
    listed = LISTS.match(name)
    if listed is not None and kind in TYPE_CODE and listed[1] in TYPE_CODE:
        return check_list(document, node, listed[1], listed[2])
    element = element_of(kind, name)
    if element is None:
        if any(each.choice == name for each in elements(kind).values()):
            return None
        raise wrong(f"{kind} has no element {name}", "not-found")
    if element.primitive and not name.startswith("_"):
        if inside is not None or arguments:
            raise wrong(f"{name} is a value: it has no fields and takes no arguments")
        return None
    inner = "Element" if name.startswith("_") else ANYTHING if element.type == "Resource" else element.type
    check_arguments(arguments, inner)
    return check(document, needed(node), inner)


def element_of(kind: str, name: str) -> Element | None:
    """What the definitions say of a field; `_birthDate` speaks of the extensions of a value."""
    known = elements(kind)
    beside = known.get(name[1:]) if name.startswith("_") else None
    return known.get(name) or (beside if beside is not None and beside.primitive else None)


def check_arguments(arguments: dict[str, object], kind: str) -> None:
    """The filters of a list: elements of its items, or FHIRPath that can be read."""
    for name in arguments:
        if name not in RESERVED and kind != ANYTHING and name not in elements(kind):
            raise wrong(f"{kind} has no element {name} to filter by", "not-found")
    path = arguments.get("fhirpath")
    if path is not None:
        check_path(path)


def check_path(path: object) -> None:
    """An expression of the query. Raises `Malformed` unless it is FHIRPath."""
    if not isinstance(path, str):
        raise wrong("fhirpath is a text")
    try:
        compile_path(path)
    except FhirPathProblem as problem:
        raise wrong(f"The FHIRPath of the query cannot be read ({type(problem).__name__})") from None


def check_list(document: Document, node: FieldNode, kind: str, form: str) -> None:
    """`ConditionList` and `ConditionConnection`."""
    if form == "List":
        return check(document, needed(node), kind)
    for each in document.written_out(needed(node), "Connection"):
        name = each.name.value
        if name not in CONNECTION:
            raise wrong(f"A connection has {', '.join(sorted(CONNECTION))}", "not-found")
        for one in document.written_out(needed(each), "Edge") if name == "edges" else ():
            if one.name.value not in EDGE:
                raise wrong(f"An edge has {', '.join(sorted(EDGE))}", "not-found")
            if one.name.value == "resource":
                check(document, needed(one), kind)
    return None


def needed(node: FieldNode) -> SelectionSetNode:
    """The fields of a field. Raises `Malformed` when it has none."""
    if node.selection_set is None:
        raise wrong(f"{node.name.value} needs fields of its own")
    return node.selection_set
