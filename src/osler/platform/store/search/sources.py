"""Where the rows of an answer come from: one condition drives the search, the most selective there is; the others are probes.

Each source names the order in which its index delivers rows, so that a page reads only as many rows as it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from osler.platform.fhir import SearchParameter
from osler.platform.fhir.dates import EARLIEST
from osler.platform.store.search.predicates import CANONICAL, SENT, among, amount, date_range, identifier, keyed, text_range, updated
from osler.platform.store.search.query import (
    NEVER,
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

COARSE = frozenset(
    word
    for words in (
        "_profile _security _source _tag active address-use category class clinical-status deceased",
        "experimental gender intent language priority status type use verification-status",
    )
    for word in words.split()
)
"""Tokens that many records share: they drive only when nothing better does."""


class Column(msgspec.Struct, frozen=True):
    """One column of an order."""

    name: str
    sql: str
    descending: bool
    kind: Literal["time", "number", "text", "whole"]
    nulls: Literal["last", "first"] = "last"
    """First only when a page is read backwards."""


D = Column("d", "x.d", True, "time")
RID = Column("rid", "x.rid", False, "whole")
PRID = Column("prid", "x.prid", False, "whole")
UPDATED = Column("updated", "x.updated", True, "time")
ID = Column("id", "x.id", True, "text")
BY_DATE = (D, RID)


class Source(msgspec.Struct, frozen=True):
    """A table with the conditions its index answers; `order`: how that index delivers (None: not one row per record)."""

    table: str
    where: tuple[str, ...]
    order: tuple[Column, ...] | None = None
    covers: Condition | None = None
    """The condition that needs no probe any more."""
    each: str = ""
    """`unnest(…) as v(val, sys) …`: one ordered walk per alternative."""
    walks: tuple[str, ...] = ()
    """The same rows as several ordered walks of the table `walked`, which together make `table`."""
    walked: str = ""
    near: int = 0
    """So many of the walks hold rows that stand before all others in the order, and meet no row that does not match. 0: none do."""


def source(conditions: Sequence[Condition], scope: Scope) -> tuple[Source, list[Condition]]:
    """The driver of a search, and the conditions it leaves to be probed."""
    conditions = list(conditions)
    if any(isinstance(condition, Nothing) for condition in conditions):
        return _of_type(conditions, scope), conditions
    patient = next((c for c in conditions if isinstance(c, Tokens) and c.patients and not c.wanted and not c.negated), None)
    best = min(conditions, key=lambda condition: rank(condition, patient is not None), default=None)
    if best is None or rank(best, patient is not None) >= NEVER:
        found = _of_type(conditions, scope)
    elif patient is not None and not isinstance(best, Ids | Identifiers):
        found = _in_record(patient, best, scope)
        conditions.remove(patient)
    elif isinstance(best, Special) and (code := _beside(conditions)) is not None and (both := best.beside(code, scope)) is not None:
        found = both
        conditions.remove(code)
    else:
        found = _alone(best, scope)
    if found.covers in conditions:
        conditions.remove(found.covers)
    return found, conditions


def _beside(conditions: Sequence[Condition]) -> Tokens | None:
    """The code, if any, by which a driver that knows the patient can narrow its walk."""
    codes = [condition for condition in conditions if isinstance(condition, Tokens) and by_value(condition)]
    return min(codes, key=lambda condition: rank(condition, True), default=None)


def by_value(condition: Tokens) -> bool:
    """Its rows are found by their values."""
    return not condition.patients and not condition.negated and all(value is not None for value, _ in condition.wanted)


NARROW = timedelta(days=1)
"""A day is a better place to start than a name or a code; a month is not."""


def rank(condition: Condition, in_record: bool) -> int:
    """How few rows a condition is likely to leave; the least drives."""
    match condition:
        case Ids():
            return 0
        case Identifiers(negated=False, wanted=wanted) if all(value is not None for value, _ in wanted):
            return 1
        case Tokens(negated=False) if all(value is not None for value, _ in condition.wanted):
            if condition.patients:
                return 8 if in_record else 2
            coarse = condition.parameter.code in COARSE
            return (7 if coarse else 3) if in_record else 12 if coarse else 4 if condition.parameter.kind == "reference" else 8
        case Tokens(negated=False, patients=()) if condition.wanted and not in_record:
            return 20
        case Strings(mode="exact" | "start"):
            return 50 if in_record else 7
        case Amounts():
            return 50 if in_record else 9
        case Dates(parameter, wanted) if parameter.code != "_lastUpdated":
            narrow = all(prefix == "eq" and hi - lo <= NARROW for prefix, lo, hi in wanted)
            return 50 if in_record else 5 if narrow else 14
        case Strings():
            return 50 if in_record else 15
        case Special():
            return condition.rank(in_record)
        case _:
            return NEVER


def _of_type(conditions: Sequence[Condition], scope: Scope) -> Source:
    """Every record of the type: by id, which stays when a record changes, unless the search is about when they changed."""
    where = [
        "x.tenant = $1",
        f"x.rtype = {scope.rtype()}",
        "x.deleted::int4 = 0",
    ]  # written so that the partial index by patient cannot answer it
    covers = next((c for c in conditions if isinstance(c, Dates) and c.parameter.code == "_lastUpdated"), None)
    if covers is not None:
        where.append("(" + " or ".join(updated(prefix, lo, hi, "x", scope) for prefix, lo, hi in covers.wanted) + ")")
    order = (ID, RID) if covers is None else (UPDATED, RID)
    return Source(f"{scope.table('resource')} x", tuple(where), order, covers)


def _in_record(patient: Tokens, best: Condition, scope: Scope) -> Source:
    """Rows of one patient's (or a few patients') records."""
    one = len(patient.patients) == 1
    record = among("x.prid", patient.patients, "int8", scope)
    if isinstance(best, Tokens) and by_value(best):
        single = one and len(best.wanted) == 1 and len(best.parameter.keys) == 1
        where = (*_keyed(best.parameter, scope), token(best, scope), record)
        return Source(f"{scope.table('idx_token')} x", where, BY_DATE if single else None, best)
    where = ("x.tenant = $1", record, f"x.rtype = {scope.rtype()}", "not x.deleted")
    return Source(f"{scope.table('resource')} x", where, BY_DATE if one else None, patient)


def token(condition: Tokens, scope: Scope) -> str:
    """The rows of the token index that match, all with a value: found by value, then told apart by system."""
    row = scope.row
    values = list(dict.fromkeys(value for value, _ in condition.wanted if value is not None))
    found = among(f"{row}.val", values, "int8", scope)
    if all(system is None for _, system in condition.wanted):
        return found
    if len(condition.wanted) == 1:
        return f"{found} and {row}.sys = {scope.add(condition.wanted[0][1])}"
    parts = []
    for value, system in condition.wanted:
        of_system = "" if system is None else f" and {row}.sys = {scope.add(system)}"
        parts.append(f"({row}.val = {scope.add(value)}{of_system})")
    return f"{found} and ({' or '.join(parts)})"


def _alone(best: Condition, scope: Scope) -> Source:
    match best:
        case Ids(rids):
            # written so that the partial index by patient cannot answer it: a table without statistics would tempt the planner there
            here = "r.tenant = $1 and r.rid = w.rid and r.deleted::int4 = 0"
            one = f"select r.rid, r.prid, r.d from {scope.table('resource')} r where {here} offset 0"
            return Source(f"unnest({scope.add(rids, 'int8[]')}) as w(rid) cross join lateral ({one}) x", (), None, best)
        case Identifiers(parameter, wanted):
            alternatives = " or ".join(identifier(value, system, "x", scope) for value, system in wanted)
            return Source(f"{scope.table('idx_ident')} x", (*_keyed(parameter, scope), f"({alternatives})"), None, best)
        case Tokens() if best.patients:
            return _of_patients_or(best, scope)
        case Tokens(parameter, wanted) if by_value(best):
            return _by_token(best, scope)
        case Tokens(parameter, wanted):
            each = " or ".join(_of_system(value, system, scope) for value, system in wanted)
            return Source(f"{scope.table('idx_token')} x", (*_keyed(parameter, scope), f"({each})"), None, best)
        case Strings():
            return _by_text(best, scope)
        case Dates() | Amounts():
            return _by_span(best, scope)
        case Special():
            return best.source(scope)
        case Missing() | Nothing():
            return _of_type([best], scope)


def span_order(kind: Literal["time", "number"], least: str = "lo", greatest: str = "hi") -> tuple[Column, ...]:
    """The order of the date and quantity indexes, read backwards: the latest and the greatest first."""
    return (
        Column(least, f"x.{least}", True, kind),
        Column(greatest, f"x.{greatest}", True, kind),
        Column("rid", "x.rid", True, "whole"),
    )


def _keyed(parameter: SearchParameter, scope: Scope) -> tuple[str, str]:
    return "x.tenant = $1", keyed("x", parameter, scope)


def _by_token(best: Tokens, scope: Scope) -> Source:
    """One code: in index order. Several, or one under several parameters: one ordered walk each, merged."""
    keys = best.parameter.keys
    if len(best.wanted) == len(keys) == 1:
        return Source(f"{scope.table('idx_token')} x", (*_keyed(best.parameter, scope), token(best, scope)), (PRID, D, RID), best)
    values = scope.add([value for value, _ in best.wanted], "int8[]")
    systems = scope.add([system for _, system in best.wanted], "int4[]")
    each = f"unnest({values}, {systems}) as v(val, sys) cross join unnest({scope.add(keys, 'int4[]')}) as k(key)"
    where = ("x.tenant = $1", "x.key = k.key", "x.val = v.val and (v.sys is null or x.sys = v.sys)")
    return Source(f"{scope.table('idx_token')} x", where, (PRID, D, RID), best, each)


def _of_system(value: int | None, system: int | None, scope: Scope) -> str:
    """`system|` beside other alternatives: all of the parameter's rows are read for it, from the index alone."""
    parts = [f"x.{name} = {scope.add(number)}" for name, number in (("val", value), ("sys", system)) if number is not None]
    return f"({' and '.join(parts) or 'true'})"


def _of_patients_or(best: Tokens, scope: Scope) -> Source:
    """`subject=1`, which may be a patient, a group or a device: the patient's record and the rows that name the others."""
    key, rtype = keyed("x", best.parameter, scope), scope.rtype()
    parts = [
        f"select rid, prid, d from {scope.table('resource')} where tenant = $1 and prid = any({scope.add(best.patients, 'int8[]')}) "
        f"and rtype = {rtype} and not deleted"
    ]
    if best.wanted:
        where = token(best, scope)
        parts.append(f"select x.rid, x.prid, x.d from {scope.table('idx_token')} x where x.tenant = $1 and {key} and {where}")
    return Source(f"({' union all '.join(parts)}) x", (), None, best)


MOST_WALKS = 16
"""Ordered walks of one search that are merged; more alternatives are gathered and put in order."""
WIDE = timedelta(days=32)
"""A span longer than this has an index entry by its end as well (`idx_date_wide`)."""
TEXT = (Column("val", "x.val", False, "text"), Column("d", "x.d", False, "time"), RID)


def _merged(table: str, shown: str, walks: Sequence[str], once: str, order: tuple[Column, ...], best: Condition, near: int = 0) -> Source:
    """The driver made of several walks."""
    union = " union all ".join(f"select {shown} from {table} x where {walk}" for walk in walks)
    return Source(f"({union}) x", (once,) if once else (), order, best, walks=tuple(walks), walked=f"{table} x", near=near)


def _by_text(best: Strings, scope: Scope) -> Source:
    """Texts in the order of their index, so that a page reads no more of them than it shows."""
    table, keys = scope.table("idx_string"), best.parameter.keys
    each = [msgspec.structs.replace(best, wanted=(text,)) for text in best.wanted]
    if best.mode == "contains" or len(each) * len(keys) > MOST_WALKS:
        found = f"({text_range(best, 'x', scope)})"
        if len(keys) > 1 or best.mode != "contains":
            return Source(f"{table} x", (*_keyed(best.parameter, scope), found), None, best)
        return Source(f"{table} x", (*_keyed(best.parameter, scope), found, _first_text(best, table, scope)), TEXT, best)
    if len(each) == len(keys) == 1:
        where = (*_keyed(best.parameter, scope), text_range(best, "x", scope), _first_text(best, table, scope))
        return Source(f"{table} x", where, TEXT, best)
    walks = [f"x.tenant = $1 and x.key = {scope.add(key)} and {text_range(one, 'x', scope)}" for one in each for key in keys]
    return _merged(table, "x.rid, x.prid, x.d, x.val", walks, _first_text(best, table, scope), TEXT, best)


def _first_text(best: Strings, table: str, scope: Scope) -> str:
    """That the row is the first of its record: one with several matching names is shown once."""
    here = f"p.tenant = $1 and {keyed('p', best.parameter, scope)} and {scope.same_rid()}"
    return f"not exists (select 1 from {table} p where {here} and p.val < x.val and ({text_range(best, 'p', scope)}) offset 0)"


def _by_span(best: Dates | Amounts, scope: Scope) -> Source:
    """Dates, numbers and quantities in the order of their index, the latest or greatest first: a walk per key and alternative, merged."""
    parameter, dated = best.parameter, isinstance(best, Dates)
    table = scope.table("idx_date" if dated else "idx_quantity")
    least, greatest, _ = SENT if isinstance(best, Dates) or not best.wanted[0].canonical else CANONICAL
    mixed = isinstance(best, Amounts) and len({one.canonical for one in best.wanted}) > 1
    if mixed or len(best.wanted) * len(parameter.keys) > MOST_WALKS:
        # Amounts in base units and as sent have no order in common.
        return Source(f"{table} x", (*_keyed(parameter, scope), f"({_spans(best, 'x', scope)})"), None, best)
    near, far = [], []
    for key in parameter.keys:
        for one in best.wanted:
            walks = _span_walks(one, least, greatest, scope) if isinstance(one, Amount) else _date_walks(*one, scope)
            of_key = [f"x.tenant = $1 and x.key = {scope.add(key)} and {walk}" for walk in walks]
            near.append(of_key[0])
            far += of_key[1:]
    once = ""
    if parameter.repeats or len(parameter.keys) > 1:
        here = f"p.tenant = $1 and {keyed('p', parameter, scope)} and {scope.same_rid() if dated else scope.same_row()}"
        later = f"(p.{least}, p.{greatest}) > (x.{least}, x.{greatest}) and ({_spans(best, 'p', scope)})"
        once = f"not exists (select 1 from {table} p where {here} and {later} offset 0)"
    order = span_order("time" if dated else "number", least, greatest)
    if len(near) == 1 and not far:
        return Source(f"{table} x", (near[0], once) if once else (near[0],), order, best)
    before = len(near) if far and len(best.wanted) == 1 else 0
    return _merged(table, f"x.rid, x.prid, x.d, x.{least}, x.{greatest}", near + far, once, order, best, before)


def _spans(best: Dates | Amounts, row: str, scope: Scope) -> str:
    if isinstance(best, Dates):
        return " or ".join(date_range(prefix, lo, hi, row, scope) for prefix, lo, hi in best.wanted)
    return " or ".join(amount(one, row, scope) for one in best.wanted)


def _date_walks(prefix: Prefix, lo: datetime, hi: datetime, scope: Scope) -> list[str]:
    """The rows in question by their start, so that the index knows where to begin; then those that began long before and last."""
    found = date_range(prefix, lo, hi, "x", scope)
    since = {"gt": hi, "ge": lo, "ap": lo}.get(prefix)
    if since is None:
        return [f"x.lo < {scope.add(lo)} and {found}" if prefix == "eb" else found]
    if since - EARLIEST <= WIDE:
        return [found]
    start = since - WIDE
    # as the predicate of idx_date_wide has it (migrations/service/0006)
    long = f"timezone('UTC', x.hi) > timezone('UTC', x.lo) + interval '{WIDE.days} days'"
    return [f"x.lo > {scope.add(start)} and {found}", f"x.lo <= {scope.add(start)} and {long} and {date_range(prefix, lo, hi, 'x', scope)}"]


def _span_walks(one: Amount, least: str, greatest: str, scope: Scope) -> list[str]:
    """The same for numbers: nearly all are points; ranges that reach into the question from below come second."""
    from_, to, found = f"x.{least}", f"x.{greatest}", amount(one, "x", scope)
    match one.prefix:
        case "eq":
            return [f"{from_} < {scope.add(one.hi)} and {found}"]
        case "eb":
            return [f"{from_} < {scope.add(one.value)} and {found}"]
        case "gt" | "ge" | "ap":
            start = scope.add(one.lo if one.prefix == "ap" else one.value)
            again = amount(one, "x", scope)
            inside, below = (">", "<=") if one.prefix == "gt" else (">=", "<")
            return [f"{from_} {inside} {start} and {found}", f"{from_} {below} {start} and {from_} < {to} and {again}"]
        case _:
            return [found]
