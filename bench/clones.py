"""Many copies of what a tenant holds: the same people and records under other ids, as the API would have written them.

Millions of resources by HTTP take an hour; by COPY, with the product's own rows, minutes. What differs between two copies is every id
and every identifier, so that references stay inside a copy; organizations, practitioners and places are shared by all.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import uvloop

from osler.app.runtime import open_runtime
from osler.platform import fhir
from osler.platform.config import settings_from
from osler.platform.context import Context
from osler.platform.fhir import TYPE_CODE, TYPE_NAME
from osler.platform.store import Store
from osler.platform.store.rows import Row
from osler.platform.store.writing import make
from osler.platform.store.writing_sql import INDEXES, RESOURCE

SHARED = frozenset(
    {"Organization", "Practitioner", "PractitionerRole", "Location", "HealthcareService", "StructureDefinition", "SearchParameter"}
)
UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NUMBERED = re.compile(
    rb'("system": *"(?:http://hl7\.org/fhir/sid/us-ssn|urn:oid:2\.16\.840\.1\.113883\.4\.3\.\d+|http://standardhealthrecord\.org/[^"]*)", *"value": *")([^"]+)'
)
"""Numbers that are one person's: social security, driver's licence, passport."""
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
STEP = 3_600_000
"""Milliseconds between the ids of two copies: new records lie behind old ones, as they do when they are made one after the other."""
FETCH = 4000
SECONDARY = """select i.schemaname as schema, i.indexname as name, i.indexdef as made from pg_indexes i
  join pg_class c on c.relname = i.indexname join pg_namespace n on n.oid = c.relnamespace and n.nspname = i.schemaname
  join pg_index x on x.indexrelid = c.oid
  where i.schemaname = any($1) and i.tablename <> 'resource_history' and not x.indisunique order by 1, 2"""


class Owned(Protocol):
    """A database of which we may be the owner."""

    def owner(self) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """A connection as the owner of all tables."""
        ...


@dataclass(slots=True)
class Renaming:
    """The ids of one copy."""

    number: int
    kept: frozenset[bytes]
    """Ids of what all copies share."""
    known: dict[bytes, bytes] = field(default_factory=dict)

    def id(self, text: bytes) -> bytes:
        """The id that stands in this copy for the original's: of the same form, a little later in time when it tells one."""
        if text in self.kept:
            return text
        found = self.known.get(text)
        if found is None:
            drawn = blake2b(text, digest_size=16, salt=b"%d" % self.number).hexdigest()
            if text[14:15] == b"7":
                moment = int(text[:8] + text[9:13], 16) + self.number * STEP
                start = f"{moment:012x}"
                found = f"{start[:8]}-{start[8:]}-7{drawn[:3]}-{text[19:20].decode()}{drawn[3:6]}-{drawn[6:18]}".encode()
            else:
                found = f"{drawn[:8]}-{drawn[8:12]}-{drawn[12:16]}-{drawn[16:20]}-{drawn[20:]}".encode()
            self.known[text] = found
        return found

    def body(self, text: bytes) -> bytes:
        """A body with every id and identifier of this copy."""
        text = UUID.sub(lambda match: self.id(match[0]), text)
        return NUMBERED.sub(lambda match: match[1] + self.digits(match[2]), text)

    def digits(self, text: bytes) -> bytes:
        """Another number of the same form: an identifier belongs to one person."""
        drawn = iter(str(int.from_bytes(blake2b(text, digest_size=32, salt=b"%d" % self.number).digest(), "big")))
        return b"".join(next(drawn, "0").encode() if 48 <= char <= 57 else bytes((char,)) for char in text)


@dataclass(slots=True)
class Target:
    """Where the copies go."""

    connection: asyncpg.Connection
    schemas: dict[str, str]
    """FHIR type -> schema."""
    tenant: int
    resources: int = 0

    async def write(self, schema: str, rows: list[Row]) -> None:
        """The rows of one schema by COPY."""
        names = [name for name, _ in RESOURCE]
        await self.copy(schema, "resource", names, [row.columns for row in rows])
        place = {name: at for at, name in enumerate(names)}
        for kind, (table, columns) in enumerate(INDEXES):
            records = [
                (row.columns[place["prid"]], row.columns[place["d"]], row.columns[place["rid"]], *values)
                for row in rows
                for values in row.new[kind]
            ]
            await self.copy(schema, table, ["prid", "d", "rid", *(name for name, _ in columns)], records)
        self.resources += len(rows)

    async def copy(self, schema: str, table: str, names: list[str], records: list[Any]) -> None:
        """COPY as text: the driver has no binary form of a text-search vector."""
        if records:
            text = "".join("\t".join(map(field_text, (self.tenant, *record))) + "\n" for record in records).encode()
            await self.connection.copy_to_table(table, schema_name=schema, columns=["tenant", *names], source=BytesIO(text), format="text")


def field_text(value: Any) -> str:
    """A value as COPY's text format has it."""
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, str):
        return value.translate(ESCAPES)
    return str(value)


async def originals(connection: asyncpg.Connection, schema: str, tenant: int) -> list[tuple[str, str, int, bytes]]:
    """(type, id, codec, content) of everything there is, oldest first."""
    rows = await connection.fetch(
        f"select rtype, id, codec, content from {schema}.resource where tenant = $1 and not deleted order by updated, rid", tenant
    )
    return [(TYPE_NAME[row["rtype"]], row["id"], row["codec"], row["content"]) for row in rows]


def copies(found: list[tuple[str, str, int, bytes]], renaming: Renaming, ctx: Context, store: Store) -> Iterator[Row]:
    """One copy's rows, made by the same function that makes the API's."""
    for kind, id_, number, content in found:
        name = renaming.id(id_.encode()) if UUID.fullmatch(id_.encode()) else f"{id_}-{renaming.number}".encode()
        body = renaming.body(store.kernel.codec.unpack(number, content))
        yield make(ctx, fhir.parse(body, kind), name.decode(), store.kernel.codec, store.kernel.parameters).row


async def multiply(database: Owned, store: Store, ctx: Context, schemas: dict[str, str], times: int, *, first: int = 1) -> int:
    """Add `times - 1` copies of what the tenant holds, numbered from `first`; answers how many resources that is."""
    async with database.owner() as connection:
        await connection.execute(
            "set synchronous_commit = off; set maintenance_work_mem = '512MB'; set max_parallel_maintenance_workers = 0"
        )
        target = Target(connection, schemas, ctx.tenant.key)
        every = {schema: await originals(connection, schema, ctx.tenant.key) for schema in sorted(set(schemas.values()))}
        kept = frozenset(id_.encode() for found in every.values() for kind, id_, _, _ in found if kind in SHARED)
        indexes = await connection.fetch(SECONDARY, list(every))
        for index in indexes:
            await connection.execute(f"drop index {index['schema']}.{index['name']}")
        for number in range(first, first + times - 1):
            renaming = Renaming(number, kept)
            for schema, found in every.items():
                own = [one for one in found if one[0] not in SHARED]
                rows = copies(own, renaming, ctx, store)
                for _ in range(0, len(own), FETCH):
                    part = [row for row, _ in zip(rows, range(FETCH), strict=False)]
                    await target.write(schema, part)
        for index in indexes:
            await connection.execute(index["made"])
        for schema in every:
            await connection.execute(f"delete from {schema}.tally where tenant = $1", ctx.tenant.key)
            there = f"select tenant, rtype, 0, count(*) from {schema}.resource where tenant = $1 and not deleted group by 1, 2"
            await connection.execute(f"insert into {schema}.tally (tenant, rtype, counted_by, n) {there}", ctx.tenant.key)
        patients = "select tenant, rid, 1 from patient.resource where tenant = $1 and rtype = $2 and not deleted on conflict do nothing"
        await connection.execute(f"insert into kernel.patient_clock (tenant, prid, ver) {patients}", ctx.tenant.key, TYPE_CODE["Patient"])
        return target.resources


async def run(data: Path, tenant: str, times: int) -> None:
    settings = settings_from(os.environ, data=data)
    begun = time.monotonic()
    async with open_runtime(settings, lambda _: None) as runtime:
        ctx = await runtime.context_of_system(tenant, "bench")
        schemas = {kind: service.name for service in runtime_services() for kind in service.types}
        made = await multiply(runtime.database, runtime.store, ctx, schemas, times)
        async with runtime.database.owner() as owner:
            for (schema,) in await owner.fetch("select distinct table_schema from information_schema.tables where table_name = 'resource'"):
                for (table,) in await owner.fetch("select tablename from pg_tables where schemaname = $1", schema):
                    await owner.execute(f"vacuum (analyze) {schema}.{table}")
            await owner.execute("vacuum (analyze) kernel.patient_clock")
    print(f"{made:,} resources copied in {time.monotonic() - begun:.0f} s", flush=True)


def runtime_services() -> tuple[Any, ...]:
    """All services."""
    from osler.app.services import SERVICES

    return SERVICES


def main() -> None:
    """Multiply a data folder's tenant from the command line."""
    wanted = argparse.ArgumentParser(prog="python -m bench.clones", description=__doc__)
    wanted.add_argument("--data", type=Path, required=True, help="the data folder; no server may be running on it")
    wanted.add_argument("--tenant", default="demo")
    wanted.add_argument("--times", type=int, default=34)
    options = wanted.parse_args()
    uvloop.run(run(options.data, options.tenant, options.times))


if __name__ == "__main__":
    main()
