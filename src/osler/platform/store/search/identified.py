"""Readings that end in the plain indexes: `:of-type`, `:identifier`, `phonetic`, `:above` of URIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osler.platform.fhir import reference_value
from osler.platform.fhir.index_values import OF_TYPE, of_type, sounds
from osler.platform.store.search import values
from osler.platform.store.search.query import Condition, Identifiers, Tokens
from osler.platform.store.search.values import unknown

if TYPE_CHECKING:
    from osler.platform.store.search.conditions import Asked


def typed_identifier(asked: Asked) -> Condition:
    """`identifier:of-type=system|code|value`: the type's coding and the identifier's value."""
    if not asked.parameter.identifies:
        raise unknown(asked.name, asked.reading.type, "has no modifier :of-type: its values are no identifiers")
    wanted: list[tuple[str | None, str | None]] = []
    for part in asked.alternatives():
        parts = [values.unescape(one) for one in values.split(part, "|")]
        if len(parts) != 3 or not parts[1] or not parts[2]:
            raise values.bad(asked.name, "is not system|code|value")
        system, code, value = parts
        wanted.append((OF_TYPE + value, of_type(system, code)))
    return Identifiers(asked.parameter, tuple(wanted))


def by_identifier(asked: Asked) -> Condition:
    """`subject:identifier=system|value`: the reference names its target by an identifier."""
    parts = [values.code_and_system(asked.name, part) for part in asked.alternatives()]
    return Identifiers(asked.parameter, tuple(parts))


def phonetic(asked: Asked) -> Condition:
    """A name that sounds like one of these words."""
    asked.only()
    numbers = [number for part in asked.alternatives() for number in sounds(values.unescape(part))]
    if not numbers:
        raise values.bad(asked.name, "has no word")
    return Tokens(asked.parameter, tuple((number, None) for number in numbers))


def uri_above(asked: Asked) -> Condition:
    """`url:above=http://acme.org/fhir/ValueSet/1`: this URI, or one that it begins with."""
    if asked.parameter.code in ("_profile", "_source"):
        raise unknown(asked.name, asked.reading.type, "has no modifier :above")
    found: list[str] = []
    for part in asked.alternatives():
        text = values.unescape(part)
        found.append(text)
        scheme = text.find("://") + 3 if "://" in text else 0
        for place in range(len(text) - 1, scheme, -1):
            if text[place] == "/":
                found += [text[: place + 1], text[:place]]
    return Tokens(asked.parameter, tuple((reference_value(one), None) for one in dict.fromkeys(found)))
