"""Each condition as SQL over the scope's row, which carries (prid, d, rid): a probe of one index with its full key.

`offset 0` keeps the planner from turning a probe into a join that reads the whole parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from osler.platform.fhir import SearchParameter
from osler.platform.store.search.query import (
    Amount,
    Amounts,
    Condition,
    Dates,
    Identifiers,
    Ids,
    Missing,
    Nothing,
    Prefix,
    Special,
    Strings,
    Tokens,
)
from osler.platform.store.search.scope import Scope

LAST = "\U0010ffff"
"""Behind every text: a start-of-text search ends here."""
FOLDED = r"split_part({row}.val, E'\x01', 1)"
"""The folded text of a string row, without the text as sent behind it."""


def predicate(condition: Condition, scope: Scope) -> str:
    """The condition on the scope's row."""
    match condition:
        case Nothing():
            return "false"
        case Ids(rids):
            return f"{scope.row}.rid = any({scope.add(rids, 'int8[]')})"
        case Tokens():
            found = has_token(condition, scope)
            return f"not ({found})" if condition.negated else f"({found})"
        case Identifiers():
            found = has_identifier(condition, scope)
            return f"not {found}" if condition.negated else found
        case Strings(parameter, _, _):
            where = text_range(condition, "p", scope)
            return _exists("idx_string", parameter, f"{scope.same_rid()} and ({where})", scope)
        case Dates(parameter, wanted) if parameter.code == "_lastUpdated":
            where = " or ".join(updated(prefix, lo, hi, "p", scope) for prefix, lo, hi in wanted)
            return f"exists (select 1 from {scope.table('resource')} p where p.tenant = $1 and {scope.same_rid()} and ({where}) offset 0)"
        case Dates(parameter, wanted):
            return "(" + " or ".join(_date(parameter, prefix, lo, hi, scope) for prefix, lo, hi in wanted) + ")"
        case Amounts(parameter, wanted):
            where = " or ".join(amount(one, "p", scope) for one in wanted)
            return _exists("idx_quantity", parameter, f"{scope.same_row()} and ({where})", scope)
        case Missing(parameter, missing):
            return _missing(parameter, missing, scope)
        case Special():
            return condition.probe(scope)
        case _:
            assert_never(condition)


def has_token(condition: Tokens, scope: Scope) -> str:
    """Whether the row has one of the tokens, or lies in one of the patients' records."""
    parts = []
    if condition.patients:
        parts.append(f"{scope.row}.prid = any({scope.add(condition.patients, 'int8[]')})")
    plain = [value for value, system in condition.wanted if value is not None and system is None]
    pairs = [(value, system) for value, system in condition.wanted if value is not None and system is not None]
    systems = [system for value, system in condition.wanted if value is None]
    if plain:
        parts.append(_exists("idx_token", condition.parameter, f"{among('p.val', plain, 'int8', scope)} and {scope.same_row()}", scope))
    for value, system in pairs:
        where = f"p.val = {scope.add(value)} and p.sys = {scope.add(system)} and {scope.same_row()}"
        parts.append(_exists("idx_token", condition.parameter, where, scope))
    if systems:
        parts.append(any_of_system(condition.parameter, "idx_token", f"p.sys = any({scope.add(systems, 'int4[]')})", scope))
    return " or ".join(parts) or "false"


def has_identifier(condition: Identifiers, scope: Scope) -> str:
    """Whether the row has one of the identifiers; compared as text."""
    where = " or ".join(identifier(value, system, "p", scope) for value, system in condition.wanted)
    return _exists("idx_ident", condition.parameter, f"{scope.same_rid()} and ({where})", scope)


def identifier(value: str | None, system: str | None, alias: str, scope: Scope) -> str:
    """One identifier: value and system, one of them, or a value without a system."""
    parts = [f"{alias}.{column} = {scope.add(text)}" for column, text in (("val", value), ("sys", system)) if text is not None]
    return f"({' and '.join(parts)})"


def any_of_system(parameter: SearchParameter, table: str, where: str, scope: Scope) -> str:
    """`system|`: any code of a system. No index has the system first, so the planner may read the parameter once for all rows."""
    key = keyed("p", parameter, scope)
    return f"{scope.row}.rid in (select p.rid from {scope.table(table)} p where p.tenant = $1 and {key} and {where})"


def keyed(alias: str, parameter: SearchParameter, scope: Scope) -> str:
    """The rows of one parameter."""
    return among(f"{alias}.key", parameter.keys, "int4", scope)


def among(column: str, values: Sequence[int], kind: str, scope: Scope) -> str:
    """One value by `=`, several by an array."""
    if len(values) == 1:
        return f"{column} = {scope.add(values[0])}"
    return f"{column} = any({scope.add(list(values), kind + '[]')})"


def text_range(condition: Strings, alias: str, scope: Scope) -> str:
    """The rows of the string index that match."""
    parts = []
    for text in condition.wanted:
        if condition.mode == "exact":
            parts.append(f"{alias}.val = {scope.add(text)}")
        elif condition.mode == "contains":
            parts.append(f"strpos({FOLDED.format(row=alias)}, {scope.add(text)}) > 0")
        else:
            parts.append(f"({alias}.val >= {scope.add(text)} and {alias}.val < {scope.add(text + LAST)})")
    return " or ".join(parts)


def date_range(prefix: Prefix, lo: datetime, hi: datetime, alias: str, scope: Scope) -> str:
    """The span [lo, hi) of row `alias` against the span searched for. https://hl7.org/fhir/R4/search.html#prefix"""
    from_, to = f"{alias}.lo", f"{alias}.hi"
    match prefix:
        case "eq":
            low, high = scope.add(lo), scope.add(hi)
            return f"({from_} >= {low} and {from_} < {high} and {to} <= {high})"
        case "ne":
            return f"({from_} < {scope.add(lo)} or {to} > {scope.add(hi)})"
        case "gt":
            return f"{to} > {scope.add(hi)}"
        case "ge":
            return f"{to} > {scope.add(lo)}"
        case "lt":
            return f"{from_} < {scope.add(lo)}"
        case "le":
            return f"{from_} < {scope.add(hi)}"
        case "sa":
            return f"{from_} >= {scope.add(hi)}"
        case "eb":
            return f"{to} <= {scope.add(lo)}"
        case "ap":
            return f"({from_} < {scope.add(hi)} and {to} > {scope.add(lo)})"


def updated(prefix: Prefix, lo: datetime, hi: datetime, alias: str, scope: Scope) -> str:
    """The moment of the last write against the span searched for."""
    column = f"{alias}.updated"
    match prefix:
        case "eq" | "ap":
            return f"({column} >= {scope.add(lo)} and {column} < {scope.add(hi)})"
        case "ne":
            return f"({column} < {scope.add(lo)} or {column} >= {scope.add(hi)})"
        case "gt" | "sa":
            return f"{column} >= {scope.add(hi)}"
        case "ge":
            return f"{column} >= {scope.add(lo)}"
        case "lt" | "eb":
            return f"{column} < {scope.add(lo)}"
        case "le":
            return f"{column} < {scope.add(hi)}"


SENT, CANONICAL = ("lo", "hi", "code"), ("blo", "bhi", "base")
"""The columns of a quantity as it was sent, and in base units: least, greatest, unit."""


def amount(one: Amount, alias: str, scope: Scope, sent: tuple[str, str, str] = SENT, canonical: tuple[str, str, str] = CANONICAL) -> str:
    """The range of row `alias` against a number; `eq` allows what the digits sent leave open."""
    least, greatest, named = canonical if one.canonical else sent
    from_, to = f"{alias}.{least}", f"{alias}.{greatest}"
    match one.prefix:
        case "eq":
            where = f"{from_} >= {scope.add(one.lo)} and {to} < {scope.add(one.hi)}"
        case "ne":
            where = f"({from_} < {scope.add(one.lo)} or {to} >= {scope.add(one.hi)})"
        case "gt":
            where = f"{to} > {scope.add(one.value)}"
        case "ge":
            where = f"{to} >= {scope.add(one.value)}"
        case "lt":
            where = f"{from_} < {scope.add(one.value)}"
        case "le":
            where = f"{from_} <= {scope.add(one.value)}"
        case "sa":
            where = f"{from_} > {scope.add(one.value)}"
        case "eb":
            where = f"{to} < {scope.add(one.value)}"
        case "ap":
            where = f"{from_} <= {scope.add(one.hi)} and {to} >= {scope.add(one.lo)}"
    unit = f" and {alias}.{named} = {scope.add(one.unit)}" if one.unit is not None else ""
    return f"({where}{unit})"


def _date(parameter: SearchParameter, prefix: Prefix, lo: datetime, hi: datetime, scope: Scope) -> str:
    primary = parameter.is_primary_date
    if primary and prefix == "sa":
        return f"{scope.row}.d >= {scope.add(hi)}"
    probe = _exists("idx_date", parameter, f"{scope.same_rid()} and {date_range(prefix, lo, hi, 'p', scope)}", scope)
    if not primary:
        return probe
    # The row's d is the start of the same span, so most rows are decided without the probe.
    match prefix:
        case "eq":
            return f"({scope.row}.d >= {scope.add(lo)} and {scope.row}.d < {scope.add(hi)} and {probe})"
        case "ge":
            return f"({scope.row}.d >= {scope.add(lo)} or {probe})"
        case "gt":
            return f"({scope.row}.d >= {scope.add(hi)} or {probe})"
        case "lt" | "eb":
            return f"({scope.row}.d < {scope.add(lo)} and {probe})"
        case "le" | "ap":
            return f"({scope.row}.d < {scope.add(hi)} and {probe})"
        case _:
            return probe


def _missing(parameter: SearchParameter, missing: bool, scope: Scope) -> str:
    if parameter.code in ("_id", "_lastUpdated"):
        return "false" if missing else "true"
    key = keyed("p", parameter, scope)
    match parameter.kind:
        case "string" | "date" if parameter.code != "phonetic":
            table, where = f"idx_{parameter.kind}", scope.same_rid()
        case "composite" | "special":
            table, where = "idx_composite", scope.same_rid()
        case "quantity" | "number":
            table, where = "idx_quantity", scope.same_row()
        case _:
            table, where = "idx_token", scope.same_row()
    probe = f"exists (select 1 from {scope.table(table)} p where p.tenant = $1 and {key} and {where})"
    if parameter.narrows_by_patient:
        probe = f"({scope.row}.prid <> 0 or {probe})"
    return f"not {probe}" if missing else probe


def _exists(table: str, parameter: SearchParameter, where: str, scope: Scope) -> str:
    key = keyed("p", parameter, scope)
    return f"exists (select 1 from {scope.table(table)} p where p.tenant = $1 and {key} and {where} offset 0)"
