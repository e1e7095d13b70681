"""What search knows of a resource: its index rows, made by one function per type that is written and compiled on first use.

Walking the structs with generated code instead of interpreting FHIRPath is some 500 times faster (design/store.md §7).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from osler.platform.fhir.index_composites import NAMES as COMPOSITES
from osler.platform.fhir.index_source import extractor_source, value_source
from osler.platform.fhir.index_values import NAMES
from osler.platform.fhir.keys import rid


class IndexRows(msgspec.Struct, frozen=True, gc=False):
    """One resource's rows, all different. Every one of them is stored with the same patient, date and resource number."""

    prid: int
    """The number of the patient whose record it is; 0: nobody's."""
    d: datetime
    """When it happened, by its type's own date; EARLIEST: unknown."""
    tokens: list[tuple[int, int, int]]
    """Tokens, references and URIs: (parameter key, value, system)."""
    strings: list[tuple[int, str]]
    """(parameter key, `keys.string_value`)."""
    idents: list[tuple[int, str, str]]
    """Identifiers as text: (parameter key, value, system)."""
    dates: list[tuple[int, datetime, datetime]]
    """(parameter key, first moment, end)."""
    quantities: list[tuple[int, int, float, float, int | None, float | None, float | None]]
    """(parameter key, unit, least, greatest), and the same in canonical units where UCUM knows the unit: (base, least, greatest)."""
    composites: list[tuple[Any, ...]]
    """Values that met in one element, as `index_composites` makes them."""
    texts: list[tuple[int, str]]
    """(parameter key, folded text) for `:text` and for `:below` of URIs."""


Extract = Callable[[Any, int, Any], IndexRows]


def index(resource: Any, type: str, id: str) -> IndexRows:  # noqa: A002 - FHIR's words
    """The index rows of a resource (a struct, or what `parse` returned) that is or will be stored as `type/id`."""
    return extractor(type)(getattr(resource, "resource", resource) if hasattr(resource, "body") else resource, rid(type, id), IndexRows)


@cache
def extractor(type: str) -> Extract:  # noqa: A002 - FHIR's word
    """The compiled function for one type."""
    space: dict[str, Any] = NAMES | COMPOSITES
    exec(compile(extractor_source(type), f"<index rows of {type}>", "exec"), space)  # noqa: S102 - our own text, made from our own tables
    made: Extract = space["extract"]
    return made


@cache
def value_extractor(kind: str, datatype: str, key: int) -> Callable[..., None] | None:
    """The compiled function for one value of a parameter that a tenant has added; None where it takes no such value."""
    source = value_source(kind, datatype, key)
    if source is None:
        return None
    space: dict[str, Any] = NAMES | COMPOSITES
    exec(compile(source, f"<index rows of a {datatype}>", "exec"), space)  # noqa: S102 - our own text, made from our own tables
    made: Callable[..., None] = space["extract"]
    return made
