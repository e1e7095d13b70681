"""From the URL's parameters to a `Query`. What this server does not know is refused by name, unless the client asked for leniency."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from osler.platform.clock import SystemClock
from osler.platform.errors import Issue, Unsupported
from osler.platform.fhir import TYPE_CODE, SearchParameter, reference_value, rid, search_parameters
from osler.platform.store.search import values
from osler.platform.store.search.query import (
    MOST_COUNT,
    Amounts,
    Condition,
    Dates,
    Identifiers,
    Ids,
    Include,
    Missing,
    Nothing,
    Query,
    Sort,
    Strings,
    Tokens,
)

ANSWER = frozenset({"_count", "_sort", "_total", "_include", "_revinclude", "_summary", "_elements", "_cursor"})
OTHERS = frozenset({"_format", "_pretty"})
"""Parameters that are the caller's business."""
SUMMARIES = ("true", "text", "data", "count", "false")


def parse_query(
    type: str,  # noqa: A002 - FHIR's word
    params: list[tuple[str, str]],
    lenient: bool = False,
    base: str = "",
    now: datetime | None = None,
) -> Query:
    """Understand a search of one type. Raises `Unsupported` or `Malformed`, naming the parameter.

    `base`: our own FHIR base URL, so that absolute references to us are understood. `now`: for the prefix `ap`.
    """
    reading = _Reading(type, base, now or SystemClock().now())
    used: list[tuple[str, str]] = []
    ignored: list[str] = []
    for name, text in params:
        if name in OTHERS:
            continue
        try:
            reading.take(name, text)
        except Unsupported:
            if not lenient:
                raise
            ignored.append(name)
        else:
            used.append((name, text))
    answer = reading.answer
    if answer.get("count") == 0 or answer.get("summary") == "count":
        answer |= {"count": 0, "total": "accurate"}
    return Query(
        type,
        conditions=tuple(reading.conditions),
        used=tuple(used),
        ignored=tuple(ignored),
        names=tuple(dict.fromkeys(name for name, _ in used if name != "_cursor")),
        includes=tuple(reading.includes),
        base=base,
        **answer,
    )


def unknown(name: str, type_name: str, why: str = "is not known") -> Unsupported:
    """A parameter or modifier that this server does not know."""
    message = f"The search parameter {name} of {type_name} {why}"
    return Unsupported(message, [Issue("not-supported", message, f"http.{name}")])


class _Reading:
    """What has been understood so far."""

    def __init__(self, type_name: str, base: str, now: datetime) -> None:
        self.type = type_name
        self.base = base.rstrip("/")
        self.now = now
        self.parameters = search_parameters(type_name)
        self.conditions: list[Condition] = []
        self.includes: list[Include] = []
        self.answer: dict[str, Any] = {}

    def take(self, name: str, text: str) -> None:
        """Understand one parameter."""
        code, _, modifier = name.partition(":")
        if code in ANSWER:
            self._about_answer(code, modifier, name, text)
            return
        if not text:
            raise values.bad(name, "has no value")
        parameter = self.parameters.get(code)
        if parameter is None or not parameter.searchable:
            raise unknown(name, self.type)
        if modifier == "missing":
            self.conditions.append(Missing(parameter, values.boolean(name, text)))
        elif code == "_id":
            self._no(modifier, name)
            self.conditions.append(Ids(tuple(self._rid(name, part) for part in values.alternatives(name, text))))
        else:
            self.conditions.append(_CONDITIONS[parameter.kind](self, parameter, modifier, name, text))

    def _rid(self, name: str, text: str) -> int:
        text = values.unescape(text)
        return rid(self.type, text) if values.LEGAL_ID.fullmatch(text) else 0

    def _no(self, modifier: str, name: str, *known: str) -> None:
        if modifier and modifier not in known:
            raise unknown(name, self.type, f"has no modifier :{modifier}")

    def _about_answer(self, code: str, modifier: str, name: str, text: str) -> None:
        if code in ("_include", "_revinclude"):
            if modifier:
                raise unknown(name, self.type, f"has no modifier :{modifier}")
            self.includes.append(self._include(name, text, reverse=code == "_revinclude"))
            return
        if modifier:
            raise unknown(name, self.type)
        if code == "_count":
            if not text.isdecimal() or len(text) > 9:
                raise values.bad(name, "must be a whole number, 0 or more")
            self.answer["count"] = min(int(text), MOST_COUNT)
        elif code == "_sort":
            self.answer["sort"] = tuple(self._sort(name, part) for part in text.split(","))
        elif code == "_total":
            if text not in ("none", "estimate", "accurate"):
                raise values.bad(name, "must be none, estimate or accurate")
            self.answer["total"] = "none" if text == "none" else "accurate"
        elif code == "_summary":
            if text not in SUMMARIES:
                raise values.bad(name, f"must be one of {', '.join(SUMMARIES)}")
            self.answer["summary"] = text
        elif code == "_elements":
            self.answer["elements"] = self.answer.get("elements", ()) + tuple(part for part in text.split(",") if part)
        else:
            self.answer["cursor"] = text

    def _sort(self, name: str, text: str) -> Sort:
        code = text.removeprefix("-")
        parameter = self.parameters.get(code)
        if parameter is None or not parameter.searchable:
            raise unknown(name, self.type, f"names {code if code.isprintable() else 'a parameter'}, which is not known")
        if parameter.kind not in ("date", "string") and code != "_id":
            raise unknown(name, self.type, f"names {code}: sorting goes by dates, strings, _id and _lastUpdated")
        return Sort(parameter, text.startswith("-"))

    def _include(self, name: str, text: str, *, reverse: bool) -> Include:
        parts = text.split(":")
        source = parts[0]
        if text == "*":
            return Include(self.type, None, None, reverse)
        if source not in TYPE_CODE or len(parts) not in (2, 3):
            raise values.bad(name, "must be Type:parameter or Type:parameter:Target")
        target = parts[2] if len(parts) == 3 else None
        if target is not None and target not in TYPE_CODE:
            raise values.bad(name, f"names {target}, which is not a type of resource")
        if not reverse and source != self.type:
            raise values.bad(name, f"must start with {self.type}:")
        if parts[1] == "*":
            return Include(source, None, target, reverse)
        parameter = search_parameters(source).get(parts[1])
        if parameter is None or parameter.kind != "reference" or not parameter.searchable:
            raise unknown(name, self.type, f"names {source}:{parts[1]}, which is not a reference")
        return Include(source, parameter, target, reverse)

    def tokens(self, parameter: SearchParameter, modifier: str, name: str, text: str) -> Condition:
        """`code`, `system|code`, …; `:not` turns it round."""
        self._no(modifier, name, "not")
        negated = modifier == "not"
        parts = values.alternatives(name, text)
        if parameter.identifies:
            return Identifiers(parameter, tuple(values.code_and_system(name, part) for part in parts), negated)
        wanted = [found for part in parts if (found := values.token(parameter, name, part)) is not None]
        if not wanted and not negated:
            return Nothing()
        return Tokens(parameter, tuple(wanted), negated=negated)

    def references(self, parameter: SearchParameter, modifier: str, name: str, text: str) -> Condition:
        """`patient=1`, `patient=Patient/1`, `subject:Patient=1`, a URL."""
        if modifier and modifier not in parameter.targets:
            raise unknown(name, self.type, f"has no modifier :{modifier}")
        wanted: list[tuple[int | None, int | None]] = []
        patients: list[int] = []
        for part in values.alternatives(name, text):
            for target, number in values.reference(parameter, name, part, modifier or None, self.base):
                if parameter.narrows_by_patient and target == "Patient":
                    patients.append(number)
                else:
                    wanted.append((number, None))
        return Tokens(parameter, tuple(wanted), tuple(patients))

    def uris(self, parameter: SearchParameter, modifier: str, name: str, text: str) -> Condition:
        """A whole URI."""
        self._no(modifier, name)
        found = [reference_value(values.unescape(part)) for part in values.alternatives(name, text)]
        return Tokens(parameter, tuple((number, None) for number in found))

    def strings(self, parameter: SearchParameter, modifier: str, name: str, text: str) -> Condition:
        """The start of a text, a part of it (`:contains`) or all of it (`:exact`)."""
        self._no(modifier, name, "exact", "contains")
        mode = "contains" if modifier == "contains" else "exact" if modifier == "exact" else "start"
        return Strings(parameter, mode, tuple(values.string(name, part, mode) for part in values.alternatives(name, text)))  # type: ignore[arg-type]  # one of the three

    def dates(self, parameter: SearchParameter, modifier: str, name: str, text: str) -> Condition:
        """A date or partial date with a prefix."""
        self._no(modifier, name)
        return Dates(parameter, tuple(values.date(name, part, self.now) for part in values.alternatives(name, text)))

    def amounts(self, parameter: SearchParameter, modifier: str, name: str, text: str) -> Condition:
        """A number or quantity with a prefix."""
        self._no(modifier, name)
        return Amounts(parameter, tuple(values.amount(parameter, name, part) for part in values.alternatives(name, text)))


_CONDITIONS: dict[str, Callable[[_Reading, SearchParameter, str, str, str], Condition]] = {
    "token": _Reading.tokens,
    "reference": _Reading.references,
    "uri": _Reading.uris,
    "string": _Reading.strings,
    "date": _Reading.dates,
    "number": _Reading.amounts,
    "quantity": _Reading.amounts,
}
