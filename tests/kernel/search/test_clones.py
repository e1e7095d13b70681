"""The bench's copies are what the API would have written: same rows in every table."""

from __future__ import annotations

import json
import re
from typing import Any

import asyncpg
from bench.clones import SHARED
from tests.kernel.search.loaded import SYSTEM, copy, load

from osler.platform import fhir
from osler.platform.testing.contexts import process_on
from osler.platform.testing.database import TestDatabase

TABLES = ("idx_token", "idx_string", "idx_ident", "idx_date", "idx_quantity", "idx_composite")


async def rows_of(connection: asyncpg.Connection, schema: str, tenant: int, rid: int) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is stored of one record but who wrote it when."""
    found = {}
    for table in TABLES:
        rows = await connection.fetch(f"select * from {schema}.{table} where tenant = $1 and rid = $2", tenant, rid)
        found[table] = sorted(tuple(value for name, value in row.items() if name != "tenant") for row in rows)  # type: ignore[type-var]
    row = await connection.fetchrow(
        f"select rtype, codec, version, labels, prid, d, deleted, id, words::text from {schema}.resource where tenant = $1 and rid = $2",
        tenant,
        rid,
    )
    assert row is not None
    # Each word begins with its tenant's number.
    return found | {"resource": [(*tuple(row)[:-1], sorted(re.sub(r"'[0-9a-z]+(?=[.~])", "'", row["words"]).split()))]}


async def test_a_copy_has_the_rows_that_the_api_writes(database: TestDatabase) -> None:
    async with process_on(database) as process, database.owner() as owner:
        ctx, other = process.context(database.alpha, SYSTEM), process.context(database.beta, SYSTEM)
        await load(ctx, 2)
        before = await owner.fetchval("select count(*) from patient.resource where tenant = $1", database.alpha.key)

        made = await copy(process, ctx, 2)

        assert made > 100
        assert await owner.fetchval("select count(*) from patient.resource where tenant = $1", database.alpha.key) == 2 * before
        compared = 0
        for service in database.services:
            schema = service.name
            rows = await owner.fetch(
                f"select rtype, id, rid, codec, content from {schema}.resource where tenant = $1 and author = $2",
                *(database.alpha.key, ctx.actor.id),
            )
            for row in rows[::7]:
                kind = fhir.TYPE_NAME[row["rtype"]]
                if kind in SHARED:
                    continue
                # The same body under the same id by the API, in the other tenant.
                body = process.store.kernel.codec.unpack(row["codec"], row["content"])
                await other.store.update(other, fhir.parse(body), row["id"])
                mine = await rows_of(owner, schema, database.alpha.key, row["rid"])
                theirs = await rows_of(owner, schema, database.beta.key, row["rid"])
                for table, found in mine.items():
                    assert json.dumps(found, default=str) == json.dumps(theirs[table], default=str), (kind, table)
                compared += 1
        assert compared > 30
        for service in database.services:
            counted = f"select rtype, sum(n) from {service.name}.tally where tenant = $1 group by 1 having sum(n) <> 0 order by 1"
            there = f"select rtype, count(*) from {service.name}.resource where tenant = $1 and not deleted group by 1 order by 1"
            assert [tuple(row) for row in await owner.fetch(counted, database.alpha.key)] == [
                tuple(row) for row in await owner.fetch(there, database.alpha.key)
            ]
