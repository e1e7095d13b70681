"""FHIRPath Patch: a Parameters resource of add, insert, delete, replace and move. https://hl7.org/fhir/R4/fhirpatch.html"""

from __future__ import annotations

from typing import Any

from osler.gateway.fhir.paths import Place, child_of, children, locate, nameless
from osler.platform.errors import Invalid, Issue, Malformed

OPERATIONS = frozenset({"add", "insert", "delete", "replace", "move"})


def apply_fhirpath_patch(resource: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """Do the operations in order on `resource` itself. Raises `Malformed` for what is no patch, `Invalid` for what cannot be done."""
    for number, parameter in enumerate(parameters.get("parameter") or []):
        if parameter.get("name") != "operation":
            raise malformed(number, "every parameter of a FHIRPath Patch is an 'operation'")
        Operation(number, parameter).apply(resource)
    return resource


class Operation:
    """One operation of a patch: its parts by name."""

    def __init__(self, number: int, parameter: dict[str, Any]) -> None:
        self.number = number
        self.parts: dict[str, dict[str, Any]] = {part.get("name", ""): part for part in parameter.get("part") or []}
        self.type = self.plain("type")
        self.path = self.plain("path")
        if self.type not in OPERATIONS:
            raise malformed(number, f"the type is one of {', '.join(sorted(OPERATIONS))}")

    def plain(self, name: str) -> str:
        """A part that is text."""
        for key, value in self.parts.get(name, {}).items():
            if key.startswith("value") and isinstance(value, str):
                return value
        raise malformed(self.number, f"the part '{name}' is missing")

    def whole(self, name: str) -> int:
        """A part that is a whole number, 0 or more."""
        value = self.parts.get(name, {}).get("valueInteger")
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise malformed(self.number, f"the part '{name}' is missing or not a position")
        return value

    def value(self) -> tuple[str, Any]:
        """The content and its datatype's name (empty for a value without one, given by its parts)."""
        part = self.parts.get("value", {})
        for key, value in part.items():
            if key.startswith("value"):
                return key.removeprefix("value"), value
        if not part.get("part"):
            raise malformed(self.number, "the part 'value' is missing")
        return "", part["part"]

    def content(self, kind: str) -> Any:
        """The content as an element of this type writes it."""
        datatype, value = self.value()
        return value if datatype else nameless(kind, value)

    def apply(self, resource: dict[str, Any]) -> None:
        """Do it."""
        getattr(self, f"do_{self.type}")(resource)

    def do_add(self, resource: dict[str, Any]) -> None:
        """Append to a list, or set an element that is not there yet."""
        place = self.single(resource, self.path)
        parent = place.value
        if not isinstance(parent, dict):
            raise self.refused("only an element with children can be added to")
        datatype, _ = self.value()
        child = child_of(place, self.plain("name"), datatype)
        value = self.content(child.type)
        if child.many:
            parent.setdefault(child.name, []).append(value)
        elif children(place, child.choice or child.name):
            raise self.refused(f"{self.plain('name')} is there already")
        else:
            parent[child.name] = value

    def do_insert(self, resource: dict[str, Any]) -> None:
        """Put content at a position of a list."""
        items, kind = self.items(resource)
        index = self.whole("index")
        if index > len(items):
            raise self.refused(f"the list has {len(items)} items")
        items.insert(index, self.content(kind))

    def do_move(self, resource: dict[str, Any]) -> None:
        """Take an item of a list to another position."""
        items, _ = self.items(resource)
        source, destination = self.whole("source"), self.whole("destination")
        if max(source, destination) >= len(items):
            raise self.refused(f"the list has {len(items)} items")
        items.insert(destination, items.pop(source))

    def do_delete(self, resource: dict[str, Any]) -> None:
        """Remove one element; what is not there needs no removing."""
        places = locate(resource, self.path, self.number)
        if len(places) > 1:
            raise self.refused("it names more than one element")
        for place in places:
            if place.parent is None:
                raise self.refused("the resource itself cannot be deleted by a patch")
            place.remove()

    def do_replace(self, resource: dict[str, Any]) -> None:
        """Put new content where one element stands."""
        place = self.single(resource, self.path)
        if place.parent is None:
            raise self.refused("the resource itself cannot be replaced by a patch")
        datatype, _ = self.value()
        place.replace(datatype, self.content(place.type))

    def single(self, resource: dict[str, Any], path: str) -> Place:
        """The one element a path names."""
        places = locate(resource, path, self.number)
        if len(places) != 1:
            raise self.refused("it names no element" if not places else "it names more than one element")
        return places[0]

    def items(self, resource: dict[str, Any]) -> tuple[list[Any], str]:
        """The list a path names, and the type of its items."""
        head, _, last = self.path.rpartition(".")
        if not head or not last.isidentifier():
            raise self.refused("a list is named by its parent and its name")
        place = self.single(resource, head)
        child = child_of(place, last, "")
        items = place.value.get(last, []) if child.many and isinstance(place.value, dict) else None
        if not isinstance(items, list):
            raise self.refused("it is not a list")
        if f"_{last}" in place.value:
            raise self.refused("items of this list have extensions beside them; use JSON Patch")
        if not items and self.type == "insert":
            place.value[last] = items
        return items, child.type

    def refused(self, why: str) -> Invalid:
        """An operation that does not fit the resource."""
        message = f"Operation {self.number} of the patch ({self.type} {self.path}): {why}"
        return Invalid(message, [Issue("processing", message, self.path)])


def malformed(number: int, why: str) -> Malformed:
    """A Parameters resource that is not a patch."""
    message = f"Operation {number} of the patch: {why}"
    return Malformed(message, [Issue("structure", message, f"Parameters.parameter[{number}]")])
