"""Selections as code: a struct type with exactly the elements asked for, so that JSON is read and written in C.

A selection without aliases and concluded fields is answered by the decoded struct itself; others are picked from it.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from osler.gateway.graphql.selection import TYPENAME, Field, Selection
from osler.platform.readplan import Derived, FieldPlan

LEAVES: Mapping[str, Any] = {"Boolean": bool, "Int": int, "Float": float, "Decimal": Decimal}
Pick = Callable[[Any], Any]
Pick_or_whole = Pick | None


def attribute(name: str) -> str:
    """The struct attribute of an element: `class` cannot be one."""
    return f"{name}_" if keyword.iskeyword(name) else name


class Projection:
    """What a query asks of one record, from its stored JSON."""

    def __init__(self, selection: Selection, plans: Mapping[str, FieldPlan]) -> None:
        self.derived = {
            each.key: plan for each in selection.fields if isinstance(plan := plans.get(f"{selection.type}.{each.name}"), Derived)
        }
        elements = Selection(selection.type, [each for each in selection.fields if each.key not in self.derived])
        self.strict = msgspec.json.Decoder(struct_of([elements], lenient=False))
        self.lenient = msgspec.json.Decoder(struct_of([elements], lenient=True))
        self.pick = picker(elements, whole=True)
        self.keys = [each.key for each in selection.fields]
        self.facts = {plan.facts: msgspec.json.Decoder(plan.facts) for plan in self.derived.values()}

    def __call__(self, body: bytes) -> Any:
        """The record's answer: something `msgspec.json.encode` writes as the selection asks."""
        try:
            record = self.strict.decode(body)
        except msgspec.ValidationError:
            record = without_nulls(self.lenient.decode(body))
        if self.derived:
            return self.conclude(record, body)
        return record if self.pick is None else self.pick(record)

    def conclude(self, record: Any, body: bytes) -> dict[str, Any]:
        """The answer with its concluded fields, in the order asked."""
        picked = msgspec.structs.asdict(record) if self.pick is None else self.pick(record)
        facts = {kind: decoder.decode(body) for kind, decoder in self.facts.items()}
        answer = {key: self.derived[key].conclude(facts[self.derived[key].facts]) if key in self.derived else None for key in self.keys}
        for key in self.keys:
            if key not in self.derived:
                answer[key] = picked[attribute(key) if self.pick is None else key]
        return answer


def struct_of(selections: Sequence[Selection], *, lenient: bool) -> type[msgspec.Struct]:
    """A struct type of all elements that the selections of one object ask for; everything else in the JSON is passed over.

    `lenient`: lists of primitives may hold nulls, where FHIR has only an extension (https://hl7.org/fhir/R4/json.html#primitive).
    """
    asked: dict[str, list[Field]] = {}
    for selection in selections:
        for each in selection.fields:
            if each.name != TYPENAME:
                asked.setdefault(each.name, []).append(each)
    fields: list[tuple[str, Any, Any]] = []
    for name, same in asked.items():
        below = [each.below for each in same if each.below is not None]
        kind = struct_of(below, lenient=lenient) if below else LEAVES.get(same[0].leaf, str)
        if same[0].many:
            listed = list[kind | None] if lenient else list[kind]  # type: ignore[valid-type]  # made at run time
            fields.append((attribute(name), listed, msgspec.field(default_factory=list, name=name)))
        else:
            fields.append((attribute(name), kind | None, msgspec.field(default=None, name=name)))
    return msgspec.defstruct(selections[0].type, fields, gc=False)


def picker(selection: Selection, *, whole: bool) -> Pick_or_whole:
    """How to answer a selection from an object with the elements as attributes. None: the object is the answer.

    `whole`: the object was made for this selection alone, so nothing else is in it.
    """
    names = [each.name for each in selection.fields]
    parts = []
    for each in selection.fields:
        below = None
        if each.below is not None:
            below = picker(each.below, whole=whole and names.count(each.name) == 1)
        parts.append((each.key, attribute(each.name), each.many, below))
    if (
        whole
        and all(each.key == each.name and each.name != TYPENAME for each in selection.fields)
        and not any(below for *_, below in parts)
    ):
        return None
    kind = selection.type

    def pick(found: Any) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        for key, name, many, below in parts:
            if name == TYPENAME:
                answer[key] = kind
                continue
            value = getattr(found, name)
            if below is not None and value is not None:
                value = [below(one) for one in value] if many else below(value)
            answer[key] = value
        return answer

    return pick


def without_nulls(record: Any) -> Any:
    """A lenient struct with the nulls taken out of its lists."""
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if isinstance(value, list):
            setattr(record, name, [without_nulls(one) if isinstance(one, msgspec.Struct) else one for one in value if one is not None])
        elif isinstance(value, msgspec.Struct):
            without_nulls(value)
    return record
