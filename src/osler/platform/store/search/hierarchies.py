"""`:below` and `:above` of references: a place and all within it, an organisation and all it belongs to.

Types that name the one above them by `partof` have such a hierarchy. https://hl7.org/fhir/R4/references.html#circular
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from osler.platform.fhir import SearchParameter, search_parameters
from osler.platform.store.search import values
from osler.platform.store.search.predicates import keyed
from osler.platform.store.search.query import Condition, Nothing, Special
from osler.platform.store.search.scope import Scope
from osler.platform.store.search.sources import Source
from osler.platform.store.search.values import unknown

if TYPE_CHECKING:
    from osler.platform.store.search.conditions import Asked

PART_OF = ("partof", "part-of")
DEEPEST = 50
"""Steps upwards or downwards; a circle of records ends there too."""


class Related(Special, frozen=True):
    """Refers to one of these records, or to one that is part of them (`below`), or that they are part of (`above`)."""

    parameter: SearchParameter
    direction: Literal["above", "below"]
    wanted: tuple[tuple[str, int], ...]
    """(type, number)"""

    def probe(self, scope: Scope) -> str:
        """Through the record's references."""
        here = f"p.tenant = $1 and {keyed('p', self.parameter, scope)} and {scope.same_row()}"
        within = f"p.val in ({self._family(scope)})"
        return f"exists (select 1 from {scope.table('idx_token')} p where {here} and {within} offset 0)"

    def rank(self, in_record: bool) -> int:
        """As a few references."""
        return 4 if not in_record else 6

    def source(self, scope: Scope) -> Source:
        """The references to each member of the family."""
        each = f"(select distinct f.rid as val from ({self._family(scope)}) f(rid)) as v"
        there = f"t.tenant = $1 and {keyed('t', self.parameter, scope)} and t.val = v.val"
        walk = f"select t.rid, t.prid, t.d from {scope.table('idx_token')} t where {there}"
        return Source(f"(select t.rid, t.prid, t.d from {each} cross join lateral ({walk} offset 0) t) x", (), None, self)

    def _family(self, scope: Scope) -> str:
        """The numbers of all records that count, each type by its own hierarchy."""
        parts = []
        for type_name in sorted({name for name, _ in self.wanted}):
            start = scope.add([number for name, number in self.wanted if name == type_name], "int8[]")
            parent = upwards(type_name)
            if parent is None or type_name not in scope.world.seen:
                parts.append(f"select unnest({start})")
                continue
            table, key = scope.of(type_name).table("idx_token"), scope.add(parent.key)
            step = "t.rid, t.val" if self.direction == "below" else "t.val, t.rid"
            found, known = step.split(", ")
            parts.append(
                f"(with recursive family(rid, depth) as (select unnest({start}), 0 union "
                f"select {found}, f.depth + 1 from family f join {table} t on t.tenant = $1 and t.key = {key} and {known} = f.rid "
                f"where f.depth < {DEEPEST}) select rid from family)"
            )
        return " union all ".join(parts)

    def reaches(self) -> frozenset[str]:
        """The types whose hierarchy decides."""
        return frozenset(name for name, _ in self.wanted)


def related(asked: Asked) -> Condition:
    """`location:below=Location/1`."""
    direction: Literal["above", "below"] = "above" if asked.modifier == "above" else "below"
    parameter = asked.parameter
    able = [name for name in parameter.targets if upwards(name) is not None]
    if not able:
        raise unknown(asked.name, asked.reading.type, f"has no modifier :{asked.modifier}: what it refers to has no hierarchy")
    wanted: list[tuple[str, int]] = []
    for part in asked.alternatives():
        found = values.reference(parameter, asked.name, part, None, asked.reading.base)
        wanted += [(name, number) for name, number in found if name in able]
    return Related(parameter, direction, tuple(wanted)) if wanted else Nothing()


def upwards(type_name: str) -> SearchParameter | None:
    """The parameter by which a record of this type names the one it is part of."""
    known = search_parameters(type_name)
    return next((known[code] for code in PART_OF if code in known and type_name in known[code].targets), None)
