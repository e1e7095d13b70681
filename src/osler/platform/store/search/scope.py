"""Where a condition is asked: of which row, in which schema, for whom. Every piece of a search's SQL is written in one of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from osler.platform.fhir import TYPE_CODE
from osler.platform.store.search.arguments import Arguments

if TYPE_CHECKING:
    from osler.platform.fhir.terminologies import Codes
    from osler.platform.store.search.coded import Need


class Unexpanded(Exception):
    """Codes that the statement needs have not been looked up."""

    def __init__(self, need: Need) -> None:
        super().__init__(need.relation)
        self.need = need


class World(msgspec.Struct, frozen=True):
    """What holds for all of a search: where each type's tables are, and what this actor may know of."""

    schema_of: Callable[[str], str]
    seen: frozenset[str]
    """Types whose records the actor may read; a record of another type influences nothing."""
    hidden: int = 0
    """Sensitivity labels (a bit each) whose records the actor may not know of."""
    known: Mapping[Need, Codes] = msgspec.field(default_factory=dict)
    """Codes that have been looked up for this search."""

    def coded(self, need: Need) -> Codes:
        """The codes of a value set or below a code. Raises `Unexpanded` where nobody has looked them up."""
        found = self.known.get(need)
        if found is None:
            raise Unexpanded(need)
        return found


class Scope(msgspec.Struct, frozen=True):
    """One type's tables and the alias of the row in question, which carries (prid, d, rid). `$1` is the tenant."""

    type: str
    world: World
    arguments: Arguments
    row: str = "x"

    def table(self, name: str) -> str:
        """A table of the type's schema: `resource`, `idx_token`, …"""
        return f"{self.world.schema_of(self.type)}.{name}"

    def add(self, value: Any, kind: str = "") -> str:
        """The placeholder of a value."""
        return self.arguments.add(value, kind)

    def rtype(self) -> str:
        """The placeholder of the type's code."""
        return self.arguments.add(TYPE_CODE[self.type])

    def of(self, type: str, row: str = "x") -> Scope:  # noqa: A002 - FHIR's word
        """The same search at rows of another type: inside a chain."""
        return Scope(type, self.world, self.arguments, row)

    def same_row(self, other: str = "p") -> str:
        """Index row `other` is of this record, by the full key of the token and quantity indexes."""
        row = self.row
        return f"{other}.prid = {row}.prid and {other}.d = {row}.d and {other}.rid = {row}.rid"

    def same_rid(self, other: str = "p") -> str:
        """Index row `other` is of this record, by its number."""
        return f"{other}.rid = {self.row}.rid"
