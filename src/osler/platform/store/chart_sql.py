"""The statements behind the chart: the version-checked cache, and all sections of one patient's record in one round trip.

`$1`-`$6`: tenant, stream, seq, head, at, action; `$7`, `$8`: actor, request id.
"""

from __future__ import annotations

from functools import cache

from osler.platform.audit.chain import INSERT
from osler.platform.store.reading_sql import HEAD, logged

Shape = tuple[str, bool, bool, bool]
"""A section's schema; whether it is picked by a token; whether it goes on after a place; whether it counts all."""

CACHED = f"""with found as materialized (
  select a.n, a.id, a.actor, a.request_id, a.prid, c.ver, (case when k.ver = c.ver and c.ver is distinct from a.have then k.gz end) as gz
  from unnest($8::int8[], $9::int8[], $10::int8[], $11::text[], $12::text[], $13::text[])
      with ordinality as a(prid, query, have, id, actor, request_id, n)
    left join kernel.patient_clock c on c.tenant = $1 and c.prid = a.prid
    left join kernel.chart_cache k on k.tenant = $1 and k.prid = c.prid and k.query = a.query
), logged as (
  {INSERT}
  select $1, $2, $3 + n - 1, $3, $5, prid, 0, $7, 200, $6::text::"char", actor, id, request_id, 'chart cache',
    audit.digest($4, $1, $2, $3 + n - 1, $5, prid, 0, $7::int2, 200::int2, $6::text::"char", actor, id, request_id, 'chart cache')
  from found returning seq, hash
)
select n, ver, gz, case n when 1 then {HEAD} end as head from found"""
"""Many at once. `$7` rtype of Patient; `$8`-`$13`: prid, query, the clock the caller has already, id, actor, request id."""

KEEP = """insert into kernel.chart_cache as k (tenant, prid, query, ver, gz) values ($1, $2, $3, $4, $5)
on conflict (tenant, prid, query) do update set ver = excluded.ver, gz = excluded.gz where k.ver < excluded.ver"""


def section(place: int, shape: Shape, first: int) -> tuple[list[str], int]:
    """The selects of one section and the number of its next parameter. Parameters: rtype, limit [, key, val] [, d, rid]."""
    schema, by_token, after, counted = shape
    rtype, limit = f"${first}::int2", f"${first + 1}::int4"
    following = first + 2
    own = f"from {schema}.resource r where r.tenant = $1 and r.prid = $9 and r.rtype = {rtype} and not r.deleted"
    key, value = f"${following}::int4", f"${following + 1}::int8"
    marked = f"from {schema}.idx_token r where r.tenant = $1 and r.key = {key} and r.val = {value} and r.prid = $9"
    following += 2 if by_token else 0
    beyond = ""
    if after:
        beyond = f"and (r.d < ${following}::timestamptz or (r.d = ${following} and r.rid > ${following + 1}::int8))"
        following += 2
    if by_token:
        picked = f"""select {place} as section, r.codec, r.content, r.rid, r.d, null::int8 as number
  from (select r.rid, r.d {marked} {beyond} group by r.d, r.rid order by r.d desc, r.rid limit {limit}) t
  cross join lateral (select * from {schema}.resource where tenant = $1 and rid = t.rid offset 0) r
  where r.rtype = {rtype} and not r.deleted"""
    else:
        picked = f"""select {place}, r.codec, r.content, r.rid, r.d, null::int8 {own} {beyond}
  order by r.d desc, r.rid limit {limit}"""
    counted_by = f"count(distinct r.rid) {marked}" if by_token else f"count(*) {own}"
    total = [f"(select {place}, null::int2, null::bytea, null::int8, null::timestamptz, (select {counted_by}))"] if counted else []
    return [f"({picked})", *total], following


@cache
def sections(patient_schema: str, shapes: tuple[Shape, ...]) -> str:
    """The patient as section 0 with its clock as `number`, then every section in the order asked, its rows newest first.

    `$9` prid, `$10` rtype, `$11` id; then each section's. A count is a row without `rid`. Deleted: the patient has no content.
    """
    clock = "(select ver from kernel.patient_clock where tenant = $1 and prid = $9)"
    parts = [f"(select 0 as section, codec, content, rid, d, {clock} as number from own)"]
    following = 12
    for place, shape in enumerate(shapes, 1):
        selects, following = section(place, shape, following)
        parts += selects
    outcome = "(select case when (select not deleted from own) then 200 else 404 end)::int2"
    return f"""with own as materialized (
  select r.prid, r.version, r.deleted, r.codec, r.content, r.rid, r.d
  from (select * from {patient_schema}.resource where tenant = $1 and rid = $9 offset 0) r where r.rtype = $10::int2 and r.id = $11::text),
{logged("own", outcome, rtype="$10::int2", id="$11::text", detail="'chart'")},
found as ({" union all ".join(parts)})
select found.*, {HEAD} as head from (select 1) as one left join found on true"""
