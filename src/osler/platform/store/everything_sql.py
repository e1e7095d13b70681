"""The statements of `$everything`. `$1` is the tenant; the other values are numbered as they are added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from osler.platform.fhir.dates import EARLIEST
from osler.platform.store.everything_plan import Place, Wanted

MOST_BYTES = 8 * 1024 * 1024
"""Stored (compressed) bytes of one page, unless its first record alone has more."""
COLUMNS = "r.rtype, r.id, r.version, r.updated, r.codec, r.content, r.rid, r.prid"


class Values:
    """The values of a statement and the places that stand for them."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    def add(self, value: Any, kind: str) -> str:
        """`$n::kind`."""
        self.given.append(value)
        return f"${len(self.given) + 1}::{kind}"


def members(wanted: Wanted, after: Place | None, count: int, values: Values) -> str:
    """A page of what belongs to one record: itself first, then what carries its number, then what points at it.

    Rows: rank, d, more, then `COLUMNS`. A page ends after `count` records or `MOST_BYTES`; `more` says whether anything is left.
    """
    record = values.add(wanted.record, "int8")
    most = values.add(count + 1, "int4")
    parts: list[str] = []
    if wanted.itself is not None and after is None:
        schema, rtype = wanted.itself
        since = changed(wanted, values)
        parts.append(
            part(schema, 0, f"r.tenant = $1 and r.rid = {record} and r.rtype = {values.add(rtype, 'int2')} and not r.deleted{since}")
        )
    for schema, types in wanted.inside if after is None or after.rank <= 1 else ():
        where = (
            f"r.tenant = $1 and r.prid = {record} and r.rtype = any({values.add(types, 'int2[]')}) and r.rid <> {record} and not r.deleted"
        )
        where += changed(wanted, values) + dated(wanted, schema, values) + beyond(after, 1, values)
        parts.append(f"{part(schema, 1, where)} {ORDER} limit {most}")
    for schema, keys in wanted.pointing:
        own = "" if not wanted.inside else f" and i.prid <> {record}"
        found = f"i.tenant = $1 and i.key = any({values.add(keys, 'int4[]')}) and i.val = {record}{own} and i.rid <> {record}"
        where = "not r.deleted" + changed(wanted, values) + dated(wanted, schema, values) + beyond(after, 2, values)
        distinct = f"select distinct i.rid from {schema}.idx_token i where {found}"
        present = f"select * from {schema}.resource r where r.tenant = $1 and r.rid = i.rid offset 0"
        parts.append(f"select {keys_of(schema, 2)} from ({distinct}) i cross join lateral ({present}) r where {where} {ORDER} limit {most}")
    if not parts:
        return ""
    schemas = sorted({*(schema for schema, _ in wanted.inside), *(schema for schema, _ in wanted.pointing), *wanted.own_schema})
    bodies = " union all ".join(
        f"select {COLUMNS} from {schema}.resource r where p.place = '{schema}' and r.tenant = $1 and r.rid = p.rid" for schema in schemas
    )
    return f"""with page as materialized (
  select *, row_number() over w as n, sum(size) over w - size as before
  from (select * from ({" union all ".join(f"({one})" for one in parts)}) every order by rank, rtype, d, rid desc limit {most}) page
  window w as (order by rank, rtype, d, rid desc)
)
select p.rank, p.d, exists (select 1 from page where n >= {most} or (n > 1 and before >= {MOST_BYTES})) as more, r.*
from page p cross join lateral ({bodies}) r
where p.n < {most} and (p.n = 1 or p.before < {MOST_BYTES}) order by p.n"""


ORDER = "order by rtype, d, rid desc"


def part(schema: str, rank: int, where: str) -> str:
    """The numbers of records of one schema."""
    return f"select {keys_of(schema, rank)} from {schema}.resource r where {where}"


def keys_of(schema: str, rank: int) -> str:
    """What a page is ordered and measured by."""
    return f"{rank} as rank, r.rtype, r.d, r.rid, '{schema}' as place, octet_length(r.content) as size"


def changed(wanted: Wanted, values: Values) -> str:
    """`_since`: written later than this."""
    return "" if wanted.since is None else f" and r.updated > {values.add(wanted.since, 'timestamptz')}"


def dated(wanted: Wanted, schema: str, values: Values) -> str:
    """`start` and `end`: care in this stretch of time, also where it began before; what has no date is in any."""
    said = ""
    if wanted.start is not None:
        start = values.add(wanted.start, "timestamptz")
        keys = values.add(wanted.date_keys, "int4[]")
        lasts = f"select 1 from {schema}.idx_date t where t.tenant = $1 and t.key = any({keys}) and t.rid = r.rid and t.hi > {start}"
        said += f" and (r.d >= {start} or r.d = {values.add(EARLIEST, 'timestamptz')} or exists ({lasts}))"
    if wanted.end is not None:
        said += f" and r.d < {values.add(wanted.end, 'timestamptz')}"
    return said


def beyond(after: Place | None, rank: int, values: Values) -> str:
    """Only what comes after the last record of the page before."""
    if after is None or after.rank < rank:
        return ""
    here = f"({values.add(after.rtype, 'int2')}, {values.add(after.d, 'timestamptz')})"
    return f" and (r.rtype, r.d) >= {here} and ((r.rtype, r.d) > {here} or r.rid < {values.add(after.rid, 'int8')})"


def named(schemas: Sequence[tuple[str, Sequence[int]]], records: Sequence[int], types: Sequence[int], values: Values) -> str:
    """Present records by number, of these types and in nobody's record but these (0: nobody's)."""
    allowed, kinds = values.add(list(records), "int8[]"), values.add(list(types), "int2[]")
    parts = [
        f"select {COLUMNS} from {schema}.resource r where r.tenant = $1 and r.rid = any({values.add(list(numbers), 'int8[]')}) "
        f"and r.rtype = any({kinds}) and r.prid = any({allowed}) and not r.deleted"
        for schema, numbers in schemas
    ]
    return " union all ".join(f"({one})" for one in parts)


def pointing_at(schema: str) -> str:
    """Present records that point at others by one of the keys. `$2` keys, `$3` the others, `$4` in whose records (0: nobody's)."""
    found = f"select distinct i.rid from {schema}.idx_token i where i.tenant = $1 and i.key = any($2::int4[]) and i.val = any($3::int8[])"
    present = f"select * from {schema}.resource r where r.tenant = $1 and r.rid = i.rid offset 0"
    return f"""select {COLUMNS} from ({found}) i cross join lateral ({present}) r where r.prid = any($4::int8[]) and not r.deleted"""


def anchor(schema: str) -> str:
    """The record that is asked about: whether it is there, and whose it is. `$2` its number, `$3` its type, `$4` its id."""
    return f"select version, deleted, prid from {schema}.resource where tenant = $1 and rid = $2 and rtype = $3 and id = $4"


def following(schema: str) -> str:
    """The next record of a type by number. `$2` the type, `$3` the number before."""
    return f"""select rid from {schema}.resource where tenant = $1 and rid > $3 and rtype + 0 = $2 and not deleted order by rid limit 1"""


def present(schema: str) -> str:
    """Which of these records are there. `$2` the numbers, `$3` the type."""
    return f"select rid from {schema}.resource where tenant = $1 and rid = any($2::int8[]) and rtype + 0 = $3 and not deleted"
