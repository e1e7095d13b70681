"""Conditions on other records: those a reference leads to (`subject:Patient.name`) and those that point here (`_has`).

A selective condition at the far end drives the search from there; else each row of this end is probed through its references.
Records of types that the actor may not read lead nowhere. https://hl7.org/fhir/R4/search.html#chaining
"""

from __future__ import annotations

from collections.abc import Sequence

from osler.platform.fhir import SearchParameter, search_parameters
from osler.platform.fhir.search_parameters import searchable_paths
from osler.platform.store.search.hits import hits, visible
from osler.platform.store.search.predicates import keyed, predicate
from osler.platform.store.search.query import NEVER, Condition, Special, Tokens
from osler.platform.store.search.scope import Scope
from osler.platform.store.search.sources import BY_DATE, PRID, RID, Column, Source, by_value, rank, token

SELECTIVE = 10
"""A condition of a rank below this one leaves few enough rows to start from."""


TEXTS = 7
"""The rank of a text's beginning: an ordinary code at the far end leaves more records than a name does here."""
FEW = 2000
"""Of so few records at the far end a table is made, once; of more, each row of this end looks for its own."""
VAL = Column("val", "x.val", False, "whole")


class Chain(Special, frozen=True):
    """A reference of this record leads to a record of one of these types that meets its condition."""

    parameter: SearchParameter
    ends: tuple[tuple[str, Condition], ...]
    wide: int = 1

    def probe(self, scope: Scope) -> str:
        """By the patient where the reference is the record's patient, else by the rows of the reference."""
        parts = []
        rows = []
        for kind, condition in self._open(scope):
            if self._is_patient(kind):
                parts.append(_patient_meets(condition, scope))
            else:
                rows += self._values(kind, condition, scope)
        if rows:
            key = keyed("p", self.parameter, scope)
            among = " union all ".join(rows)
            parts.append(
                f"{scope.row}.rid in (select p.rid from {scope.table('idx_token')} p where p.tenant = $1 and {key} and p.val in ({among}))"
            )
        return f"({' or '.join(parts)})" if parts else "false"

    def rank(self, in_record: bool) -> int:
        """Drives when its own end is selective, or where its rows can be walked from there."""
        far = max((rank(condition, False) for _, condition in self.ends), default=0)
        if in_record or (far >= SELECTIVE and not self._walks()):
            return NEVER
        return 40 if far >= SELECTIVE else 3 if far <= 2 else 6

    def source(self, scope: Scope) -> Source:
        """From the few records at the far end to those that name them."""
        ends = self._open(scope)
        if len(ends) == 1:
            return self._walk(*ends[0], scope)
        walks = [self._walk(kind, condition, scope) for kind, condition in ends]
        shown = "select x.rid, x.prid, x.d from"
        every = [f"{shown} {walk.each} cross join {walk.table} where {' and '.join(walk.where)}" for walk in walks]
        nothing = f"{shown} {scope.table('resource')} x where false"
        return Source(f"({' union all '.join(every) or nothing}) x", (), None, self)

    def beside(self, tokens: Tokens, scope: Scope) -> Source | None:
        """The same together with a code, which the index holds by patient."""
        ends = self._open(scope)
        if len(ends) != 1 or not self._is_patient(ends[0][0]):
            return None
        far = hits([ends[0][1]], scope.of("Patient"), "distinct x.rid as val")
        where = ("x.tenant = $1", keyed("x", tokens.parameter, scope), token(tokens, scope), "x.prid = v.val")
        order = BY_DATE if len(tokens.wanted) == len(tokens.parameter.keys) == 1 else None
        return Source(f"{scope.table('idx_token')} x", where, order, self, f"({far}) v")

    def reaches(self) -> frozenset[str]:
        """The types it leads to, and those beyond."""
        return frozenset(kind for kind, _ in self.ends).union(*(beyond(condition) for _, condition in self.ends))

    def breadth(self) -> int:
        """Counted when it is made: many ends may share what lies beyond them."""
        return self.wide

    def _open(self, scope: Scope) -> list[tuple[str, Condition]]:
        return [end for end in self.ends if end[0] in scope.world.seen]

    def _walks(self) -> bool:
        """One reference to one type: in the order of the far records' numbers a record comes once."""
        (kind, _), *others = self.ends
        single = not others and not self.parameter.repeats and len(self.parameter.keys) == 1
        return single and not self._is_patient(kind) and not is_canonical(self.parameter)

    def _is_patient(self, kind: str) -> bool:
        return self.parameter.narrows_by_patient and kind == "Patient"

    def _walk(self, kind: str, condition: Condition, scope: Scope) -> Source:
        if self._is_patient(kind):
            far = hits([condition], scope.of(kind), "distinct x.rid as val")
            inside = ("x.tenant = $1", "x.prid = v.val", f"x.rtype = {scope.rtype()}", "not x.deleted")
            return Source(f"{scope.table('resource')} x", inside, BY_DATE, self, f"({far}) v")
        far = " union ".join(self._values(kind, condition, scope))
        where = ("x.tenant = $1", keyed("x", self.parameter, scope), "x.val = v.val")
        if self._walks():
            table = f"(select distinct f.val from ({far}) f(val) order by f.val) v cross join {scope.table('idx_token')} x"
            return Source(table, where, (VAL, RID), self)
        order = (PRID, *BY_DATE) if len(self.parameter.keys) == 1 else None
        return Source(f"{scope.table('idx_token')} x", where, order, self, f"(select distinct f.val from ({far}) f(val)) v")

    def _values(self, kind: str, condition: Condition, scope: Scope) -> list[str]:
        """Selects of what the index holds for references to the far records: their numbers, and their canonical URLs."""
        far = hits([condition], scope.of(kind), "x.rid")
        url = search_parameters(kind).get("url") if is_canonical(self.parameter) else None
        if url is None or not url.searchable:
            return [far]
        there = scope.of(kind)
        named = f"u.tenant = $1 and {keyed('u', url, there)} and u.rid in ({hits([condition], there, 'x.rid')})"
        return [far, f"select u.val from {there.table('idx_token')} u where {named}"]


class Has(Special, frozen=True):
    """A record of another type points here by one of its references and meets a condition (`_has`)."""

    kind: str
    parameter: SearchParameter
    condition: Condition

    def probe(self, scope: Scope) -> str:
        """Row by row, through what points at it."""
        if self.kind not in scope.world.seen:
            return "false"
        there = scope.of(self.kind, _next(scope.row))
        far = scope.of(self.kind)
        if self._by_patient(scope):
            probe = _in_record(f"{scope.row}.rid", self.condition, there)
            once, again = hits([self.condition], far, "x.prid"), hits([self.condition], far, "x.prid")
            return _few_or_each(f"{scope.row}.rid", once, again, probe, scope)
        key = keyed(there.row, self.parameter, there)
        parts = [f"{there.row}.tenant = $1", key, f"{there.row}.val = {scope.row}.rid", predicate(self.condition, there), *visible(there)]
        any_at_all = f"(select exists ({hits([self.condition], far, '1')}))"
        pointing = f"({any_at_all} and exists (select 1 from {there.table('idx_token')} {there.row} where {' and '.join(parts)} offset 0))"
        return f"({pointing} or {self._by_url(scope)})" if is_canonical(self.parameter) else pointing

    def rank(self, in_record: bool) -> int:
        """Drives from the far end when that is selective and its rows say which patient they are of."""
        far = rank(self.condition, False)
        if in_record or not self.parameter.narrows_by_patient or far >= SELECTIVE:
            return NEVER
        return far + 1 if far < TEXTS else SELECTIVE - 1

    def source(self, scope: Scope) -> Source:
        """The patients of the records at the far end, in the order of their numbers."""
        if self.kind not in scope.world.seen or not self._by_patient(scope):
            # What points here may point at other types of this schema as well.
            every = ("x.tenant = $1", f"x.rtype = {scope.rtype()}", "x.deleted::int4 = 0", self.probe(scope))
            return Source(f"{scope.table('resource')} x", every, None, self)
        far = f"{hits([self.condition], scope.of(self.kind), 'distinct x.prid as rid')} order by 1"
        here = f"r.tenant = $1 and r.rid = w.rid and r.rtype + 0 = {scope.rtype()} and r.deleted::int4 = 0"
        # No `offset 0` here: the planner must see that the rows come in the order of w.
        one = f"select w.rid, r.prid, r.d from {scope.table('resource')} r where {here}"
        return Source(f"({far}) w cross join lateral ({one}) x", (), (RID,), self)

    def reaches(self) -> frozenset[str]:
        """The type it looks at, and those beyond."""
        return frozenset({self.kind}) | beyond(self.condition)

    def breadth(self) -> int:
        """That of the far end."""
        return breadth(self.condition)

    def _by_patient(self, scope: Scope) -> bool:
        return self.parameter.narrows_by_patient and scope.type == "Patient"

    def _by_url(self, scope: Scope) -> str:
        """Pointed at by its canonical URL."""
        url = search_parameters(scope.type).get("url")
        if url is None or not url.searchable:
            return "false"
        there = scope.of(self.kind)
        far = hits([self.condition], there, "x.rid")
        named = f"u.tenant = $1 and {keyed('u', url, scope)} and {scope.same_row('u')}"
        pointing = f"c.tenant = $1 and {keyed('c', self.parameter, there)} and c.val = u.val and c.rid in ({far})"
        return f"exists (select 1 from {scope.table('idx_token')} u, {there.table('idx_token')} c where {named} and {pointing})"


def breadth(condition: Condition) -> int:
    """How many plain conditions a condition is made of."""
    return condition.breadth() if isinstance(condition, Special) else 1


def beyond(condition: Condition) -> frozenset[str]:
    """The types a condition looks at besides its own."""
    return condition.reaches() if isinstance(condition, Special) else frozenset()


def is_canonical(parameter: SearchParameter) -> bool:
    """A reference by the target's URL instead of its address."""
    return any(path.datatype in ("canonical", "uri") for path in searchable_paths(parameter))


def _next(row: str) -> str:
    """An alias that hides none of those around it."""
    return f"x{int(row[1:] or 0) + 1}"


def _patient_meets(condition: Condition, scope: Scope) -> str:
    """Whether the row's patient meets a condition."""
    there = scope.of("Patient", _next(scope.row))
    row = there.row
    here = f"{row}.tenant = $1 and {row}.rid = {scope.row}.prid and {row}.deleted::int4 = 0"
    where = " and ".join([here, predicate(condition, there), *visible(there)])
    probe = f"exists (select 1 from {there.table('resource')} {row} where {where} offset 0)"
    if rank(condition, False) < SELECTIVE:
        return probe
    far = scope.of("Patient")
    return _few_or_each(f"{scope.row}.prid", hits([condition], far, "x.rid"), hits([condition], far, "x.rid"), probe, scope)


def _few_or_each(number: str, far: str, again: str, probe: str, scope: Scope) -> str:
    """Both ways to ask; the statement counts the far end, up to a cap, to choose. (`far` and `again` are one select, written twice.)"""
    few = f"(select count(*) from ({far} limit {scope.add(FEW + 1)}) c) <= {scope.add(FEW)}"
    return f"case when {few} then {number} in ({again}) else {probe} end"


def _in_record(patient: str, condition: Condition, there: Scope) -> str:
    """Whether the record of a patient holds something that meets a condition."""
    row = there.row
    if isinstance(condition, Tokens) and by_value(condition):
        where: Sequence[str] = (keyed(row, condition.parameter, there), token(condition, there))
        table = "idx_token"
    else:
        where = (f"{row}.rtype = {there.rtype()}", f"not {row}.deleted", predicate(condition, there))
        table = "resource"
    parts = [f"{row}.tenant = $1", f"{row}.prid = {patient}", *where, *visible(there)]
    return f"exists (select 1 from {there.table(table)} {row} where {' and '.join(parts)} offset 0)"
