"""Where a FHIRPath of a patch points in a resource's JSON.

Any FHIRPath may be used that leads to elements of the resource. Choice elements are named without their type (`Observation.value`).
https://hl7.org/fhir/R4/fhirpatch.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from osler.platform import fhirpath
from osler.platform.errors import Invalid, Issue, Malformed
from osler.platform.fhir.elements import PRIMITIVES, Element, elements
from osler.platform.fhirpath import Environment, FhirPathProblem, Node

LONGEST = 1000
"""Characters of a path."""
MOST_STEPS = 100_000


@dataclass(slots=True)
class Place:
    """An element found: its value, what kind of element it is, and where it hangs."""

    value: Any
    type: str
    """Its FHIR type, such as `HumanName` or `PatientContact`."""
    parent: Place | None = None
    key: str = ""
    index: int | None = None
    """Its position when it is an item of a list."""

    def remove(self) -> None:
        """Take the element away, and every parent that is left empty: FHIR has no empty elements."""
        assert self.parent is not None
        holder = self.parent.value
        if self.index is None:
            holder.pop(self.key, None)
            holder.pop(f"_{self.key}", None)
        else:
            remove_item(holder, self.key, self.index)
        if not holder and self.parent.parent is not None:
            self.parent.remove()

    def replace(self, datatype: str, value: Any) -> None:
        """Put `value` in its place; a choice element may change its type."""
        assert self.parent is not None
        holder = self.parent.value
        if self.index is not None:
            holder[self.key][self.index] = value
            if f"_{self.key}" in holder:
                holder[f"_{self.key}"][self.index] = None
            return
        known = members(self.parent).get(self.key)
        name = child_of(self.parent, known.choice, datatype).name if known is not None and known.choice else self.key
        holder.pop(f"_{self.key}", None)
        if name == self.key:
            holder[name] = value
        else:
            del holder[self.key]
            holder[name] = value


def remove_item(holder: dict[str, Any], key: str, index: int) -> None:
    """Remove one item of a list, and what its primitive extension list holds for it."""
    for name in (key, f"_{key}"):
        items = holder.get(name)
        if isinstance(items, list) and index < len(items):
            del items[index]
            if not items:
                del holder[name]


def locate(resource: dict[str, Any], path: str, number: int = 0) -> list[Place]:
    """All elements the path names. Raises `Malformed` for a path that cannot be read or gives what is no element."""
    kind = str(resource.get("resourceType"))
    if len(path) > LONGEST or not re.match(rf"(?:{kind}|Resource|DomainResource)(?=[.\[]|\Z)", path):
        raise unreadable(path, number)
    root = Node(resource)
    try:
        nodes = fhirpath.compile(path).evaluate(root, Environment(most_steps=MOST_STEPS))
    except FhirPathProblem as problem:
        raise unreadable(path, number, problem.message) from None
    if any(node.root is not root for node in nodes):
        raise unreadable(path, number)
    return [place_of(node) for node in nodes]


def place_of(node: Node) -> Place:
    """The same element as a place that can be changed."""
    parent = None if node.parent is None else place_of(node.parent)
    return Place(node.value, node.type, parent, node.name, node.index)


def members(place: Place) -> dict[str, Element]:
    """What children an element may have, by JSON name."""
    kind = place.value.get("resourceType", place.type) if isinstance(place.value, dict) else ""
    return {} if not kind or kind in PRIMITIVES else elements(kind)


def children(place: Place, name: str) -> list[Place]:
    """The child elements of one name; `value` finds `valueQuantity`, whichever type is there."""
    holder, known = place.value, members(place)
    if not isinstance(holder, dict):
        return []
    key = name if name in holder else next((key for key in holder if key in known and known[key].choice == name), None)
    if key is None:
        return []
    value, kind = holder[key], known[key].type if key in known else ""
    if isinstance(value, list):
        return [Place(item, kind, place, key, index) for index, item in enumerate(value)]
    return [Place(value, kind, place, key)]


def child_of(place: Place, name: str, datatype: str) -> Element:
    """What the definitions say of a child, given its FHIR name and, for a choice, the value's type."""
    known = members(place)
    for candidate in (name, name + datatype):
        if candidate in known:
            return known[candidate]
    message = f"There is no element {name}{' of type ' + datatype if datatype else ''} here"
    raise Invalid(message, [Issue("structure", message, f"{place.type}.{name}")])


def nameless(kind: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """An element without a datatype of its own, such as Patient.contact, from the parts that name its children."""
    made: dict[str, Any] = {}
    holder = Place(made, kind)
    for part in parts:
        given = next(((key.removeprefix("value"), value) for key, value in part.items() if key.startswith("value")), None)
        child = child_of(holder, str(part.get("name")), given[0] if given else "")
        content = given[1] if given else nameless(child.type, part.get("part") or [])
        if child.many:
            made.setdefault(child.name, []).append(content)
        else:
            made[child.name] = content
    return made


def unreadable(path: str, number: int, why: str = "it does not lead to elements of the resource") -> Malformed:
    """A path that cannot be followed."""
    message = f"Operation {number} of the patch: the path cannot be followed: {why}"
    return Malformed(message, [Issue("not-supported", message, path[:LONGEST])])
