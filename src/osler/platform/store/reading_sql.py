"""The statements that read, each with its audit row in the same commit. `$1`-`$6`: tenant, stream, seq, head, at, action."""

from __future__ import annotations

from functools import cache

from osler.platform.audit.chain import INSERT

HEAD = "(select sha256(string_agg(hash, ''::bytea order by seq)) from logged)"
COLUMNS = "rtype, id, version, updated, deleted, codec, content, rid, prid"


@cache
def read(schema: str) -> str:
    """Many records by type and id. `$7`-`$10`: rtype, id, actor, request id. One row per request, in no order but with its `n`."""
    return f"""with asked as materialized (
  select a.n, a.rtype, a.id, a.actor, a.request_id, r.version, r.updated, r.deleted, r.codec, r.content, r.rid, coalesce(r.prid, 0) as prid,
    (case when r.rid is null then 404 when r.deleted then 410 else 200 end)::int2 as outcome
  from unnest($7::int2[], $8::text[], $9::text[], $10::text[]) with ordinality as a(rtype, id, actor, request_id, n)
    left join {schema}.resource r on r.tenant = $1 and r.rtype = a.rtype and r.id = a.id
), logged as (
  {INSERT}
  select $1, $2, $3 + n - 1, $3, $5, prid, coalesce(version, 0), rtype, outcome, $6::text::"char", actor, id, request_id, '',
    audit.digest($4, $1, $2, $3 + n - 1, $5, prid, coalesce(version, 0), rtype, outcome, $6::text::"char", actor, id, request_id, '')
  from asked returning seq, hash
)
select n, version, updated, deleted, codec, content, rid, case n when 1 then {HEAD} end as head from asked"""


def logged(found: str, outcome: str, *, rtype: str, id: str, detail: str = "''") -> str:  # noqa: A002 - FHIR's word
    """An audit row about what the CTE `found` found; `$7` and `$8` are actor and request id, `outcome` an int2 expression."""
    row = f"coalesce((select max(prid) from {found}), 0), coalesce((select max(version) from {found}), 0), {rtype}, {outcome}"
    return f"""logged as (
  {INSERT}
  select $1, $2, $3, $3, $5, prid, version, rtype, outcome, $6::text::"char", $7, id, $8, detail,
    audit.digest($4, $1, $2, $3, $5, prid, version, rtype, outcome, $6::text::"char", $7, id, $8, detail)
  from (select {row}, {id}, {detail}) as e(prid, version, rtype, outcome, id, detail) returning seq, hash
)"""


@cache
def vread(schema: str) -> str:
    """One version of one record. `$9`-`$12`: rtype, id, version, rid."""
    versions = f"""
    select {COLUMNS} from {schema}.resource where tenant = $1 and rtype = $9 and id = $10 and version = $11
    union all
    select {COLUMNS} from {schema}.resource_history where tenant = $1 and rid = $12 and version = $11 and id = $10"""
    outcome = "(case when not exists (select 1 from found) then 404 when (select bool_or(deleted) from found) then 410 else 200 end)::int2"
    return f"""with found as materialized ({versions}),
{logged("found", outcome, rtype="$9::int2", id="$10::text", detail="'_history/' || $11::int4")}
select found.*, {HEAD} as head from (select 1) as one left join found on true"""


@cache
def current(schema: str, *, lock: bool = False) -> str:
    """The present row of records, for a write that follows; not audited by itself. `$1`-`$3`: tenant, rtype, id."""
    order = "order by r.rid for update of r" if lock else ""
    return f"""select r.rtype, r.id, r.version, r.updated, r.deleted, r.codec, r.content, r.rid, r.prid, r.d
  from unnest($2::int2[], $3::text[]) as a(rtype, id)
  join {schema}.resource r on r.tenant = $1 and r.rtype = a.rtype and r.id = a.id {order}"""


PICKS = {
    "instance": ("rtype = $9 and id = $10", "rid = $14 and id = $10"),
    "type": ("rtype = $9", "rtype = $9"),
    "system": ("rtype = kind", "rtype = kind"),
}
Schemas = tuple[tuple[str, tuple[int, ...]], ...]
"""Schemas with the codes of their types: a system history asks type by type, because the index by time begins with the type."""


@cache
def history(schemas: Schemas, scope: str, *, after: bool, at: bool) -> str:
    """Versions, newest first, at most `$13` of them. `scope`: 'instance' (`$9` rtype, `$10` id, `$14` rid), 'type' (`$9`) or 'system'.

    From `$11` to before `$12`, and with `at` also what was already there at `$11`; `after`: only beyond the cursor `$15`-`$17`
    (updated, rid, version). https://hl7.org/fhir/R4/http.html#history
    """
    beyond = "and (updated, rid, version) < ($15::timestamptz, $16::int8, $17::int4)" if after else ""
    order = "order by updated desc, rid desc, version desc limit $13"
    parts = []
    for schema, types in schemas:
        next_version = " or ".join(
            f"""exists (select 1 from {schema}.{table} n
      where n.tenant = $1 and n.rid = v.rid and n.version = v.version + 1 and n.updated <= $11)"""
            for table in ("resource", "resource_history")
        )
        since = f"(updated >= $11 or not ({next_version}))" if at else "updated >= $11"
        for table, pick in zip(("resource", "resource_history"), PICKS[scope], strict=True):
            part = f"select {COLUMNS} from {schema}.{table} v where tenant = $1 and {pick} and {since} and updated < $12 {beyond} {order}"
            if scope == "system":
                kinds = ",".join(str(code) for code in types)
                part = f"select w.* from unnest('{{{kinds}}}'::int2[]) as t(kind) cross join lateral ({part}) w {order}"
            parts.append(f"({part})")
    exists = f"exists (select 1 from {schemas[0][0]}.resource where tenant = $1 and rtype = $9 and id = $10)"
    outcome = f"(case when {exists} then 200 else 404 end)::int2" if scope == "instance" else "200::int2"
    detail = "(select coalesce(string_agg(rtype || '/' || id || '/' || version, ' '), '') from found)"
    return f"""with found as materialized ({" union all ".join(parts)} {order}),
{logged("found", outcome, rtype="coalesce($9::int2, 0::int2)", id="coalesce($10::text, '')", detail=detail)}
select found.*, one.outcome, {HEAD} as head
from (select {outcome} as outcome, $14::int8 as asked) as one left join found on true order by updated desc, rid desc, version desc"""
