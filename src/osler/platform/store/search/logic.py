"""Conditions made of conditions, and the comparisons that only `_filter` has."""

from __future__ import annotations

from typing import Literal

from osler.platform.fhir import SearchParameter
from osler.platform.store.search.chains import SELECTIVE, beyond, breadth
from osler.platform.store.search.hits import found, hits
from osler.platform.store.search.predicates import FOLDED, keyed, predicate
from osler.platform.store.search.query import NEVER, Condition, Identifiers, Special, Tokens
from osler.platform.store.search.scope import Scope
from osler.platform.store.search.sources import Source, rank


class All(Special, frozen=True):
    """Every one of them holds."""

    parts: tuple[Condition, ...]

    def probe(self, scope: Scope) -> str:
        """All at once."""
        return "(" + " and ".join(predicate(part, scope) for part in self.parts) + ")"

    def rank(self, in_record: bool) -> int:
        """As selective as the most selective of them."""
        return min(rank(part, in_record) for part in self.parts)

    def source(self, scope: Scope) -> Source:
        """Driven by one of them, the others probed."""
        chosen, where = found(self.parts, scope)
        return Source(chosen.table, (where,), chosen.order, self, chosen.each)

    def reaches(self) -> frozenset[str]:
        """Theirs."""
        return frozenset[str]().union(*(beyond(part) for part in self.parts))

    def breadth(self) -> int:
        """Theirs together."""
        return sum(breadth(part) for part in self.parts)


class Any(Special, frozen=True):
    """One of them holds."""

    parts: tuple[Condition, ...]

    def probe(self, scope: Scope) -> str:
        """One after the other."""
        return "(" + " or ".join(predicate(part, scope) for part in self.parts) + ")"

    def rank(self, in_record: bool) -> int:
        """Drives only when each of them could."""
        least = max(rank(part, False) for part in self.parts)
        return NEVER if in_record or least >= SELECTIVE else least + 1

    def source(self, scope: Scope) -> Source:
        """The rows of each, put together."""
        every = " union ".join(hits([part], scope, "x.rid, x.prid, x.d") for part in self.parts)
        return Source(f"({every}) x", (), None, self)

    def reaches(self) -> frozenset[str]:
        """Theirs."""
        return frozenset[str]().union(*(beyond(part) for part in self.parts))

    def breadth(self) -> int:
        """Theirs together."""
        return sum(breadth(part) for part in self.parts)


class Not(Special, frozen=True):
    """It does not hold."""

    part: Condition

    def probe(self, scope: Scope) -> str:
        """The other way round."""
        return f"not ({predicate(self.part, scope)})"

    def reaches(self) -> frozenset[str]:
        """Its own."""
        return beyond(self.part)

    def breadth(self) -> int:
        """Its own."""
        return breadth(self.part)


class Text(Special, frozen=True):
    """A text compared without case or accents: equal to, ending with, or other than `wanted` (folded)."""

    parameter: SearchParameter
    mode: Literal["equal", "end", "other"]
    wanted: str

    def probe(self, scope: Scope) -> str:
        """Over the record's own texts."""
        folded, sent = FOLDED.format(row="p"), scope.add(self.wanted, "text")
        where = {"equal": f"{folded} = {sent}", "other": f"{folded} <> {sent}", "end": f"right({folded}, length({sent})) = {sent}"}
        here = f"p.tenant = $1 and {keyed('p', self.parameter, scope)} and {scope.same_rid()} and {where[self.mode]}"
        return f"exists (select 1 from {scope.table('idx_string')} p where {here} offset 0)"

    def rank(self, in_record: bool) -> int:
        """Equal texts stand together in the index."""
        return 7 if self.mode == "equal" and not in_record else NEVER

    def source(self, scope: Scope) -> Source:
        """From the index."""
        start, end = scope.add(self.wanted, "text"), scope.add(self.wanted + "\x02", "text")
        there = f"x.val >= {start} and x.val < {end} and {FOLDED.format(row='x')} = {start}"
        return Source(f"{scope.table('idx_string')} x", ("x.tenant = $1", keyed("x", self.parameter, scope), there), None, self)


class Other(Special, frozen=True):
    """Has a token, reference, URI or identifier that is none of these."""

    than: Tokens | Identifiers

    def probe(self, scope: Scope) -> str:
        """No index finds what differs, so the parameter's rows are read once for all rows of the search."""
        table = "idx_token" if isinstance(self.than, Tokens) else "idx_ident"
        parts = []
        for wanted in self.than.wanted:
            same = [f"p.{name} = {scope.add(one)}" for name, one in zip(("val", "sys"), wanted, strict=True) if one is not None]
            parts.append(f"({' and '.join(same)})")
        differs = f"{keyed('p', self.than.parameter, scope)} and not ({' or '.join(parts) or 'false'})"
        probe = f"{scope.row}.rid in (select p.rid from {scope.table(table)} p where p.tenant = $1 and {differs})"
        if isinstance(self.than, Tokens) and self.than.parameter.narrows_by_patient:
            patients = scope.add(self.than.patients, "int8[]")
            return f"(({scope.row}.prid <> 0 and {scope.row}.prid <> all({patients})) or {probe})"
        return probe
