"""One embedded server per test session, one migrated template in it, and a copy of that for every test that asks."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from osler.platform.context import Tenant
from osler.platform.manifest import Service
from osler.platform.postgres import Login, Server, deployment_secret, launch
from osler.platform.store.migrate import ensure_database, migrate, owner
from osler.platform.store.roles import sign_in
from osler.platform.store.tenants import create_tenant

TENANTS = ("alpha", "beta")


@dataclass(slots=True)
class TestServer:
    """The session's server with its migrated template database, which has the tenants `alpha` and `beta`."""

    __test__ = False

    server: Server
    secret: bytes
    services: tuple[Service, ...]
    template: str
    tenants: tuple[Tenant, Tenant]
    numbers: Iterator[int]

    @asynccontextmanager
    async def database(self) -> AsyncIterator[TestDatabase]:
        """A database of its own, dropped afterwards."""
        name = f"test_{next(self.numbers)}"
        await self.command(f"create database {name} template {self.template} strategy file_copy")
        admin = self.server.login.to(name)
        names = [service.name for service in self.services]
        try:
            yield TestDatabase(admin, await sign_in(admin, self.secret, names, names), self.secret, self.services, *self.tenants)
        finally:
            await self.command(f"drop database {name} with (force)")

    async def command(self, statement: str) -> None:
        """Run one statement as the superuser, outside the tests' databases."""
        connection = await self.server.login.connect()
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@dataclass(frozen=True, slots=True)
class TestDatabase:
    """One test's database: `login` is the running process's role, `admin` the superuser, two tenants are in it."""

    __test__ = False

    admin: Login
    login: Login
    secret: bytes
    services: tuple[Service, ...]
    alpha: Tenant
    beta: Tenant

    async def login_of(self, services: Iterable[str]) -> Login:
        """The login of a process that runs only these services."""
        return await sign_in(self.admin, self.secret, services, [service.name for service in self.services])

    @asynccontextmanager
    async def connection(self, tenant: Tenant | None = None) -> AsyncIterator[asyncpg.Connection]:
        """A connection as the process's role, with the tenant of row-level security set when one is given."""
        connection = await self.login.connect()
        try:
            if tenant is not None:
                await connection.execute("select set_config('osler.tenant', $1, false)", str(tenant.key))
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection as the owner of all tables, whom row-level security does not bind."""
        async with owner(self.admin, [service.name for service in self.services]) as connection:
            yield connection


@contextmanager
def open_folder() -> Iterator[Path]:
    """A short folder that PostgreSQL's user may enter, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="osler-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    """A server in the folder, of the PostgreSQL that `OSLER_TEST_POSTGRES_BIN` names (default: the one a user gets)."""
    named = os.environ.get("OSLER_TEST_POSTGRES_BIN")
    server = launch(folder / "data", binaries=Path(named) if named else None, say=lambda _: None)
    try:
        yield server
    finally:
        server.release()


async def hurry(admin: Login) -> None:
    """A test's database need not outlive a power cut; what a killed process may lose is not touched by this."""
    connection = await admin.connect()
    try:
        for setting in ("fsync", "full_page_writes"):
            await connection.execute(f"alter system set {setting} = off")
        await connection.execute("select pg_reload_conf()")
    finally:
        await connection.close()


async def with_template(server: Server, services: Sequence[Service], data: Path) -> TestServer:
    """The server with a migrated template database and two tenants in it."""
    await hurry(server.login)
    template = await ensure_database(server.login, "template_osler")
    await migrate(template, services, say=lambda _: None)
    async with owner(template, [service.name for service in services]) as connection:
        alpha, beta = [await create_tenant(connection, name) for name in TENANTS]
    return TestServer(server, deployment_secret(data), tuple(services), template.database, (alpha, beta), itertools.count(1))
