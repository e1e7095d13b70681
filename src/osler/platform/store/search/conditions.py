"""One search parameter as a condition. A kind of condition has its reader in one of three tables: by code, by modifier, by kind.

What no table knows is refused by name: https://hl7.org/fhir/R4/search.html#errors
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, cast

import msgspec

from osler.platform.fhir import SearchParameter, reference_value, rid, search_parameters
from osler.platform.store.search import values
from osler.platform.store.search.chaining import chained, is_chained
from osler.platform.store.search.coded import coded
from osler.platform.store.search.composites import composites
from osler.platform.store.search.fulltext import content, string_text, token_text, uri_below
from osler.platform.store.search.hierarchies import related
from osler.platform.store.search.identified import by_identifier, phonetic, typed_identifier, uri_above
from osler.platform.store.search.near import near
from osler.platform.store.search.query import Amounts, Condition, Dates, Identifiers, Ids, Missing, Nothing, Strings, Tokens
from osler.platform.store.search.values import unknown

ParametersOf = Callable[[str], Mapping[str, SearchParameter]]
"""A type's search parameters by code: R4's, and those a tenant has added."""


class Reading(msgspec.Struct, frozen=True):
    """Which type's parameters are being read, and what their values may refer to."""

    type: str
    base: str
    """Our own FHIR base URL, without a slash at the end."""
    now: datetime
    """For the prefix `ap`."""
    parameters_of: ParametersOf = search_parameters
    depth: int = 0
    """Steps of chaining that have led here."""
    chain: dict[tuple[str, str, int], Any] = msgspec.field(default_factory=dict)
    """What has been understood of the chain that is being read: (type, what is left of its name, depth) -> condition or refusal."""

    def understand(self, name: str, text: str, further: Reading) -> Condition:
        """A parameter at the far end of a chain, or inside another one."""
        return condition(name, text, further)


class Asked(msgspec.Struct, frozen=True):
    """One parameter as sent: `code:modifier=text`; `name` is how refusals call it."""

    parameter: SearchParameter
    modifier: str
    name: str
    text: str
    reading: Reading

    def only(self, *known: str) -> None:
        """Refuse a modifier that is none of these."""
        if self.modifier and self.modifier not in known:
            raise unknown(self.name, self.reading.type, f"has no modifier :{self.modifier}")

    def alternatives(self) -> list[str]:
        """The values of the comma list, still escaped."""
        return values.alternatives(self.name, self.text)


Reader = Callable[[Asked], Condition]


def condition(name: str, text: str, reading: Reading) -> Condition:
    """Understand one parameter of `reading.type`. Raises `Unsupported` or `Malformed`, naming it."""
    if not text:
        raise values.bad(name, "has no value")
    if is_chained(name):
        return chained(name, text, reading)
    code, _, modifier = name.partition(":")
    parameter = reading.parameters_of(reading.type).get(code)
    if parameter is not None and parameter.pending:
        raise unknown(name, reading.type, "cannot be searched yet: the index of the records that were there before is being built")
    if parameter is None or not parameter.searchable:
        raise unknown(name, reading.type, "is not known: this server has no queries by name" if code == "_query" else "is not known")
    reader = CODES.get(code) or MODIFIERS.get((parameter.kind, modifier)) or KINDS[parameter.kind]
    if modifier == "missing":
        reader = missing
    return reader(Asked(parameter, modifier, name, text, reading))


def missing(asked: Asked) -> Condition:
    """`:missing=true`: there is no value."""
    return Missing(asked.parameter, values.boolean(asked.name, asked.text))


def ids(asked: Asked) -> Condition:
    """`_id`: the logical id, or one of several."""
    asked.only()
    texts = [values.unescape(part) for part in asked.alternatives()]
    return Ids(tuple(rid(asked.reading.type, text) if values.LEGAL_ID.fullmatch(text) else 0 for text in texts))


def tokens(asked: Asked) -> Condition:
    """`code`, `system|code`, …; `:not` turns it round."""
    asked.only("not")
    parameter, negated = asked.parameter, asked.modifier == "not"
    parts = asked.alternatives()
    if parameter.identifies:
        return Identifiers(parameter, tuple(values.code_and_system(asked.name, part) for part in parts), negated)
    wanted = [found for part in parts if (found := values.token(parameter, asked.name, part)) is not None]
    if not wanted and not negated:
        return Nothing()
    return Tokens(parameter, tuple(wanted), negated=negated)


def references(asked: Asked) -> Condition:
    """`patient=1`, `patient=Patient/1`, `subject:Patient=1`, a URL."""
    parameter = asked.parameter
    asked.only(*parameter.targets)
    wanted: list[tuple[int | None, int | None]] = []
    patients: list[int] = []
    for part in asked.alternatives():
        for target, number in values.reference(parameter, asked.name, part, asked.modifier or None, asked.reading.base):
            if parameter.narrows_by_patient and target == "Patient":
                patients.append(number)
            else:
                wanted.append((number, None))
    return Tokens(parameter, tuple(wanted), tuple(patients))


def uris(asked: Asked) -> Condition:
    """A whole URI."""
    asked.only()
    found = [reference_value(values.unescape(part)) for part in asked.alternatives()]
    return Tokens(asked.parameter, tuple((number, None) for number in found))


def strings(asked: Asked) -> Condition:
    """The start of a text, a part of it (`:contains`) or all of it (`:exact`)."""
    asked.only("exact", "contains")
    mode = cast("Literal['start', 'contains', 'exact']", asked.modifier or "start")
    return Strings(asked.parameter, mode, tuple(values.string(asked.name, part, mode) for part in asked.alternatives()))


def dates(asked: Asked) -> Condition:
    """A date or partial date with a prefix."""
    asked.only()
    return Dates(asked.parameter, tuple(values.date(asked.name, part, asked.reading.now) for part in asked.alternatives()))


def amounts(asked: Asked) -> Condition:
    """A number or quantity with a prefix."""
    asked.only()
    return Amounts(asked.parameter, tuple(values.amount(asked.parameter, asked.name, part) for part in asked.alternatives()))


CODES: dict[str, Reader] = {"_id": ids, "_text": content, "_content": content, "phonetic": phonetic}
"""Parameters with a reading of their own, by code."""
MODIFIERS: dict[tuple[str, str], Reader] = {
    ("token", "text"): token_text,
    ("token", "of-type"): typed_identifier,
    ("token", "in"): coded,
    ("token", "not-in"): coded,
    ("token", "below"): coded,
    ("token", "above"): coded,
    ("string", "text"): string_text,
    ("reference", "identifier"): by_identifier,
    ("reference", "below"): related,
    ("reference", "above"): related,
    ("uri", "below"): uri_below,
    ("uri", "above"): uri_above,
}
"""Readings by (kind of parameter, modifier)."""
KINDS: dict[str, Reader] = {
    "token": tokens,
    "reference": references,
    "uri": uris,
    "string": strings,
    "date": dates,
    "number": amounts,
    "quantity": amounts,
    "composite": composites,
    "special": near,
}
"""Readings by kind of parameter."""
