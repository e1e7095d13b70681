"""The difference of two JSON trees of one type as operations of a FHIRPath Patch. https://hl7.org/fhir/R4/fhirpatch.html"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from osler.gateway.fhir.tree import Digits
from osler.platform.fhir.elements import Element, elements, is_type, path_of

JSON = dict[str, Any]


def changes(kind: str, before: JSON, after: JSON) -> list[JSON]:
    """The operations that make the second of the first, in an order in which they can be applied: what comes before what goes.

    An element that loses its last child is gone with it, so nothing may be taken away before what takes its place is there.
    """
    return compared(kind, kind, before, after)


def compared(kind: str, path: str, before: JSON, after: JSON) -> list[JSON]:
    """The changes inside one element."""
    found: list[JSON] = []
    gone: list[JSON] = []
    known = elements(kind)
    done: set[str] = set()
    for name in dict.fromkeys(member.removeprefix("_") for member in [*before, *after]):
        element = known.get(name)
        if element is None or (element.choice or name) in done:
            continue
        done.add(element.choice or name)
        if element.many:
            items = whole(after, element, name)
            (found if items else gone).extend(listed(element, path, name, whole(before, element, name), items))
            continue
        old, new = (present(known, holder, element, name) for holder in (before, after))
        (gone if new is None else found).extend(single(path, element.choice or name, old, new))
    return found + gone


Held = tuple[Element, Any]


def present(known: Mapping[str, Element], holder: JSON, element: Element, name: str) -> Held | None:
    """An element's value with what the definitions say of it; of a choice, the type that is there."""
    candidates = [each for each in known.values() if each.choice == element.choice] if element.choice else [element]
    for each in candidates:
        stem = each.name if element.choice else name
        if stem in holder or f"_{stem}" in holder:
            return each, whole(holder, each, stem)
    return None


def whole(holder: JSON, element: Element, name: str) -> Any:
    """An element's value together with its extensions, so that a change of either shows."""
    value, beside = holder.get(name), holder.get(f"_{name}")
    if not element.primitive or beside is None:
        return value
    if not element.many:
        return Extended(value, beside)
    values, others = value or [], beside
    return [
        Extended(values[place] if place < len(values) else None, others[place]) if place < len(others) and others[place] else values[place]
        for place in range(max(len(values), len(others)))
    ]


class Extended:
    """A primitive with an id or extensions."""

    __slots__ = ("beside", "value")

    def __init__(self, value: Any, beside: Any) -> None:
        self.value = value
        self.beside = beside

    def __eq__(self, other: object) -> bool:
        """Equal in value and extensions."""
        return isinstance(other, Extended) and same(self.value, other.value) and same(self.beside, other.beside)

    def __hash__(self) -> int:
        """By value."""
        return hash(str(self.value))


def same(one: Any, other: Any) -> bool:
    """Equal to the digit: 1.0 is not 1.00, and true is not 1."""
    if isinstance(one, Digits) or isinstance(other, Digits):
        return isinstance(one, Digits) and isinstance(other, Digits) and one.text == other.text
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def single(path: str, name: str, before: Held | None, after: Held | None) -> list[JSON]:
    """An element that is there once at most."""
    here = f"{path}.{name}"
    if after is None:
        return [operation("delete", here)] if before is not None else []
    element, new = after
    if before is None:
        return [operation("add", path, name=name, value=content(element, new))]
    was, old = before
    if was.name == element.name and same(old, new):
        return []
    if was.name == element.name and isinstance(old, dict) and isinstance(new, dict) and walkable(element.type):
        return compared(element.type, here, old, new)
    return [operation("replace", here, value=content(element, new))]


def listed(element: Element, path: str, name: str, old: list[Any] | None, new: list[Any] | None) -> list[JSON]:
    """A list: what stays is compared item by item, then what is too much is deleted from behind, then what is missing is added."""
    was, now = old or [], new or []
    here = f"{path}.{name}"
    kept = min(len(was), len(now))
    start = next((place for place in range(kept) if not same(was[place], now[place])), kept)
    end = next((place for place in range(kept - start) if not same(was[-1 - place], now[-1 - place])), kept - start)
    middle_was, middle_now = was[start : len(was) - end], now[start : len(now) - end]
    found: list[JSON] = []
    both = min(len(middle_was), len(middle_now))
    for place in range(both):
        one, other = middle_was[place], middle_now[place]
        if same(one, other):
            continue
        at = f"{here}[{start + place}]"
        if isinstance(one, dict) and isinstance(other, dict) and walkable(element.type):
            found += compared(element.type, at, one, other)
        else:
            found.append(operation("replace", at, value=content(element, other)))
    found += [operation("delete", f"{here}[{start + place}]") for place in reversed(range(both, len(middle_was)))]
    for place in range(both, len(middle_now)):
        value = content(element, middle_now[place])
        found.append(operation("insert", here, value=value, index=start + place) if end else operation("add", path, name=name, value=value))
    return found


def walkable(kind: str) -> bool:
    """Whether the changes inside such an element can be told one by one."""
    return is_type(kind) and kind not in ("Resource", "xhtml", "Extension")


def content(element: Element, value: Any) -> JSON:
    """The value of a patch operation: a datatype by its name, a backbone element by its parts."""
    if element.primitive:
        name = f"value{element.type[0].upper()}{element.type[1:]}" if element.type != "xhtml" else "valueString"
        if isinstance(value, Extended):
            told = {name: value.value} if value.value is not None else {}
            return {"name": "value", **told, f"_{name}": value.beside}
        return {"name": "value", name: value}
    if element.type == "Resource":
        return {"name": "value", "resource": value}
    if "." not in path_of(element.type):
        return {"name": "value", f"value{element.type}": value}
    return {"name": "value", "part": parts(element.type, value)}


def parts(kind: str, value: JSON) -> list[JSON]:
    """The children of a backbone element as parts."""
    known = elements(kind)
    found: list[JSON] = []
    for name in dict.fromkeys(member.removeprefix("_") for member in value):
        element = known.get(name)
        if element is None:
            continue
        held = whole(value, element, name)
        for one in held if isinstance(held, list) else [held]:
            told = content(element, one)
            told["name"] = element.choice or name
            found.append(told)
    return found


def operation(kind: str, path: str, name: str | None = None, value: JSON | None = None, index: int | None = None) -> JSON:
    """One operation of a patch."""
    told: list[JSON] = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    if name is not None:
        told.append({"name": "name", "valueString": name})
    if index is not None:
        told.append({"name": "index", "valueInteger": index})
    if value is not None:
        told.append(value)
    return {"name": "operation", "part": told}
