"""How a service says where a field of the app API comes from: plain data, which the GraphQL face compiles into reads.

A service's `graphql.py` maps `"Type.field"` to one of these. Fields it does not name are the FHIR element of the same name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Rows:
    """Which of a patient's records of one type to fetch, newest first."""

    type: str
    category: str | None = None
    """Only those with this code in `category`."""
    most: int = 1000
    """A patient with more than this gets an `incomplete` error beside the list."""


@dataclass(frozen=True, slots=True)
class Section:
    """A chart section that lists records: all, the `first` so many, or page by page."""

    rows: Rows
    facts: type[msgspec.Struct] | None = None
    """The few elements `arrange` decides on."""
    arrange: Callable[[Sequence[Any]], list[int]] | None = None
    """Facts of the rows, newest first -> the places of those to list, in the order to list them."""
    paged: bool = False
    first_most: int | None = None
    """Greatest `first`; None: the field has no such argument."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A chart field concluded from several records."""

    rows: tuple[Rows, ...]
    facts: type[msgspec.Struct]
    conclude: Callable[..., Any]
    """One list of facts per entry of `rows` -> the value."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A field of one record concluded from several of its elements."""

    facts: type[msgspec.Struct]
    conclude: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Record:
    """A root field that answers one record by the argument `id`."""

    type: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A root field that answers the chart of the patient in the argument `patient`."""


@dataclass(frozen=True, slots=True)
class Call:
    """A root field answered by one workflow; its arguments are the field's."""

    workflow: Callable[..., Awaitable[Any]]
    interaction: str
    type: str
    rows: Callable[[Mapping[str, Any]], int] = field(default=lambda arguments: 1)
    """How many rows the arguments ask for: part of the query's cost."""


FieldPlan = Section | Finding | Derived | Record | Chart | Call
