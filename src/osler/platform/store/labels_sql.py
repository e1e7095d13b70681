"""The statement behind `$meta` of a type or of everything."""

from __future__ import annotations

from functools import cache


@cache
def walk(schema: str) -> str:
    """One record for each value and system under each key, found by skipping from value to value. `$2` keys, `$3` and `$4` limits."""
    return f"""with sample as materialized (
  select distinct s.rid from unnest($2::int4[]) as k(key) cross join lateral (
    with recursive v as (
      (select i.val from {schema}.idx_token i where i.tenant = $1 and i.key = k.key order by i.val limit 1)
      union all
      select (select i.val from {schema}.idx_token i where i.tenant = $1 and i.key = k.key and i.val > v.val order by i.val limit 1)
      from v where v.val is not null
    ) select val from v where val is not null limit $3
  ) w cross join lateral (
    select distinct on (sys) sys, rid from (
      select i.sys, i.rid from {schema}.idx_token i where i.tenant = $1 and i.key = k.key and i.val = w.val limit $4
    ) alike order by sys, rid
  ) s
) select r.codec, r.content from sample s cross join lateral (
  select * from {schema}.resource r where r.tenant = $1 and r.rid = s.rid and not r.deleted offset 0) r"""
