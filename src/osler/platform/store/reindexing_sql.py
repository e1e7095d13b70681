"""The statements of a reindex. `$1` is always the tenant; a batch is committed whole, with the place where the next one begins."""

from __future__ import annotations

from functools import cache

from osler.platform.store.writing_sql import INDEXES, NULLABLE

PLACE = (("prid", "int8"), ("d", "timestamptz"), ("rid", "int8"))

BEGUN = """select after, done, expected::text as expected from kernel.reindex
  where tenant = $1 and rtype = $2 and codes = $3 and fingerprint = $4"""
NOW = "select clock_timestamp() - interval '1 minute' as now"
"""A little earlier: a write's time is its process's, and taken before its commit."""
FORGET = "delete from kernel.reindex where tenant = $1 and rtype = $2 and codes = $3"
REACHED = """insert into kernel.reindex (tenant, rtype, codes, fingerprint, after, done, expected)
  values ($1, $2, $3, $4, $5, $6, $7::text::jsonb)
  on conflict (tenant, rtype, codes) do update set fingerprint = excluded.fingerprint, after = excluded.after, done = excluded.done,
    expected = excluded.expected, updated = now()"""


@cache
def batch(schema: str) -> str:
    """Records of `$2` (type) after id `$3`, at most `$4`."""
    return f"""select id, rid, version, prid, d, codec, content from {schema}.resource
  where tenant = $1 and rtype = $2 and id > $3 and not deleted order by id limit $4"""


@cache
def some(schema: str) -> str:
    """The records of these numbers."""
    return f"""select id, rid, version, prid, d, codec, content from {schema}.resource
  where tenant = $1 and rid = any($2::int8[]) and rtype = $3 and not deleted"""


@cache
def hold(schema: str) -> str:
    """Of `$2`, `$3` (number, version): those still at that version. They stay so until the commit; locked in every writer's order."""
    return f"""select r.rid from unnest($2::int8[], $3::int4[]) as x(rid, version)
  join {schema}.resource r on r.tenant = $1 and r.rid = x.rid and r.version = x.version
  where not r.deleted order by r.rid for no key update of r"""


@cache
def move(schema: str) -> str:
    """Put patient, date and words right where they are not."""
    return f"""update {schema}.resource r set prid = x.prid, d = x.d, words = x.words::tsvector
  from unnest($2::int8[], $3::int8[], $4::timestamptz[], $5::text[]) as x(rid, prid, d, words)
  where r.tenant = $1 and r.rid = x.rid and (r.prid, r.d, r.words) is distinct from (x.prid, x.d, x.words::tsvector)"""


@cache
def add(schema: str, kind: int) -> str:
    """Insert those rows of table `kind` that are not there; answers how many."""
    table, columns = INDEXES[kind]
    names = ", ".join(name for name, _ in (*PLACE, *columns))
    # offset 0: probed row by row; as a join it might read the whole table for each batch
    here = f"select 1 from {schema}.{table} s where s.tenant = $1 and {_same(columns)} offset 0"
    return f"""with added as (insert into {schema}.{table} (tenant, {names}) select $1, {names} from {_unnest(columns)}
  where not exists ({here}) returning 1) select count(*) as rows from added"""


@cache
def remove(schema: str, kind: int) -> str:
    """Take out exactly these rows of table `kind`; answers how many."""
    table, columns = INDEXES[kind]
    return f"""with gone as (delete from {schema}.{table} s using {_unnest(columns)} where s.tenant = $1 and {_same(columns)} returning 1)
  select count(*) as rows from gone"""


@cache
def count(schema: str, kind: int) -> str:
    """How many rows each of the parameters `$2` has in table `kind`."""
    return f"select key, count(*) as rows from {schema}.{INDEXES[kind][0]} where tenant = $1 and key = any($2::int4[]) group by key"


@cache
def written_since(schema: str) -> str:
    """Whether a record of type `$2` was written, or deleted, after `$3`."""
    return f"select 1 as one from {schema}.resource where tenant = $1 and rtype = $2 and updated > $3 limit 1"


@cache
def rows_of(schema: str, kind: int) -> str:
    """Every row of the parameters `$2`, for a look at each."""
    table, columns = INDEXES[kind]
    return f"select {', '.join(name for name, _ in (*PLACE, *columns))} from {schema}.{table} where tenant = $1 and key = any($2::int4[])"


@cache
def drop(schema: str, kind: int) -> str:
    """Take out rows of the parameters `$2`, at most `$3` at a time; answers how many."""
    table, _ = INDEXES[kind]
    return f"""with part as materialized (select ctid from {schema}.{table} where tenant = $1 and key = any($2::int4[]) limit $3),
gone as (delete from {schema}.{table} where ctid in (select ctid from part) and tenant = $1 returning 1)
select count(*) as rows from gone"""


def _unnest(columns: tuple[tuple[str, str], ...]) -> str:
    every = (*PLACE, *columns)
    arrays = ", ".join(f"${number}::{kind}[]" for number, (_, kind) in enumerate(every, 2))
    return f"unnest({arrays}) as x({', '.join(name for name, _ in every)})"


def _same(columns: tuple[tuple[str, str], ...]) -> str:
    return " and ".join(f"s.{name} {'is not distinct from' if name in NULLABLE else '='} x.{name}" for name, _ in (*PLACE, *columns))
