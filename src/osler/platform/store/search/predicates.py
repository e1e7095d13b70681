"""Each condition as SQL over a row `x` that carries (prid, d, rid): a probe of one index with its full key.

`offset 0` keeps the planner from turning a probe into a join that reads the whole parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from osler.platform.fhir import SearchParameter
from osler.platform.store.search.arguments import Arguments
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
    Strings,
    Tokens,
)

LAST = "\U0010ffff"
"""Behind every text: a start-of-text search ends here."""
FOLDED = r"split_part({row}.val, E'\x01', 1)"
"""The folded text of a string row, without the text as sent behind it."""
OF_ROW = "p.prid = x.prid and p.d = x.d and p.rid = x.rid"


def predicate(condition: Condition, schema: str, arguments: Arguments) -> str:
    """The condition on row `x`."""
    match condition:
        case Nothing():
            return "false"
        case Ids(rids):
            return f"x.rid = any({arguments.add(rids, 'int8[]')})"
        case Tokens():
            found = has_token(condition, schema, arguments)
            return f"not ({found})" if condition.negated else f"({found})"
        case Identifiers():
            found = has_identifier(condition, schema, arguments)
            return f"not {found}" if condition.negated else found
        case Strings(parameter, _, _):
            where = text_range(condition, "p", arguments)
            return _exists(schema, "idx_string", parameter, f"p.rid = x.rid and ({where})", arguments)
        case Dates(parameter, wanted) if parameter.code == "_lastUpdated":
            where = " or ".join(updated(prefix, lo, hi, "p", arguments) for prefix, lo, hi in wanted)
            return f"exists (select 1 from {schema}.resource p where p.tenant = $1 and p.rid = x.rid and ({where}) offset 0)"
        case Dates(parameter, wanted):
            return "(" + " or ".join(_date(parameter, prefix, lo, hi, schema, arguments) for prefix, lo, hi in wanted) + ")"
        case Amounts(parameter, wanted):
            where = " or ".join(amount(one, "p", arguments) for one in wanted)
            return _exists(schema, "idx_quantity", parameter, f"{OF_ROW} and ({where})", arguments)
        case Missing(parameter, missing):
            return _missing(parameter, missing, schema, arguments)
        case _:
            assert_never(condition)


def has_token(condition: Tokens, schema: str, arguments: Arguments) -> str:
    """Whether row `x` has one of the tokens, or lies in one of the patients' records."""
    parts = []
    if condition.patients:
        parts.append(f"x.prid = any({arguments.add(condition.patients, 'int8[]')})")
    plain = [value for value, system in condition.wanted if value is not None and system is None]
    pairs = [(value, system) for value, system in condition.wanted if value is not None and system is not None]
    systems = [system for value, system in condition.wanted if value is None]
    if plain:
        parts.append(
            _exists(schema, "idx_token", condition.parameter, f"{among('p.val', plain, 'int8', arguments)} and {OF_ROW}", arguments)
        )
    for value, system in pairs:
        where = f"p.val = {arguments.add(value)} and p.sys = {arguments.add(system)} and {OF_ROW}"
        parts.append(_exists(schema, "idx_token", condition.parameter, where, arguments))
    if systems:
        parts.append(any_of_system(condition.parameter, "idx_token", f"p.sys = any({arguments.add(systems, 'int4[]')})", schema, arguments))
    return " or ".join(parts) or "false"


def has_identifier(condition: Identifiers, schema: str, arguments: Arguments) -> str:
    """Whether row `x` has one of the identifiers; compared as text."""
    where = " or ".join(identifier(value, system, "p", arguments) for value, system in condition.wanted)
    return _exists(schema, "idx_ident", condition.parameter, f"p.rid = x.rid and ({where})", arguments)


def identifier(value: str | None, system: str | None, alias: str, arguments: Arguments) -> str:
    """One identifier: value and system, one of them, or a value without a system."""
    parts = [f"{alias}.{column} = {arguments.add(text)}" for column, text in (("val", value), ("sys", system)) if text is not None]
    return f"({' and '.join(parts)})"


def any_of_system(parameter: SearchParameter, table: str, where: str, schema: str, arguments: Arguments) -> str:
    """`system|`: any code of a system. No index has the system first, so the planner may read the parameter once for all rows."""
    key = keyed("p", parameter, arguments)
    return f"x.rid in (select p.rid from {schema}.{table} p where p.tenant = $1 and {key} and {where})"


def keyed(alias: str, parameter: SearchParameter, arguments: Arguments) -> str:
    """The rows of one parameter."""
    return among(f"{alias}.key", parameter.keys, "int4", arguments)


def among(column: str, values: Sequence[int], kind: str, arguments: Arguments) -> str:
    """One value by `=`, several by an array."""
    if len(values) == 1:
        return f"{column} = {arguments.add(values[0])}"
    return f"{column} = any({arguments.add(list(values), kind + '[]')})"


def text_range(condition: Strings, alias: str, arguments: Arguments) -> str:
    """The rows of the string index that match."""
    parts = []
    for text in condition.wanted:
        if condition.mode == "exact":
            parts.append(f"{alias}.val = {arguments.add(text)}")
        elif condition.mode == "contains":
            parts.append(f"strpos({FOLDED.format(row=alias)}, {arguments.add(text)}) > 0")
        else:
            parts.append(f"({alias}.val >= {arguments.add(text)} and {alias}.val < {arguments.add(text + LAST)})")
    return " or ".join(parts)


def date_range(prefix: Prefix, lo: datetime, hi: datetime, alias: str, arguments: Arguments) -> str:
    """The span [lo, hi) of row `alias` against the span searched for. https://hl7.org/fhir/R4/search.html#prefix"""
    from_, to = f"{alias}.lo", f"{alias}.hi"
    match prefix:
        case "eq":
            low, high = arguments.add(lo), arguments.add(hi)
            return f"({from_} >= {low} and {from_} < {high} and {to} <= {high})"
        case "ne":
            return f"({from_} < {arguments.add(lo)} or {to} > {arguments.add(hi)})"
        case "gt":
            return f"{to} > {arguments.add(hi)}"
        case "ge":
            return f"{to} > {arguments.add(lo)}"
        case "lt":
            return f"{from_} < {arguments.add(lo)}"
        case "le":
            return f"{from_} < {arguments.add(hi)}"
        case "sa":
            return f"{from_} >= {arguments.add(hi)}"
        case "eb":
            return f"{to} <= {arguments.add(lo)}"
        case "ap":
            return f"({from_} < {arguments.add(hi)} and {to} > {arguments.add(lo)})"


def updated(prefix: Prefix, lo: datetime, hi: datetime, alias: str, arguments: Arguments) -> str:
    """The moment of the last write against the span searched for."""
    column = f"{alias}.updated"
    match prefix:
        case "eq" | "ap":
            return f"({column} >= {arguments.add(lo)} and {column} < {arguments.add(hi)})"
        case "ne":
            return f"({column} < {arguments.add(lo)} or {column} >= {arguments.add(hi)})"
        case "gt" | "sa":
            return f"{column} >= {arguments.add(hi)}"
        case "ge":
            return f"{column} >= {arguments.add(lo)}"
        case "lt" | "eb":
            return f"{column} < {arguments.add(lo)}"
        case "le":
            return f"{column} < {arguments.add(hi)}"


def amount(one: Amount, alias: str, arguments: Arguments) -> str:
    """The range of row `alias` against a number; `eq` allows what the digits sent leave open."""
    from_, to = f"{alias}.lo", f"{alias}.hi"
    match one.prefix:
        case "eq":
            where = f"{from_} >= {arguments.add(one.lo)} and {to} < {arguments.add(one.hi)}"
        case "ne":
            where = f"({from_} < {arguments.add(one.lo)} or {to} >= {arguments.add(one.hi)})"
        case "gt":
            where = f"{to} > {arguments.add(one.value)}"
        case "ge":
            where = f"{to} >= {arguments.add(one.value)}"
        case "lt":
            where = f"{from_} < {arguments.add(one.value)}"
        case "le":
            where = f"{from_} <= {arguments.add(one.value)}"
        case "sa":
            where = f"{from_} > {arguments.add(one.value)}"
        case "eb":
            where = f"{to} < {arguments.add(one.value)}"
        case "ap":
            where = f"{from_} <= {arguments.add(one.hi)} and {to} >= {arguments.add(one.lo)}"
    unit = f" and {alias}.code = {arguments.add(one.unit)}" if one.unit is not None else ""
    return f"({where}{unit})"


def _date(parameter: SearchParameter, prefix: Prefix, lo: datetime, hi: datetime, schema: str, arguments: Arguments) -> str:
    primary = parameter.is_primary_date
    if primary and prefix == "sa":
        return f"x.d >= {arguments.add(hi)}"
    probe = _exists(schema, "idx_date", parameter, f"p.rid = x.rid and {date_range(prefix, lo, hi, 'p', arguments)}", arguments)
    if not primary:
        return probe
    # x.d is the start of the same span, so most rows are decided without the probe.
    match prefix:
        case "eq":
            return f"(x.d >= {arguments.add(lo)} and x.d < {arguments.add(hi)} and {probe})"
        case "ge":
            return f"(x.d >= {arguments.add(lo)} or {probe})"
        case "gt":
            return f"(x.d >= {arguments.add(hi)} or {probe})"
        case "lt" | "eb":
            return f"(x.d < {arguments.add(lo)} and {probe})"
        case "le" | "ap":
            return f"(x.d < {arguments.add(hi)} and {probe})"
        case _:
            return probe


def _missing(parameter: SearchParameter, missing: bool, schema: str, arguments: Arguments) -> str:
    if parameter.code in ("_id", "_lastUpdated"):
        return "false" if missing else "true"
    key = keyed("p", parameter, arguments)
    match parameter.kind:
        case "string" | "date":
            table, where = f"idx_{parameter.kind}", "p.rid = x.rid"
        case "quantity" | "number":
            table, where = "idx_quantity", OF_ROW
        case _:
            table, where = "idx_token", OF_ROW
    probe = f"exists (select 1 from {schema}.{table} p where p.tenant = $1 and {key} and {where})"
    if parameter.narrows_by_patient:
        probe = f"(x.prid <> 0 or {probe})"
    return f"not {probe}" if missing else probe


def _exists(schema: str, table: str, parameter: SearchParameter, where: str, arguments: Arguments) -> str:
    key = keyed("p", parameter, arguments)
    return f"exists (select 1 from {schema}.{table} p where p.tenant = $1 and {key} and {where} offset 0)"
