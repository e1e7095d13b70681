"""What comes with the matches: the records they point at (`_include`) and those that point at them (`_revinclude`), one level.

https://hl7.org/fhir/R4/search.html#include
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from osler.platform import fhir
from osler.platform.audit.chain import INSERT
from osler.platform.fhir import TYPE_CODE, TYPES, SearchParameter, search_parameters
from osler.platform.fhir.search_parameters import reference_parameters_to
from osler.platform.store.reading_sql import HEAD
from osler.platform.store.records import Stored
from osler.platform.store.search.arguments import Arguments
from osler.platform.store.search.page import AUDITED, PLAIN, Statement
from osler.platform.store.search.query import Include, Query

MOST_INCLUDED = 5000
"""Included records on one page; what is cut says so in the Bundle."""

SchemaOf = Callable[[str], str]


def included(query: Query, matches: Sequence[Stored], schema_of: SchemaOf, seen: frozenset[str], *, audited: bool) -> Statement | None:
    """One statement for everything that comes with these matches and is of a type the actor may see; None when nothing can.

    Rows: rtype, id, version, updated, codec, content, rid, then `head` when audited.
    """
    arguments = Arguments(AUDITED if audited else PLAIN)
    parts: list[str] = []
    forward = [include for include in query.includes if not include.reverse]
    if forward and matches:
        pointed_at = {target: numbers for target, numbers in _pointed_at(forward, matches).items() if target in seen}
        parts += _forward(pointed_at, schema_of, arguments)
    for include in query.includes:
        if include.reverse and matches:
            parts += _reverse(
                _pointing_back(include, query.type, seen), query.type, [stored.rid for stored in matches], schema_of, arguments
            )
    if not parts:
        return None
    known = arguments.add([stored.rid for stored in matches], "int8[]")
    hidden = f" and labels & {arguments.add(query.hidden)} = 0" if query.hidden else ""
    ctes = [
        f"""found as materialized (
  select * from (select distinct on (rid) * from (
{" union all ".join(parts)}
  ) as every where rid <> all({known}){hidden} order by rid) as once order by rtype, id limit {arguments.add(MOST_INCLUDED + 1)}
)"""
    ]
    if audited:
        ctes.append(_logged(query, arguments))
    head = f", {HEAD} as head" if audited else ""
    sql = f"""with {", ".join(ctes)}
select rtype, id, version, updated, codec, content, rid{head} from (select 1) as one left join found on true order by rtype, id"""
    return Statement(sql, tuple(arguments.values), ())


def _pointed_at(includes: Sequence[Include], matches: Iterable[Stored]) -> dict[str, set[int]]:
    """Type -> numbers of the records that the matches' references name."""
    wanted: list[tuple[SearchParameter, tuple[str, ...]]] = []
    for include in includes:
        chosen = [include.parameter] if include.parameter else _references(include.source)
        for parameter in chosen:
            targets = parameter.targets if include.target is None else (include.target,)
            wanted.append((parameter, targets))
    found: dict[str, set[int]] = {}
    for stored in matches:
        rows = fhir.index(fhir.parse(stored.content, stored.type), stored.type, stored.id)
        for parameter, targets in wanted:
            numbers = {value for key, value, _ in rows.tokens if key == parameter.key}
            for target in targets:
                if target == "Patient" and parameter.narrows_by_patient and rows.prid:
                    found.setdefault(target, set()).add(rows.prid)
                if numbers:
                    found.setdefault(target, set()).update(numbers)
    return found


def _references(type_name: str) -> list[SearchParameter]:
    return [parameter for parameter in search_parameters(type_name).values() if parameter.kind == "reference" and parameter.searchable]


def _forward(found: dict[str, set[int]], schema_of: SchemaOf, arguments: Arguments) -> list[str]:
    """A number stands for type and id together, so all types of one schema are asked for at once.

    `+ 0`: found by number and then told apart by type; a table without statistics would tempt the planner into the index by type.
    """
    by_schema: dict[str, tuple[set[str], set[int]]] = {}
    for target, numbers in found.items():
        types, every = by_schema.setdefault(schema_of(target), (set(), set()))
        types.add(target)
        every |= numbers
    return [
        f"  select {COLUMNS} from {schema}.resource r where r.tenant = $1 and r.rid = any({arguments.add(sorted(numbers), 'int8[]')}) "
        f"and r.rtype + 0 = any({arguments.add(sorted(TYPE_CODE[name] for name in types), 'int4[]')}) and not r.deleted"
        for schema, (types, numbers) in sorted(by_schema.items())
    ]


COLUMNS = "r.rtype, r.id, r.version, r.updated, r.codec, r.content, r.rid, r.labels, r.prid"


def _pointing_back(include: Include, matched: str, seen: frozenset[str]) -> list[SearchParameter]:
    """The parameters by which records that the actor may see point at the matches."""
    if include.target not in (None, matched):
        return []
    if include.parameter is not None:
        chosen: Sequence[SearchParameter] = [include.parameter]
    else:
        every = reference_parameters_to(matched)
        chosen = [parameter for parameter in every if include.source in (parameter.type, matched)] if include.source != matched else every
    return [parameter for parameter in chosen if matched in parameter.targets and parameter.type in seen]


def _reverse(chosen: Sequence[SearchParameter], matched: str, rids: list[int], schema_of: SchemaOf, arguments: Arguments) -> list[str]:
    by_schema: dict[str, list[SearchParameter]] = {}
    for parameter in chosen:
        by_schema.setdefault(schema_of(parameter.type), []).append(parameter)
    parts: list[str] = []
    numbers = arguments.add(rids, "int8[]") if by_schema else ""
    for schema, parameters in sorted(by_schema.items()):
        parts += _pointing(schema, parameters, matched, numbers, arguments)
    return parts


def _pointing(schema: str, parameters: Sequence[SearchParameter], matched: str, numbers: str, arguments: Arguments) -> list[str]:
    """The records of one schema that point at the matches by one of these parameters."""
    most = arguments.add(MOST_INCLUDED + 1)
    parts: list[str] = []
    inside = sorted({TYPE_CODE[parameter.type] for parameter in parameters if parameter.narrows_by_patient}) if matched == "Patient" else []
    if inside:
        parts.append(
            f"  (select {COLUMNS} from {schema}.resource r where r.tenant = $1 and r.prid = any({numbers}) "
            f"and r.rtype = any({arguments.add(inside, 'int2[]')}) and not r.deleted limit {most})"
        )
    keys = sorted(parameter.key for parameter in parameters if not (matched == "Patient" and parameter.narrows_by_patient))
    if keys:
        parts.append(
            f"  (select {COLUMNS} from (select distinct i.rid from {schema}.idx_token i where i.tenant = $1 "
            f"and i.key = any({arguments.add(keys, 'int4[]')}) and i.val = any({numbers}) limit {most}) i "
            f"cross join lateral (select * from {schema}.resource r where r.tenant = $1 and r.rid = i.rid offset 0) r)"
        )
    return parts


def _logged(query: Query, arguments: Arguments) -> str:
    names = arguments.add(f"?{' '.join(query.names)} included", "text")
    most = arguments.add(MOST_INCLUDED)
    numbered = arguments.add(list(TYPES), "text[]")
    return f"""logged as (
  {INSERT}
  select $1, $2, $3, $3, $5, prid, 0, 0::int2, 200::int2, $6::text::"char", $7, '', $8, detail,
    audit.digest($4, $1, $2, $3, $5, prid, 0, 0::int2, 200::int2, $6::text::"char", $7, '', $8, detail)
  from (select case when min(prid) = max(prid) then max(prid) else 0 end as prid,
      {names} || coalesce(' ' || string_agg(({numbered})[rtype] || '/' || id || '/' || version, ' '), '') as detail
    from (select * from found order by rtype, id limit {most}) as shown) as e
  returning seq, hash
)"""
