"""Bring a database to what this version needs: numbered plain SQL, each file once, each in its own transaction.

Three sources: the kernel's files (schemas `kernel` and `audit`), the store's template (once per service schema, `{schema}`), and the
service's own. `pre` files run before the new code, `post` files after it; a file that has run may never change.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import asyncpg

from osler.platform.errors import Conflict
from osler.platform.manifest import Service
from osler.platform.postgres import Login, PostgresTrouble
from osler.platform.store.index_versions import stamp_empty
from osler.platform.store.roles import OWNER, ensure_roles

Phase = Literal["pre", "post"]
KERNEL = Path(__file__).parent / "migrations"
TEMPLATE = KERNEL / "service"
NAME = re.compile(r"^(\d{4})_(pre|post)_[a-z0-9_]+\.sql$")
ALONE = "-- concurrently"
"""First line of a file with one statement that must run outside a transaction, such as CREATE INDEX CONCURRENTLY."""
LOCK = 0x6F736C6572  # "osler"
FLOOR = 150000
TIMEOUTS = "set lock_timeout = '10s'; set statement_timeout = '30min'; set client_min_messages = warning"
RECORD = "insert into kernel.migration (scope, name, checksum) values ($1, $2, $3)"
LEDGER = """
create schema if not exists kernel;
create table if not exists kernel.migration (
  scope text collate "C" not null, name text collate "C" not null, checksum text not null, applied timestamptz not null default now(),
  primary key (scope, name)
)"""


class MigrationChanged(Conflict):
    """A file that has already run reads differently now; write a new one instead."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file for one scope (`kernel`, `store/<service>` or `<service>`)."""

    scope: str
    name: str
    sql: str = field(repr=False)

    @property
    def checksum(self) -> str:
        """What tells a changed file."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def phase(self) -> str:
        """`pre` or `post`."""
        return self.name.split("_")[1]


def files(folder: Path, scope: str, schema: str | None = None) -> list[Migration]:
    """The folder's migrations in the order of their numbers. Raises `PostgresTrouble` for a name or number that breaks the rule."""
    found = []
    numbers = set()
    for path in sorted(folder.glob("*.sql")) if folder.is_dir() else ():
        match = NAME.match(path.name)
        if match is None or match.group(1) in numbers:
            raise PostgresTrouble(f"{path} must be named 0001_pre_what_it_does.sql, with a number of its own")
        numbers.add(match.group(1))
        text = path.read_text()
        found.append(Migration(scope, path.name, text if schema is None else text.replace("{schema}", schema)))
    return found


def all_migrations(services: Iterable[Service], kernel: Path = KERNEL, template: Path = TEMPLATE) -> list[Migration]:
    """Everything in the order in which it runs: the kernel, the store's tables of each service, then each service's own."""
    chosen = list(services)
    found = files(kernel, "kernel")
    for service in chosen:
        found += files(template, f"store/{service.name}", service.name)
    for service in chosen:
        found += files(service.migrations, service.name)
    return found


async def migrate(
    admin: Login, services: Sequence[Service], phases: Sequence[Phase] = ("pre", "post"), say: Callable[[str], None] = print
) -> int:
    """Run what has not run yet and answer how many files that were. Two processes that start at once do it once."""
    return await run(
        admin, [service.name for service in services], [each for each in all_migrations(services) if each.phase in phases], say
    )


async def run(admin: Login, names: Sequence[str], wanted: Sequence[Migration], say: Callable[[str], None] = print) -> int:
    """Run those of the migrations that have not run yet, in order, under one lock."""
    async with owner(admin, names) as connection:
        if not pending(wanted, await applied(connection)):
            return 0
        await connection.execute("select pg_advisory_lock($1)", LOCK)
        try:
            await connection.execute(LEDGER)
            todo = pending(wanted, await applied(connection))
            for migration in todo:
                await apply(connection, migration)
            await stamp_empty(connection, names)
        finally:
            await connection.execute("select pg_advisory_unlock($1)", LOCK)
        say(f"Database brought up to date: {len(todo)} migrations")
        return len(todo)


def pending(wanted: Iterable[Migration], done: dict[tuple[str, str], str]) -> list[Migration]:
    """What has not run. Raises `MigrationChanged` when a file that has run reads differently now."""
    left = []
    for migration in wanted:
        checksum = done.get((migration.scope, migration.name))
        if checksum is None:
            left.append(migration)
        elif checksum != migration.checksum:
            raise MigrationChanged(
                f"migration {migration.scope}/{migration.name} has run and was changed afterwards; write a new file instead"
            )
    return left


async def applied(connection: asyncpg.Connection) -> dict[tuple[str, str], str]:
    """Scope and name of every migration that has run, with its checksum."""
    if not await connection.fetchval("select to_regclass('kernel.migration')"):
        return {}
    return {
        (row["scope"], row["name"]): row["checksum"] for row in await connection.fetch("select scope, name, checksum from kernel.migration")
    }


async def apply(connection: asyncpg.Connection, migration: Migration) -> None:
    """Run one file and note it, both or neither."""
    try:
        if migration.sql.startswith(ALONE):
            await connection.execute(migration.sql)
            await connection.execute(RECORD, migration.scope, migration.name, migration.checksum)
            return
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(RECORD, migration.scope, migration.name, migration.checksum)
    except asyncpg.PostgresError as failure:
        raise PostgresTrouble(f"migration {migration.scope}/{migration.name} failed: {failure}") from failure


@asynccontextmanager
async def owner(admin: Login, services: Iterable[str]) -> AsyncIterator[asyncpg.Connection]:
    """A connection that acts as the owner of all tables: for migrations and for making tenants, never for requests."""
    connection = await admin.connect()
    try:
        version = connection.get_server_version()
        if await connection.fetchval("select current_setting('server_version_num')::int") < FLOOR:
            raise PostgresTrouble(f"PostgreSQL {version.major} is too old: Osler needs 15 or newer")
        await ensure_roles(connection, services)
        await connection.execute(f"set role {OWNER}; {TIMEOUTS}")
        yield connection
    finally:
        await connection.close()


async def ensure_database(admin: Login, name: str) -> Login:
    """Make the database on an embedded server when it is missing, and answer the login to it."""
    connection = await admin.connect()
    try:
        if not await connection.fetchval("select 1 from pg_database where datname = $1", name):
            await connection.execute(f'create database "{name}"')
            await connection.execute(f'revoke connect on database "{name}" from public')
    except asyncpg.DuplicateDatabaseError:
        pass
    except asyncpg.UniqueViolationError:
        pass  # two at once: PostgreSQL says either
    finally:
        await connection.close()
    return admin.to(name)
