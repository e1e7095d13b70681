"""Composite parameters: `code-value-quantity=8480-6$gt140`. Both halves must hold of one element, so each element has a row.

https://hl7.org/fhir/R4/search.html#combining
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from osler.platform.fhir import SearchParameter
from osler.platform.fhir.index_composites import moment
from osler.platform.fhir.search_parameters import Component
from osler.platform.store.search import values
from osler.platform.store.search.predicates import LAST, amount, date_range, keyed
from osler.platform.store.search.query import NEVER, Amount, Condition, Nothing, Prefix, Special
from osler.platform.store.search.scope import Scope
from osler.platform.store.search.sources import Source, span_order

if TYPE_CHECKING:
    from osler.platform.store.search.conditions import Asked

Token = tuple[int | None, int | None]
SENT, CANONICAL, SECOND = ("lo", "hi", "unit"), ("lo2", "hi2", "base"), ("lo2", "hi2", "unit")
UNBOUNDED = float("inf")


class Combination(msgspec.Struct, frozen=True):
    """One value of a composite: its first token, and what must hold of the same element."""

    first: Token
    tokens: tuple[Token, ...] = ()
    amounts: tuple[Amount, ...] = ()
    span: tuple[Prefix, float, float] | None = None
    text: str | None = None


class Composites(Special, frozen=True):
    """Has an element for which one of the combinations holds."""

    parameter: SearchParameter
    wanted: tuple[Combination, ...]

    def probe(self, scope: Scope) -> str:
        """Through the record's own rows, which are few."""
        where = " or ".join(holds(one, "p", scope) for one in self.wanted)
        here = f"p.tenant = $1 and {keyed('p', self.parameter, scope)} and {scope.same_rid()} and ({where})"
        return f"exists (select 1 from {scope.table('idx_composite')} p where {here} offset 0)"

    def rank(self, in_record: bool) -> int:
        """Better than a code alone; within one record its own order is no help."""
        if any(one.first[0] is None for one in self.wanted):
            return NEVER
        return 50 if in_record else 6

    def source(self, scope: Scope) -> Source:
        """One combination: in the order of its values, the greatest first. Several: all of each."""
        table = f"{scope.table('idx_composite')} x"
        if len(self.wanted) > 1:
            where = " or ".join(holds(one, "x", scope) for one in self.wanted)
            return Source(table, ("x.tenant = $1", keyed("x", self.parameter, scope), f"({where})"), None, self)
        one = self.wanted[0]
        walks = bounds(one)
        wide, least, most = ([walk[place] for walk in walks] for place in range(3))
        each = f"unnest({scope.add(list(self.parameter.keys), 'int4[]')}) as k(key)"
        each += f" cross join unnest({scope.add(wide, 'bool[]')}, {scope.add(least, 'float8[]')}, {scope.add(most, 'float8[]')})"
        each += " as w(wide, least, most)"
        bounded = "x.wide = w.wide and x.lo >= w.least and x.lo <= w.most"
        where = f"x.key = k.key and {bounded} and {holds(one, 'x', scope)}"
        return Source(table, ("x.tenant = $1", where), span_order("number"), self, each)


def bounds(one: Combination) -> list[tuple[bool, float, float]]:
    """Where the index starts and ends, for values that are one number and for those that are ranges: (wide, least, most)."""
    if one.span is not None:
        return [(True, -UNBOUNDED, UNBOUNDED)]
    if not one.amounts:
        return [(False, 0.0, 0.0)]
    amount = one.amounts[0]
    if amount.canonical:
        return [(wide, -UNBOUNDED, UNBOUNDED) for wide in (False, True)]
    match amount.prefix:
        case "gt" | "ge" | "sa":
            least, most = amount.value, UNBOUNDED
        case "lt" | "le" | "eb":
            least, most = -UNBOUNDED, amount.value
        case "eq" | "ap":
            least, most = amount.lo, amount.hi
        case _:
            least, most = -UNBOUNDED, UNBOUNDED
    return [(False, least, most), (True, -UNBOUNDED, most)]


def holds(one: Combination, alias: str, scope: Scope) -> str:
    """The combination on row `alias`."""
    value, system = one.first
    parts = [] if value is None else [f"{alias}.val = {scope.add(value)}"]
    if system is not None:
        parts.append(f"{alias}.sys = {scope.add(system)}")
    if not one.tokens and value is not None:
        parts.append(f"{alias}.val2 = 0")
    for other, its in one.tokens:
        parts += [] if other is None else [f"{alias}.val2 = {scope.add(other)}"]
        parts += [] if its is None else [f"{alias}.sys2 = {scope.add(its)}"]
    for place, number in enumerate(one.amounts):
        parts.append(amount(number, alias, scope, *((SENT, CANONICAL) if place == 0 else (SECOND, SECOND))))
    if one.span is not None:
        prefix, lo, hi = one.span
        parts.append(date_range(prefix, cast("Any", lo), cast("Any", hi), alias, scope))
    if one.text is not None:
        parts.append(f"({alias}.val3 >= {scope.add(one.text)} and {alias}.val3 < {scope.add(one.text + LAST)})")
    return f"({' and '.join(parts)})"


def composites(asked: Asked) -> Condition:
    """`code$value`, each half as the parameter of its kind reads it."""
    asked.only()
    wanted = [found for part in asked.alternatives() if (found := _combination(asked, part)) is not None]
    return Composites(asked.parameter, tuple(wanted)) if wanted else Nothing()


def _combination(asked: Asked, text: str) -> Combination | None:
    """None when nothing can match."""
    components = asked.parameter.components
    parts = values.split(text, "$")
    if len(parts) != len(components) or not all(parts):
        raise values.bad(asked.name, f"must have {len(components)} parts with $ between them")
    first = _token(components[0], asked, parts[0])
    if first is None:
        return None
    found = Combination(first)
    for component, part in zip(components[1:], parts[1:], strict=True):
        match component.kind:
            case "token" | "reference":
                token = _token(component, asked, part)
                if token is None:
                    return None
                found = msgspec.structs.replace(found, tokens=(*found.tokens, token))
            case "quantity" | "number":
                number = values.amount(component, asked.name, part)
                found = msgspec.structs.replace(found, amounts=(*found.amounts, _bare(number, component.kind)))
            case "date":
                prefix, lo, hi = values.date(asked.name, part, asked.reading.now)
                found = msgspec.structs.replace(found, span=(prefix, moment(lo), moment(hi)))
            case _:
                found = msgspec.structs.replace(found, text=values.string(asked.name, part, "start"))
    return found


def _bare(number: Amount, kind: Literal["quantity", "number"]) -> Amount:
    """A plain number's row has no unit."""
    return msgspec.structs.replace(number, unit=None) if kind == "number" else number


def _token(component: Component, asked: Asked, text: str) -> Token | None:
    if component.kind == "reference":
        found = values.reference(component, asked.name, text, None, asked.reading.base)
        return (found[0][1], None) if found else None
    return values.token(component, asked.name, text)
