"""JSON to structs and back: one decoder a type, made when the type is first seen."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec

from osler.platform.fhir.generated import resources
from osler.platform.fhir.generated.datatypes import Resource
from osler.platform.fhir.generated.registry import TYPES

ENCODER = msgspec.json.Encoder(decimal_format="number")

_KNOWN = frozenset(TYPES)


class _Peek(msgspec.Struct):
    resourceType: str | None = None  # noqa: N815


# Most senders put it first; a second one further on is refused by the type's own decoder.
_FIRST = re.compile(rb'\{"resourceType":"([A-Za-z]+)"')

_peek = msgspec.json.Decoder(_Peek)


@cache
def struct_class(name: str) -> type[Resource]:
    """The struct of a resource type."""
    found: type[Resource] = getattr(resources, name)
    return found


@cache
def decoder(name: str) -> msgspec.json.Decoder[Any]:
    """The decoder of a resource type."""
    return msgspec.json.Decoder(struct_class(name))


def type_of(text: bytes | msgspec.Raw) -> str | None:
    """The resourceType this JSON object claims, if it is one we know."""
    found = _FIRST.match(text)
    name = found[1].decode() if found is not None else _peek.decode(text).resourceType
    return name if name in _KNOWN else None
