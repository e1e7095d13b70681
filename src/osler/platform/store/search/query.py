"""A search as understood: which conditions must all hold, in which order the answer comes, what comes with it.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from osler.platform.fhir import SearchParameter

DEFAULT_COUNT = 50
MOST_COUNT = 1000
"""A page holds no more, whatever `_count` asks; the self link tells the count that was used."""

Prefix = Literal["eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap"]
Total = Literal["none", "accurate"]


@dataclass(frozen=True, slots=True)
class Ids:
    """`_id`: one of these records."""

    rids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Has a token, reference or URI among `wanted`: (value or None for any, system or None for any)."""

    parameter: SearchParameter
    wanted: tuple[tuple[int | None, int | None], ...]
    patients: tuple[int, ...] = ()
    """Alternatives that say "this patient's record" instead of naming a row (`SearchParameter.narrows_by_patient`)."""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Has an identifier among `wanted`: (value or None for any, system or None for any)."""

    parameter: SearchParameter
    wanted: tuple[tuple[str | None, str | None], ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Strings:
    """Has a text that starts with, contains or is one of `wanted`."""

    parameter: SearchParameter
    mode: Literal["start", "contains", "exact"]
    wanted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dates:
    """Has a date in one of these relations to a span of time."""

    parameter: SearchParameter
    wanted: tuple[tuple[Prefix, datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class Amount:
    """A number or quantity searched for: the value, the range its digits stand for, and the unit."""

    prefix: Prefix
    value: float
    lo: float
    hi: float
    unit: int | None


@dataclass(frozen=True, slots=True)
class Amounts:
    """Has a number or quantity in one of these relations."""

    parameter: SearchParameter
    wanted: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """Has no value of the parameter, or (`missing` false) has one."""

    parameter: SearchParameter
    missing: bool


@dataclass(frozen=True, slots=True)
class Nothing:
    """Cannot hold: a code of another system than the element's."""


Condition = Ids | Tokens | Identifiers | Strings | Dates | Amounts | Missing | Nothing


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of the order."""

    parameter: SearchParameter
    descending: bool


@dataclass(frozen=True, slots=True)
class Include:
    """`_include` or `_revinclude`: follow this parameter of `source` (None: every reference), to `target` only where one is named."""

    source: str
    parameter: SearchParameter | None
    target: str | None
    reverse: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One search of one type."""

    type: str
    conditions: tuple[Condition, ...] = ()
    sort: tuple[Sort, ...] = ()
    count: int = DEFAULT_COUNT
    total: Total = "none"
    includes: tuple[Include, ...] = ()
    cursor: str | None = None
    base: str = ""
    """Our own FHIR base URL."""
    summary: str | None = None
    elements: tuple[str, ...] = ()
    used: tuple[tuple[str, str], ...] = ()
    """The parameters that were used, for the self link; `_format` and `_pretty` are the caller's."""
    ignored: tuple[str, ...] = ()
    """Unknown parameters left out because the client asked for leniency."""
    hidden: int = 0
    """Sensitivity labels (a bit each) whose records this actor may not know of."""
    names: tuple[str, ...] = ()
    """The names of the parameters, for the audit: values can identify a patient and stay out of it."""
