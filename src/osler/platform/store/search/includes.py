"""What comes with the matches: the records they point at (`_include`) and those that point at them (`_revinclude`), step by step.

https://hl7.org/fhir/R4/search.html#include
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from osler.platform import fhir
from osler.platform.audit.chain import INSERT
from osler.platform.fhir import TYPE_CODE, TYPES, SearchParameter, reference_value, search_parameters
from osler.platform.fhir.search_parameters import reference_parameters_to
from osler.platform.store.reading_sql import HEAD
from osler.platform.store.records import Stored
from osler.platform.store.search.arguments import Arguments
from osler.platform.store.search.chains import is_canonical
from osler.platform.store.search.page import AUDITED, PLAIN, Statement
from osler.platform.store.search.query import Include, Query
from osler.platform.store.search.written import texts

MOST_INCLUDED = 5000
"""Included records on one page; what is cut says so in the Bundle."""

MOST_STEPS = 10
"""Steps of `:iterate` from the matches."""

SchemaOf = Callable[[str], str]


def included(
    query: Query, step: int, start: Sequence[Stored], known: Collection[int], schema_of: SchemaOf, seen: frozenset[str], *, audited: bool
) -> Statement | None:
    """One statement for everything that comes with these records and is of a type the actor may see; None when nothing can.

    `step`: 0 from the matches; later steps go on from what was included and follow `:iterate` only. `known`: what is there already.
    Rows: rtype, id, version, updated, codec, content, rid, then `head` when audited.
    """
    arguments = Arguments(AUDITED if audited else PLAIN)
    includes = [include for include in query.includes if step == 0 or include.iterate]
    parts = _forward(_pointed_at([include for include in includes if not include.reverse], start, query.base, seen), schema_of, arguments)
    by_type: dict[str, list[Stored]] = {}
    for stored in start:
        by_type.setdefault(stored.type, []).append(stored)
    for include in includes:
        for kind, records in by_type.items() if include.reverse else ():
            parts += _reverse(_pointing_back(include, kind, seen), kind, records, schema_of, arguments)
    if not parts:
        return None
    there = arguments.add(sorted(known), "int8[]")
    hidden = f" and labels & {arguments.add(query.hidden)} = 0" if query.hidden else ""
    ctes = [
        f"""found as materialized (
  select * from (select distinct on (rid) * from (
{" union all ".join(parts)}
  ) as every where rid <> all({there}){hidden} order by rid) as once order by rtype, id limit {arguments.add(MOST_INCLUDED + 1)}
)"""
    ]
    if audited:
        ctes.append(_logged(query, arguments))
    head = f", {HEAD} as head" if audited else ""
    sql = f"""with {", ".join(ctes)}
select rtype, id, version, updated, codec, content, rid{head} from (select 1) as one left join found on true order by rtype, id"""
    return Statement(sql, tuple(arguments.values), ())


class _Targets:
    """What references name: records by number, and definitions by the number of their canonical URL, each by type."""

    def __init__(self) -> None:
        self.records: dict[str, set[int]] = {}
        self.definitions: dict[str, set[int]] = {}

    def add(self, parameter: SearchParameter, types: Iterable[str], numbers: Collection[int]) -> None:
        """References of one parameter."""
        if numbers:
            for kind in types:
                self.records.setdefault(kind, set()).update(numbers)
                if is_canonical(parameter) and "url" in search_parameters(kind):
                    self.definitions.setdefault(kind, set()).update(numbers)


def _pointed_at(includes: Sequence[Include], start: Iterable[Stored], base: str, seen: frozenset[str]) -> _Targets:
    """What the references of these records name."""
    targets = _Targets()
    chosen: dict[str, list[tuple[SearchParameter, tuple[str, ...]]]] = {}
    for stored in start if includes else ():
        if stored.type not in chosen:
            chosen[stored.type] = _followed(includes, stored.type, seen)
        if not chosen[stored.type]:
            continue
        parsed = fhir.parse(stored.content, stored.type)
        rows = fhir.index(parsed, stored.type, stored.id)
        # References that name this server in full are indexed as they stand.
        whole = base.encode() in stored.content if base else False
        for parameter, types in chosen[stored.type]:
            numbers = {row[1] for row in rows.tokens if row[0] == parameter.key}
            if whole:
                found = (text for text in texts(parameter, stored.content) if text.startswith(f"{base}/"))
                numbers |= {reference_value(text[len(base) + 1 :]) for text in found}
            targets.add(parameter, types, numbers)
            if rows.prid and "Patient" in types and parameter.narrows_by_patient:
                targets.add(parameter, ("Patient",), (rows.prid,))
    return targets


def _followed(includes: Iterable[Include], kind: str, seen: frozenset[str]) -> list[tuple[SearchParameter, tuple[str, ...]]]:
    """The references of a type that are followed, each with the types it may lead to."""
    found: list[tuple[SearchParameter, tuple[str, ...]]] = []
    for include in includes:
        if include.source in (None, kind):
            for parameter in [include.parameter] if include.parameter else _references(kind):
                types = tuple(target for target in parameter.targets if target in seen and include.target in (None, target))
                if types:
                    found.append((parameter, types))
    return found


def _references(type_name: str) -> list[SearchParameter]:
    return [parameter for parameter in search_parameters(type_name).values() if parameter.kind == "reference" and parameter.searchable]


COLUMNS = "r.rtype, r.id, r.version, r.updated, r.codec, r.content, r.rid, r.labels, r.prid"


def _forward(found: _Targets, schema_of: SchemaOf, arguments: Arguments) -> list[str]:
    """A number stands for type and id together, so all types of one schema are asked for at once.

    `+ 0`: found by number and then told apart by type; a table without statistics would tempt the planner into the index by type.
    """
    by_schema: dict[str, tuple[set[str], set[int]]] = {}
    for target, numbers in found.records.items():
        types, every = by_schema.setdefault(schema_of(target), (set(), set()))
        types.add(target)
        every |= numbers
    parts = [
        f"  select {COLUMNS} from {schema}.resource r where r.tenant = $1 and r.rid = any({arguments.add(sorted(numbers), 'int8[]')}) "
        f"and r.rtype + 0 = any({arguments.add(sorted(TYPE_CODE[name] for name in types), 'int4[]')}) and not r.deleted"
        for schema, (types, numbers) in sorted(by_schema.items())
    ]
    for target, numbers in sorted(found.definitions.items()):
        parts.append(_naming(schema_of(target), search_parameters(target)["url"].keys, sorted(numbers), arguments))
    return parts


def _naming(schema: str, keys: Sequence[int], numbers: Sequence[int], arguments: Arguments) -> str:
    """The records of one schema that have one of these values under one of these parameters."""
    return (
        f"  (select {COLUMNS} from (select distinct i.rid from {schema}.idx_token i where i.tenant = $1 "
        f"and i.key = any({arguments.add(sorted(keys), 'int4[]')}) and i.val = any({arguments.add(list(numbers), 'int8[]')}) "
        f"limit {arguments.add(MOST_INCLUDED + 1)}) i "
        f"cross join lateral (select * from {schema}.resource r where r.tenant = $1 and r.rid = i.rid offset 0) r)"
    )


def _pointing_back(include: Include, matched: str, seen: frozenset[str]) -> list[SearchParameter]:
    """The parameters by which records that the actor may see point at records of a type."""
    if include.target not in (None, matched):
        return []
    chosen = [include.parameter] if include.parameter else reference_parameters_to(matched)
    here = (parameter for parameter in chosen if include.source in (None, parameter.type))
    return [parameter for parameter in here if matched in parameter.targets and parameter.type in seen]


def _reverse(
    chosen: Sequence[SearchParameter], matched: str, records: Sequence[Stored], schema_of: SchemaOf, arguments: Arguments
) -> list[str]:
    by_schema: dict[str, list[SearchParameter]] = {}
    for parameter in chosen:
        by_schema.setdefault(schema_of(parameter.type), []).append(parameter)
    parts: list[str] = []
    rids = [stored.rid for stored in records]
    for schema, parameters in sorted(by_schema.items()):
        inside = sorted({TYPE_CODE[one.type] for one in parameters if one.narrows_by_patient}) if matched == "Patient" else []
        if inside:
            parts.append(
                f"  (select {COLUMNS} from {schema}.resource r where r.tenant = $1 and r.prid = any({arguments.add(rids, 'int8[]')}) "
                f"and r.rtype = any({arguments.add(inside, 'int2[]')}) and not r.deleted limit {arguments.add(MOST_INCLUDED + 1)})"
            )
        keys = [one.key for one in parameters if not (matched == "Patient" and one.narrows_by_patient)]
        if keys:
            parts.append(_naming(schema, keys, rids, arguments))
        canonical = [one.key for one in parameters if is_canonical(one)]
        urls = [
            reference_value(url) for stored in records if canonical for url in texts(search_parameters(matched).get("url"), stored.content)
        ]
        if urls:
            parts.append(_naming(schema, canonical, urls, arguments))
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
