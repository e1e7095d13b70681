"""A search as understood: which conditions must all hold, in which order the answer comes, what comes with it.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from osler.platform.fhir import SearchParameter, search_parameters

if TYPE_CHECKING:
    from osler.platform.store.search.scope import Scope
    from osler.platform.store.search.sources import Source

DEFAULT_COUNT = 50
MOST_COUNT = 1000
"""A page holds no more, whatever `_count` asks; the self link tells the count that was used."""

Prefix = Literal["eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap"]
Total = Literal["none", "estimate", "accurate"]


class Ids(msgspec.Struct, frozen=True):
    """`_id`: one of these records."""

    rids: tuple[int, ...]


class Tokens(msgspec.Struct, frozen=True):
    """Has a token, reference or URI among `wanted`: (value or None for any, system or None for any)."""

    parameter: SearchParameter
    wanted: tuple[tuple[int | None, int | None], ...]
    patients: tuple[int, ...] = ()
    """Alternatives that say "this patient's record" instead of naming a row (`SearchParameter.narrows_by_patient`)."""
    negated: bool = False


class Identifiers(msgspec.Struct, frozen=True):
    """Has an identifier among `wanted`: (value or None for any, system or None for any)."""

    parameter: SearchParameter
    wanted: tuple[tuple[str | None, str | None], ...]
    negated: bool = False


class Strings(msgspec.Struct, frozen=True):
    """Has a text that starts with, contains or is one of `wanted`."""

    parameter: SearchParameter
    mode: Literal["start", "contains", "exact"]
    wanted: tuple[str, ...]


class Dates(msgspec.Struct, frozen=True):
    """Has a date in one of these relations to a span of time."""

    parameter: SearchParameter
    wanted: tuple[tuple[Prefix, datetime, datetime], ...]


class Amount(msgspec.Struct, frozen=True):
    """A number or quantity searched for: the value, the range its digits stand for, and the unit."""

    prefix: Prefix
    value: float
    lo: float
    hi: float
    unit: int | None
    canonical: bool = False
    """In the base units of UCUM, which `unit` then names; else as sent."""


class Amounts(msgspec.Struct, frozen=True):
    """Has a number or quantity in one of these relations."""

    parameter: SearchParameter
    wanted: tuple[Amount, ...]


class Missing(msgspec.Struct, frozen=True):
    """Has no value of the parameter, or (`missing` false) has one."""

    parameter: SearchParameter
    missing: bool


class Nothing(msgspec.Struct, frozen=True):
    """Cannot hold: a code of another system than the element's."""


NEVER = 100
"""The rank of a condition that cannot drive a search."""


class Special(msgspec.Struct, frozen=True):
    """A condition that brings its own SQL: each kind in a module of its own, hooked into the tables of `conditions`."""

    def probe(self, scope: Scope) -> str:
        """Whether row `scope.row` meets it."""
        raise AssertionError(f"{type(self).__name__} says no such thing")

    def rank(self, in_record: bool) -> int:
        """How few rows it is likely to leave, as `sources.rank` counts; NEVER: it is a probe only."""
        return NEVER

    def source(self, scope: Scope) -> Source:
        """Its rows as the driver of a search; asked only where `rank` is below NEVER."""
        raise AssertionError(f"{type(self).__name__} says no such thing")

    def beside(self, tokens: Tokens, scope: Scope) -> Source | None:
        """The driver that takes this code in as well; None: it cannot."""
        return None

    def reaches(self) -> frozenset[str]:
        """The types of other records it looks at."""
        return frozenset()

    def breadth(self) -> int:
        """The plain conditions it is made of."""
        return 1


Condition = Ids | Tokens | Identifiers | Strings | Dates | Amounts | Missing | Nothing | Special


class Sort(msgspec.Struct, frozen=True):
    """One key of the order."""

    parameter: SearchParameter
    descending: bool


class Include(msgspec.Struct, frozen=True):
    """`_include` or `_revinclude`: follow this parameter of `source` (None: every reference), to `target` only where one is named."""

    source: str | None
    """None: any type's (`_revinclude=*`)."""
    parameter: SearchParameter | None
    target: str | None
    reverse: bool
    iterate: bool = False
    """From the records included as well."""


class Query(msgspec.Struct, frozen=True):
    """One search: of one type, or of several that are each a part."""

    type: str
    """Empty where there are parts."""
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
    parts: tuple[Query, ...] = ()
    """A search of several types: each type with the conditions as its own parameters have them."""
    compartment: str = ""
    """`Patient/1` where only that compartment's records count. https://hl7.org/fhir/R4/compartmentdefinition.html"""
    notes: tuple[str, ...] = ()
    """What was done otherwise than asked, for the Bundle's OperationOutcome."""
    parameters_of: Any = search_parameters
    """Where each type's parameters are found (`conditions.ParametersOf`)."""
    names: tuple[str, ...] = ()
    """The names of the parameters, for the audit: values can identify a patient and stay out of it."""
