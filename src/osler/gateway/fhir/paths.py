"""Where a FHIRPath of the patch subset points in a resource's JSON.

The subset: names, `[n]`, `first()`, `last()`, `where(a = 'b' and …)`, `ofType()`, `extension()`. Choice elements are named without
their type (`Observation.value`), as FHIRPath has it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from osler.platform.errors import Invalid, Issue, Malformed
from osler.platform.fhir.elements import PRIMITIVES, Element, elements

LONGEST = 1000
"""Characters of a path; reading a longer one could take for ever."""
STEP = re.compile(
    r"""\.?(?:
      (?P<call>where|extension|ofType|first|last)\((?P<inside>(?:'(?:[^'\\]|\\.)*'|[^()'])*)\)
      |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
      |\[(?P<index>\d{1,6})\]
    )""",
    re.VERBOSE,
)
CONDITION = re.compile(r"\s*(?P<path>[A-Za-z][A-Za-z0-9.]*)\s*=\s*(?:'(?P<text>(?:[^'\\]|\\.)*)'|(?P<bare>true|false|-?\d+))\s*\Z")
QUOTED = re.compile(r"\s*'(?P<text>(?:[^'\\]|\\.)*)'\s*\Z")


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
    """All elements the path names. Raises `Malformed` for a path outside the subset."""
    kind = str(resource.get("resourceType"))
    if len(path) > LONGEST or not re.match(rf"(?:{kind}|Resource|DomainResource)(?=\.|\Z)", path):
        raise unreadable(path, number)
    places = [Place(resource, kind)]
    position = path.find(".")
    while 0 <= position < len(path):
        step = STEP.match(path, position)
        if step is None:
            raise unreadable(path, number)
        places = follow(places, step, path, number)
        position = step.end()
    return places


def follow(places: list[Place], step: re.Match[str], path: str, number: int) -> list[Place]:
    """The elements one step leads to."""
    if step["name"]:
        return [child for place in places for child in children(place, step["name"])]
    if step["index"]:
        return places[int(step["index"]) : int(step["index"]) + 1]
    called, inside = step["call"], step["inside"]
    if called in ("first", "last") and not inside.strip():
        return places[:1] if called == "first" else places[-1:]
    if called == "ofType" and inside.strip().isidentifier():
        return [place for place in places if place.type == inside.strip()]
    if called == "extension" and (url := QUOTED.match(inside)):
        found = [child for place in places for child in children(place, "extension")]
        return [place for place in found if place.value.get("url") == unquoted(url["text"])]
    if called == "where":
        wanted = [CONDITION.match(part) for part in split_conditions(inside)]
        if all(wanted):
            return [place for place in places if all(holds(place, condition) for condition in wanted if condition)]
    raise unreadable(path, number)


def split_conditions(inside: str) -> list[str]:
    """The parts of `a = 'x' and b = 'y'`, quoted text left alone."""
    return re.split(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*\Z)", inside)


def holds(place: Place, condition: re.Match[str]) -> bool:
    """Does any element at the condition's path equal its literal?"""
    places = [place]
    for name in condition["path"].split("."):
        places = [child for one in places for child in children(one, name)]
    if condition["text"] is not None:
        return any(child.value == unquoted(condition["text"]) for child in places)
    bare = condition["bare"]
    literal: bool | int = bare == "true" if bare in ("true", "false") else int(bare)
    return any(child.value == literal and isinstance(child.value, bool) == isinstance(literal, bool) for child in places)


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


def unquoted(text: str) -> str:
    """A FHIRPath string literal's text."""
    return re.sub(r"\\(.)", r"\1", text)


def unreadable(path: str, number: int) -> Malformed:
    """A path this subset cannot follow."""
    message = f"Operation {number} of the patch: the path is not one this server can follow"
    return Malformed(message, [Issue("not-supported", message, path[:LONGEST])])
