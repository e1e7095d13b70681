"""From the URL's parameters to a `Query`. What this server does not know is refused by name, unless the client asked for leniency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from osler.platform.clock import SystemClock
from osler.platform.errors import Issue, Unsupported
from osler.platform.fhir import TYPE_CODE, search_parameters
from osler.platform.store.search import values
from osler.platform.store.search.chains import breadth
from osler.platform.store.search.compartments import inside
from osler.platform.store.search.conditions import ParametersOf, Reading, condition
from osler.platform.store.search.filters import filtered
from osler.platform.store.search.lists import listed
from osler.platform.store.search.query import MOST_COUNT, Condition, Include, Query, Sort
from osler.platform.store.search.values import unknown

ANSWER = frozenset({"_count", "_sort", "_total", "_include", "_revinclude", "_summary", "_elements", "_cursor"})
OTHERS = frozenset({"_format", "_pretty"})
"""Parameters that are the caller's business."""
ONCE = frozenset({"_count", "_sort", "_total", "_summary", "_cursor"})
"""Of these a search has one."""
MOST_CONDITIONS = 200
TOTALS = ("none", "estimate", "accurate")
SUMMARIES = ("true", "text", "data", "count", "false")


WHOLE: dict[str, Callable[[str, Reading], Condition]] = {"_filter": filtered, "_list": listed}
"""Parameters of every type that are no element's: they stand at the top only, never in a chain."""


def parse_query(
    type: str,  # noqa: A002 - FHIR's word
    params: list[tuple[str, str]],
    lenient: bool = False,
    base: str = "",
    now: datetime | None = None,
    parameters_of: ParametersOf = search_parameters,
    compartment: str = "",
) -> Query:
    """Understand a search of one type. Raises `Unsupported` or `Malformed`, naming the parameter.

    `base`: our own FHIR base URL, so that absolute references to us are understood. `now`: for the prefix `ap`.
    `compartment`: `Patient/1` where only that compartment's records count.
    """
    asked = _Asked(Reading(type, base.rstrip("/"), now or SystemClock().now(), parameters_of))
    used: list[tuple[str, str]] = []
    ignored: list[str] = []
    for name, text in params:
        if name in OTHERS:
            continue
        try:
            asked.take(name, text)
        except Unsupported:
            if not lenient:
                raise
            ignored.append(name)
        else:
            used.append((name, text))
    if compartment:
        asked.conditions.append(inside(compartment, asked.reading))
    if sum(breadth(one) for one in asked.conditions) > MOST_CONDITIONS:
        message = f"The search is made of more than {MOST_CONDITIONS} conditions, counting the types that its chains lead to"
        raise Unsupported(message, [Issue("too-costly", message)])
    answer = asked.answer
    if answer.get("count") == 0 or answer.get("summary") == "count":
        answer |= {"count": 0, "sort": ()}
        if answer.get("total", "none") == "none":
            answer["total"] = "accurate"
    return Query(
        type,
        conditions=tuple(asked.conditions),
        used=tuple(used),
        ignored=tuple(ignored),
        names=tuple(dict.fromkeys(name for name, _ in used if name != "_cursor")),
        includes=tuple(asked.includes),
        base=base,
        compartment=compartment,
        parameters_of=parameters_of,
        notes=tuple(asked.notes),
        **answer,
    )


def parse_types(
    types: Sequence[str],
    params: list[tuple[str, str]],
    lenient: bool = False,
    base: str = "",
    now: datetime | None = None,
    parameters_of: ParametersOf = search_parameters,
    compartment: str = "",
) -> Query:
    """Understand a search of several types: its parameters must be known to each of them."""
    moment = now or SystemClock().now()
    given = [pair for pair in params if pair[0] != "_type"]
    for name, text in given:
        if name == "_include" and text != "*" and text.partition(":")[0] not in types:
            raise values.bad(name, "must start with one of the types searched")
    parts = []
    for kind in types:
        own = [(name, text) for name, text in given if name != "_include" or text == "*" or text.startswith(f"{kind}:")]
        part = parse_query(kind, own, lenient, base, moment, parameters_of, compartment)
        if any(sort.parameter.code not in ("_id", "_lastUpdated") for sort in part.sort):
            raise values.bad("_sort", "goes by _id and _lastUpdated where several types are searched")
        parts.append(part)
    first = parts[0]
    ignored = {name for part in parts for name in part.ignored}
    if ignored and lenient:
        # What one of the types does not know is left out for all, or the same words would ask each type something else.
        kept = [pair for pair in params if pair[0] not in ignored]
        found = parse_types(types, kept, False, base, moment, parameters_of, compartment)
        return msgspec.structs.replace(found, ignored=tuple(dict.fromkeys(name for name, _ in params if name in ignored)))
    return msgspec.structs.replace(
        first,
        type="",
        parts=tuple(parts),
        conditions=(),
        includes=tuple(dict.fromkeys(include for part in parts for include in part.includes)),
        used=tuple(pair for pair in params if pair[0] not in OTHERS),
        names=tuple(dict.fromkeys(name for name, _ in params if name not in OTHERS and name != "_cursor")),
    )


class _Asked:
    """What has been understood so far."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.type = reading.type
        self.parameters = reading.parameters_of(reading.type)
        self.conditions: list[Condition] = []
        self.includes: list[Include] = []
        self.answer: dict[str, Any] = {}
        self.notes: list[str] = []

    def take(self, name: str, text: str) -> None:
        """Understand one parameter."""
        code, _, modifier = name.partition(":")
        if code in ANSWER:
            self._about_answer(code, modifier, name, text)
        elif name in WHOLE and text:
            self.conditions.append(WHOLE[name](text, self.reading))
        else:
            self.conditions.append(condition(name, text, self.reading))

    def _about_answer(self, code: str, modifier: str, name: str, text: str) -> None:
        if code in ("_include", "_revinclude"):
            if modifier not in ("", "iterate", "recurse"):
                raise unknown(name, self.type, f"has no modifier :{modifier}")
            self.includes.append(self._include(name, text, reverse=code == "_revinclude", iterate=bool(modifier)))
            return
        if modifier:
            raise unknown(name, self.type)
        if code in ONCE and code.removeprefix("_") in self.answer:
            raise values.bad(name, "is given more than once")
        if code == "_count":
            self.answer["count"] = self._count(name, text)
        elif code == "_sort":
            self.answer["sort"] = tuple(self._sort(name, part) for part in text.split(","))
        elif code == "_total":
            if text not in TOTALS:
                raise values.bad(name, "must be none, estimate or accurate")
            self.answer["total"] = text
        elif code == "_summary":
            if text not in SUMMARIES:
                raise values.bad(name, f"must be one of {', '.join(SUMMARIES)}")
            self.answer["summary"] = text
        elif code == "_elements":
            self.answer["elements"] = self.answer.get("elements", ()) + tuple(part for part in text.split(",") if part)
        else:
            self.answer["cursor"] = text

    def _count(self, name: str, text: str) -> int:
        if not text.isascii() or not text.isdecimal() or len(text) > 9:
            raise values.bad(name, "must be a whole number, 0 or more")
        if int(text) > MOST_COUNT:
            self.notes.append(f"A page holds at most {MOST_COUNT} records, so _count was taken as {MOST_COUNT}")
        return min(int(text), MOST_COUNT)

    def _sort(self, name: str, text: str) -> Sort:
        code = text.removeprefix("-")
        parameter = self.parameters.get(code)
        if parameter is None or not parameter.searchable:
            raise unknown(name, self.type, f"names {code if code.isprintable() else 'a parameter'}, which is not known")
        if parameter.kind in ("composite", "special") or code in ("_text", "_content"):
            raise unknown(name, self.type, f"names {code}, which has no order")
        return Sort(parameter, text.startswith("-"))

    def _include(self, name: str, text: str, *, reverse: bool, iterate: bool) -> Include:
        parts = text.split(":")
        source = parts[0]
        if text == "*":
            return Include(None if reverse or iterate else self.type, None, None, reverse, iterate)
        if source not in TYPE_CODE or len(parts) not in (2, 3):
            raise values.bad(name, "must be Type:parameter or Type:parameter:Target")
        target = parts[2] if len(parts) == 3 else None
        if target is not None and target not in TYPE_CODE:
            raise values.bad(name, f"names {target}, which is not a type of resource")
        if not reverse and not iterate and source != self.type:
            raise values.bad(name, f"must start with {self.type}:")
        if parts[1] == "*":
            return Include(source, None, target, reverse, iterate)
        parameter = self.reading.parameters_of(source).get(parts[1])
        if parameter is None or parameter.kind != "reference" or not parameter.searchable:
            raise unknown(name, self.type, f"names {source}:{parts[1]}, which is not a reference")
        return Include(source, parameter, target, reverse, iterate)
