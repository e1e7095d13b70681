"""By which extractor a type's search rows were made: a new release may find more in a record than its old rows say.

Such a type is stale until `osler reindex` has been over it; `osler doctor` names it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from hashlib import blake2b

import asyncpg

from osler.platform.fhir import TYPE_CODE, TYPE_NAME, TYPES
from osler.platform.fhir.index_source import extractor_source

ROWS = "1"
"""Moves when the rows of a datatype change without a change in any extractor's text."""
EVERY_TENANT = 0
UNKNOWN = "unknown"
MADE_BY = "select tenant, rtype, fingerprint from kernel.index_version"
FILLED = """select t.key, k.rtype from kernel.tenant t cross join unnest($1::int2[]) as k(rtype)
  where exists (select 1 from {schema}.resource r where r.tenant = t.key and r.rtype = k.rtype)"""
STAMP = """insert into kernel.index_version (tenant, rtype, fingerprint) select $1, rtype, fingerprint
  from unnest($2::int2[], $3::text[]) as x(rtype, fingerprint)
  on conflict (tenant, rtype) do update set fingerprint = excluded.fingerprint, at = now()"""


@cache
def fingerprint(type_name: str) -> str:
    """What tells one extractor from another."""
    return blake2b(f"{ROWS}\n{extractor_source(type_name)}".encode(), digest_size=12).hexdigest()


async def filled(owner: asyncpg.Connection, schemas: Iterable[str]) -> set[tuple[int, int]]:
    """(tenant, type) of which there are records."""
    found: set[tuple[int, int]] = set()
    for schema in schemas:
        if await owner.fetchval("select to_regclass($1)", f"{schema}.resource"):
            rows = await owner.fetch(FILLED.format(schema=schema), list(TYPE_CODE.values()))
            found |= {(row["key"], row["rtype"]) for row in rows}
    return found


async def stamp_empty(owner: asyncpg.Connection, schemas: Iterable[str]) -> None:
    """After a migration: types without a record are as new as this release; rows of nobody knows which make are of an unknown one."""
    if not await owner.fetchval("select to_regclass('kernel.index_version')"):
        return
    present = {rtype for _, rtype in await filled(owner, schemas)}
    known = {row["rtype"] for row in await owner.fetch(MADE_BY) if row["tenant"] == EVERY_TENANT}
    stamps = {TYPE_CODE[name]: fingerprint(name) for name in TYPES if TYPE_CODE[name] not in present}
    stamps |= dict.fromkeys(present - known, UNKNOWN)
    await owner.execute(STAMP, EVERY_TENANT, list(stamps), list(stamps.values()))


async def stale(owner: asyncpg.Connection, schemas: Iterable[str]) -> list[tuple[int, str]]:
    """(tenant, type) whose rows were made by another extractor than this release's."""
    if not await owner.fetchval("select to_regclass('kernel.index_version')"):
        return []
    made = {(row["tenant"], row["rtype"]): row["fingerprint"] for row in await owner.fetch(MADE_BY)}
    found = []
    for tenant, rtype in sorted(await filled(owner, schemas)):
        by = made.get((tenant, rtype), made.get((EVERY_TENANT, rtype), UNKNOWN))
        if by != fingerprint(TYPE_NAME[rtype]):
            found.append((tenant, TYPE_NAME[rtype]))
    return found
