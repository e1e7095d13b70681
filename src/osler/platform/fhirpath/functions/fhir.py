"""Walking the tree, and the functions FHIR adds. https://hl7.org/fhir/R4/fhirpath.html#functions"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from osler.platform.fhir.elements import is_type, path_of
from osler.platform.fhir.narrative import narrative_fault
from osler.platform.fhirpath.arithmetic import single
from osler.platform.fhirpath.environment import Frame, as_nodes
from osler.platform.fhirpath.functions.table import Arguments, function, nodes_of, value_of
from osler.platform.fhirpath.nodes import Node, boolean
from osler.platform.fhirpath.problems import ExecutionProblem
from osler.platform.fhirpath.types import ancestors, is_part, known, members

BASE = "http://hl7.org/fhir/StructureDefinition/"


@function("children")
def children(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """All elements directly inside each item."""
    made: list[Node] = []
    for node in nodes:
        made += node.all_children()
        frame.run.spend(len(made) // 8 + 1)
    return made


@function("descendants")
def descendants(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """All elements inside each item, however deep."""
    made: list[Node] = []
    waiting = nodes
    while waiting:
        waiting = [child for node in waiting for child in node.all_children()]
        frame.run.spend(len(waiting) + 1)
        made += waiting
    return made


@function("extension", 1)
def extension(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The extensions with this URL."""
    url = value_of(frame, arguments[0], "String", "extension")
    return [found for node in nodes for found in node.children("extension") if found.value.get("url") == url]


@function("hasValue")
def has_value(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether there is one primitive that has a value, not only extensions."""
    return boolean(len(nodes) == 1 and nodes[0].primitive and nodes[0].value is not None)


@function("getValue")
def get_value(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The System value of one primitive."""
    found = nodes[0].system() if len(nodes) == 1 and nodes[0].primitive else None
    return [] if found is None else [Node(found[1], f"System.{found[0]}")]


@function("resolve")
def resolve(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The resources that References and URIs name, where they can be found."""
    made: list[Node] = []
    for node in nodes:
        reference = node.value.get("reference") if isinstance(node.value, dict) else node.text
        if isinstance(reference, str):
            frame.run.spend(10)
            made += _resolved(frame, node, reference)
    return made


def _resolved(frame: Frame, node: Node, reference: str) -> list[Node]:
    if reference.startswith("#"):
        holder = frame.run.variable("rootResource") if node.parent is None else [_container(node)]
        if reference == "#":
            return holder
        return [one for root in holder for one in root.children("contained") if one.value.get("id") == reference[1:]][:1]
    root = node.root
    if root.type == "Bundle":
        for entry in root.children("entry"):
            frame.run.spend(1)
            url = entry.value.get("fullUrl")
            if isinstance(url, str) and (url == reference or url.endswith(f"/{reference}")):
                return entry.children("resource")
    hook = frame.run.environment.resolve
    return [] if hook is None else as_nodes(hook(reference))


def _container(node: Node) -> Node:
    resource = node.resource
    return resource.parent.resource if resource.name == "contained" and resource.parent is not None else resource


@function("memberOf", 1)
def member_of(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether a code or concept is in a value set; nothing where the value set is not known."""
    node, url = single(nodes, "memberOf()"), value_of(frame, arguments[0], "String", "memberOf")
    hook = frame.run.environment.member_of
    if node is None or url is None:
        return []
    if hook is None:
        raise ExecutionProblem("memberOf() needs a terminology, and there is none here")
    return boolean(hook(node, url))


def _subsumption(name: str, turned: bool) -> None:
    @function(name, 1)
    def subsumes(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
        one, other = single(nodes, f"{name}()"), single(nodes_of(frame, arguments[0]), f"{name}()")
        hook = frame.run.environment.subsumes
        if one is None or other is None:
            return []
        if hook is None:
            raise ExecutionProblem(f"{name}() needs a terminology, and there is none here")
        return boolean(hook(other, one) if turned else hook(one, other))


_subsumption("subsumes", False)
_subsumption("subsumedBy", True)


@function("conformsTo", 1)
def conforms_to(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether a resource keeps a profile; without a validator, R4's own types are the profiles known."""
    node, url = single(nodes, "conformsTo()"), value_of(frame, arguments[0], "String", "conformsTo")
    if node is None or url is None:
        return []
    hook: Callable[[Node, str], bool | None] | None = frame.run.environment.conforms_to
    found = None if hook is None else hook(node, url)
    name = url.removeprefix(BASE)
    if found is None and url.startswith(BASE) and known("FHIR", name):
        found = name in ancestors(node.type)
    if found is None:
        raise ExecutionProblem("conformsTo() names a profile that is not known here")
    return boolean(found)


@function("htmlChecks")
def html_checks(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Whether a narrative has only what FHIR allows in one. https://hl7.org/fhir/R4/narrative.html#xhtml"""
    node = single(nodes, "htmlChecks()")
    text = None if node is None else node.value.get("div") if isinstance(node.value, dict) else node.value
    if not isinstance(text, str):
        return []
    frame.run.spend(len(text) // 64 + 1)
    return boolean(narrative_fault(text) is None)


@function("checkModifiers", 0, 100)
def check_modifiers(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The items as they are; a modifier extension that is not among the arguments is a fault."""
    allowed = {value_of(frame, argument, "String", "checkModifiers") for argument in arguments}
    for node in nodes:
        for found in node.children("modifierExtension"):
            if found.value.get("url") not in allowed:
                raise ExecutionProblem(f"A modifier extension that is not expected at {found.path}")
    return nodes


@function("elementDefinition")
def element_definition(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The definition of each item's element, as far as R4's tables here hold it: path, cardinality and type."""
    made: list[Node] = []
    for node in nodes:
        if node.parent is None:
            made.append(Node({"id": node.type, "path": node.type}, "ElementDefinition"))
            continue
        name = node.choice or node.name
        element = members(node.parent.type)[name][0]
        path = f"{_defined_at(node.parent.type)}.{name}" + ("[x]" if node.choice else "")
        types = [{"code": one.type} for one in members(node.parent.type)[name] if not is_part(one.type)]
        value: dict[str, Any] = {"id": path, "path": path, "min": element.min, "max": "*" if element.many else "1", "type": types}
        made.append(Node(value, "ElementDefinition"))
    return made


def _defined_at(type_name: str) -> str:
    return path_of(type_name) if is_type(type_name) else type_name
