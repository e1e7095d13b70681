"""All rows of a type that meet some conditions, as a select: what a page is cut from, and what a chain leads through."""

from __future__ import annotations

from collections.abc import Sequence

from osler.platform.store.search.predicates import predicate
from osler.platform.store.search.query import Condition
from osler.platform.store.search.scope import Scope
from osler.platform.store.search.sources import Source, source


def hits(conditions: Sequence[Condition], scope: Scope, shown: str) -> str:
    """`select shown from …`, driven from the most selective condition; a record may come several times."""
    chosen, where = found(conditions, scope)
    return f"select {shown} from {rows_of(chosen)} where {where}"


def found(conditions: Sequence[Condition], scope: Scope) -> tuple[Source, str]:
    """The driver and everything its rows `x` must meet."""
    chosen, probes = driven(conditions, scope)
    return chosen, " and ".join([*chosen.where, *probes]) or "true"


def driven(conditions: Sequence[Condition], scope: Scope) -> tuple[Source, list[str]]:
    """The driver and what its rows `x` must meet beyond the condition that drives."""
    chosen, left = source(conditions, scope)
    return chosen, [predicate(condition, scope) for condition in left] + visible(scope)


def rows_of(chosen: Source) -> str:
    """The driver's FROM."""
    return f"{chosen.each} cross join {chosen.table}" if chosen.each else chosen.table


def visible(scope: Scope) -> list[str]:
    """That the actor may know of the row, where records are hidden from somebody."""
    if not scope.world.hidden:
        return []
    shown = f"{scope.same_rid()} and p.labels & {scope.add(scope.world.hidden)} = 0"
    return [f"exists (select 1 from {scope.table('resource')} p where p.tenant = $1 and {shown} offset 0)"]
