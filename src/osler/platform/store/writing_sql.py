"""The statements that write: rows of many resources as arrays, unnested once per table, all in one statement.

A resource's search rows name it by its place `i` in the arrays of resources, so that its (prid, d, rid) are sent once.
Parameters are numbered as they are added; `Numbered` keeps count.
"""

from __future__ import annotations

from functools import cache

from osler.platform.audit.chain import INSERT
from osler.platform.store.reading_sql import HEAD

INDEXES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("idx_token", (("key", "int4"), ("val", "int8"), ("sys", "int4"))),
    ("idx_string", (("key", "int4"), ("val", "text"))),
    ("idx_ident", (("key", "int4"), ("val", "text"), ("sys", "text"))),
    ("idx_date", (("key", "int4"), ("lo", "timestamptz"), ("hi", "timestamptz"))),
    (
        "idx_quantity",
        (("key", "int4"), ("code", "int8"), ("lo", "float8"), ("hi", "float8"), ("base", "int8"), ("blo", "float8"), ("bhi", "float8")),
    ),
    (
        "idx_composite",
        (
            ("key", "int4"),
            ("val", "int8"),
            ("val2", "int8"),
            ("lo", "float8"),
            ("hi", "float8"),
            ("sys", "int4"),
            ("wide", "bool"),
            ("sys2", "int4"),
            ("unit", "int8"),
            ("base", "int8"),
            ("lo2", "float8"),
            ("hi2", "float8"),
            ("val3", "text"),
        ),
    ),
)
"""The sidecar tables with the columns that are their own, in the order of `IndexRows`."""
NULLABLE = frozenset({"base", "blo", "bhi", "sys2", "unit", "lo2", "hi2", "val3"})

RESOURCE = (
    ("rtype", "int2"),
    ("codec", "int2"),
    ("version", "int4"),
    ("rid", "int8"),
    ("prid", "int8"),
    ("d", "timestamptz"),
    ("updated", "timestamptz"),
    ("deleted", "bool"),
    ("id", "text"),
    ("author", "text"),
    ("content", "bytea"),
    ("words", "tsvector"),
)
"""The columns of `resource` that are sent, in the order of `rows.Row`."""
NAMES = ", ".join(name for name, _ in RESOURCE)
KEPT = ", ".join(name for name, _ in RESOURCE if name != "words")
"""What a superseded version keeps: nobody searches it by its words."""
SENT = {"tsvector": "text"}
"""Types that travel as another: PostgreSQL reads them."""


class Numbered:
    """Hands out `$n`."""

    def __init__(self, first: int) -> None:
        self.next = first

    def unnest(self, columns: tuple[tuple[str, str], ...], extra: tuple[tuple[str, str], ...] = ()) -> str:
        """`unnest($5::int2[], …) as x(rtype, …)` over the next parameters."""
        every = extra + columns
        arrays = ", ".join(f"${self.next + place}::{SENT.get(kind, kind)}[]" for place, (_, kind) in enumerate(every))
        self.next += len(every)
        return f"unnest({arrays}) as x({', '.join(name for name, _ in every)})"


NEW_SHAPES = (0b001001, 0b111001, 0b001111, 0b111111)
CHANGE_SHAPES = (0b000000, 0b000001, 0b110000, 0b001001, 0b111001, 0b111111)
"""Sets of tables (bit 0: idx_token) a statement may name: rows of the common resources, and of their common changes."""


def chosen(tables: int) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """Those of `INDEXES` whose bit is set: a statement names only the tables it has rows for."""
    return [index for place, index in enumerate(INDEXES) if tables >> place & 1]


def index_inserts(schema: str, numbered: Numbered, tables: int, when: str) -> list[str]:
    """One CTE per sidecar table that adds the rows sent, for the resources `when` allows."""
    found = []
    arrays = resource_arrays()
    for table, columns in chosen(tables):
        names = ", ".join(name for name, _ in columns)
        source = numbered.unnest(columns, (("i", "int4"),))
        found.append(
            f"""{table}_in as (insert into {schema}.{table} (tenant, prid, d, rid, {names})
  select $1, ({arrays["prid"]})[i], ({arrays["d"]})[i], ({arrays["rid"]})[i], {names} from {source} {when})"""
        )
    return found


def index_deletes(schema: str, numbered: Numbered, tables: int, when: str) -> list[str]:
    """One CTE per sidecar table that takes out exactly the rows sent, each found through the search index by its full key."""
    found = []
    for table, columns in chosen(tables):
        same = " and ".join(f"s.{name} {'is not distinct from' if name in NULLABLE else '='} x.{name}" for name, _ in columns)
        source = numbered.unnest(columns, (("prid", "int8"), ("d", "timestamptz"), ("rid", "int8")))
        found.append(
            f"""{table}_out as (delete from {schema}.{table} s using {source}
  where s.tenant = $1 and s.prid = x.prid and s.d = x.d and s.rid = x.rid and {same} {when})"""
        )
    return found


def clocks(numbered: Numbered, when: str) -> str:
    """Bump the clock of each patient sent, in the order sent (sorted, so that no two writers wait for each other)."""
    place = numbered.next
    numbered.next += 1
    return f"""clocked as (insert into kernel.patient_clock as c (tenant, prid, ver)
  select $1, prid, 1 from unnest(${place}::int8[]) as x(prid) {when}
  on conflict (tenant, prid) do update set ver = c.ver + 1)"""


RESOURCE_FIRST = 5
"""`$1`-`$4`: tenant, stream, seq, head."""


def resource_arrays() -> dict[str, str]:
    """`rid` -> `$8::int8[]` and so on."""
    return {name: f"${RESOURCE_FIRST + place}::{SENT.get(kind, kind)}[]" for place, (name, kind) in enumerate(RESOURCE)}


def recorded(numbered: Numbered, source: str) -> list[str]:
    """The outbox rows and audit rows of the resources in `source`, a relation with the columns of RESOURCE and EXTRA and with n."""
    return [
        f"""queued as (insert into kernel.outbox (tenant, at, rtype, version, op, rid, id, actor, request_id, due)
  select $1, updated, rtype, version, op::"char", rid, id, author, request_id, updated from {source} order by n)""",
        f"""logged as ({INSERT}
  select $1, $2, $3 + n - 1, $3, updated, prid, version, rtype, outcome, upper(op)::"char", author, id, request_id, '',
    audit.digest($4, $1, $2, $3 + n - 1, updated, prid, version, rtype, outcome, upper(op)::"char", author, id, request_id, '')
  from {source} returning seq, hash)""",
    ]


def tallied(schema: str, change: str, source: str) -> str:
    """Count the records that came and went, type by type."""
    return f"""tallied as (insert into {schema}.tally as y (tenant, rtype, n)
  select $1, sent.rtype, sum({change}) from {source} group by sent.rtype having sum({change}) <> 0 order by sent.rtype
  on conflict (tenant, rtype, counted_by) do update set n = y.n + excluded.n)"""


EXTRA = (("op", "text"), ("request_id", "text"), ("outcome", "int2"))


def sent(numbered: Numbered, extra: tuple[tuple[str, str], ...]) -> str:
    """The CTE `sent`: the resources of this statement with their place `n`."""
    source = numbered.unnest(RESOURCE + extra)
    return f"sent as materialized (select * from {source.replace(' as x(', ' with ordinality as x(')[:-1]}, n))"


@cache
def insert(schema: str, tables: int, *, settle: bool) -> str:
    """Write new resources with their search rows (in `tables`); with `settle` also clocks, outbox and audit: a whole commit."""
    numbered = Numbered(RESOURCE_FIRST)
    parts = [sent(numbered, EXTRA)]
    parts.append(f"stored as (insert into {schema}.resource (tenant, {NAMES}) select $1, {KEPT}, words::tsvector from sent)")
    parts.append(tallied(schema, "(not sent.deleted)::int4", "sent"))
    parts += index_inserts(schema, numbered, tables, "")
    if settle:
        parts += [clocks(numbered, ""), *recorded(numbered, "sent")]
    return f"with {', '.join(parts)} select {HEAD if settle else '$2::int8, $3::int8, $4::bytea'} as head"


@cache
def replace(schema: str, tables: int, *, settle: bool) -> str:
    """Supersede the versions named by `expected`: history, the new row, the difference of search rows. Answers the rids it replaced.

    A row that is no longer at its expected version is left alone, with all that belongs to it.
    """
    numbered = Numbered(RESOURCE_FIRST)
    parts = [sent(numbered, (*EXTRA, ("expected", "int4")))]
    parts.append(
        f"""was as materialized (select r.* from sent
  join {schema}.resource r on r.tenant = $1 and r.rid = sent.rid and r.rtype = sent.rtype
  and r.id = sent.id where r.version = sent.expected order by r.rid for update of r)"""
    )
    parts.append(f"kept as (insert into {schema}.resource_history (tenant, labels, {KEPT}) select tenant, labels, {KEPT} from was)")
    columns = ", ".join(
        f"{name} = sent.{name}{'::tsvector' if name == 'words' else ''}" for name, _ in RESOURCE if name not in ("rid", "rtype", "id")
    )
    parts.append(
        f"""put as (update {schema}.resource r set {columns} from sent join was on was.rid = sent.rid
  where r.tenant = $1 and r.rtype = sent.rtype and r.id = sent.id and r.version = sent.expected returning r.rid)"""
    )
    parts.append(
        tallied(schema, "was.deleted::int4 - sent.deleted::int4", "sent join was on was.rid = sent.rid join put on put.rid = sent.rid")
    )
    both = ", ".join(f"sent.{name}" for name, _ in RESOURCE + EXTRA)
    parts.append(f"done as materialized (select {both}, row_number() over (order by n) as n from sent join put on put.rid = sent.rid)")
    rid = resource_arrays()["rid"]
    parts += index_deletes(schema, numbered, tables, "and x.rid in (select rid from put)")
    parts += index_inserts(schema, numbered, tables, f"where ({rid})[i] in (select rid from put)")
    if settle:
        parts += [clocks(numbered, "where exists (select 1 from put)"), *recorded(numbered, "done")]
    head = HEAD if settle else "$2::int8, $3::int8, $4::bytea"
    return f"with {', '.join(parts)} select (select coalesce(array_agg(rid), '{{}}') from put) as replaced, {head} as head"


@cache
def settle() -> str:
    """The last statement of a transaction: clocks, outbox rows of resources and events, and every audit row.

    `$1`-`$4` tenant, stream, seq, head; `$5` patients; then the outbox's columns; then those of `audit.Entry`.
    """
    return f"""with clocked as (insert into kernel.patient_clock as c (tenant, prid, ver)
  select $1, prid, 1 from unnest($5::int8[]) as x(prid) on conflict (tenant, prid) do update set ver = c.ver + 1),
queued as (insert into kernel.outbox (tenant, at, due, kind, rtype, version, op, rid, id, actor, request_id, payload)
  select $1, at, at, kind, rtype, version, op::"char", rid, id, actor, request_id, payload
  from unnest($6::timestamptz[], $7::text[], $8::int2[], $9::int4[], $10::text[], $11::int8[], $12::text[], $13::text[], $14::text[],
    $15::bytea[])
    with ordinality as x(at, kind, rtype, version, op, rid, id, actor, request_id, payload, n) order by n),
logged as ({INSERT}
  select $1, $2, $3 + n - 1, $3, at, prid, version, rtype, outcome, action::"char", actor, id, request_id, detail,
    audit.digest($4, $1, $2, $3 + n - 1, at, prid, version, rtype, outcome, action::"char", actor, id, request_id, detail)
  from unnest($16::timestamptz[], $17::int8[], $18::int4[], $19::int2[], $20::int2[], $21::text[], $22::text[], $23::text[], $24::text[],
    $25::text[])
    with ordinality as e(at, prid, version, rtype, outcome, action, actor, id, request_id, detail, n)
  returning seq, hash)
select {HEAD} as head"""
