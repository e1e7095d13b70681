"""The database of this process: the embedded one or `OSLER_DATABASE_URL`, migrated, and signed in with the process's own role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from osler.app.services import SERVICES
from osler.platform.config import Settings
from osler.platform.postgres import Login, PostgresTrouble, Server, deployment_secret, launch, url_login
from osler.platform.store.migrate import Phase, ensure_database, migrate, owner
from osler.platform.store.roles import sign_in

NAME = "osler"
Say = Callable[[str], None]
NAMES = tuple(service.name for service in SERVICES)


@dataclass(frozen=True, slots=True)
class Database:
    """`login` is what requests use; `admin` is for migrations and tenants only."""

    admin: Login
    login: Login
    secret: bytes = field(repr=False)
    server: Server | None
    """The embedded server we hold; None when `OSLER_DATABASE_URL` names one that others keep."""

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection as the owner of all tables."""
        async with owner(self.admin, NAMES) as connection:
            yield connection


@asynccontextmanager
async def reached(settings: Settings, say: Say) -> AsyncIterator[tuple[Login, Server | None]]:
    """The login of the database's owner, with the embedded server started when it is ours to run."""
    if settings.database_url:
        login = url_login(settings.database_url)
        await check_reachable(login)
        yield login, None
        return
    server = await launched(settings, say)
    try:
        yield await ensure_database(server.login, NAME), server
    finally:
        await asyncio.to_thread(server.release)


async def launched(settings: Settings, say: Say) -> Server:
    """The embedded server, started or joined in a thread. A start that is cancelled is finished and undone, never forgotten."""
    launching = asyncio.ensure_future(
        asyncio.to_thread(
            launch,
            settings.data,
            binaries=settings.postgres_bin,
            listen=settings.postgres_listen,
            port=settings.postgres_port,
            say=say,
        )
    )
    try:
        return await asyncio.shield(launching)
    except asyncio.CancelledError:
        await asyncio.to_thread((await launching).release)
        raise


async def check_reachable(login: Login) -> None:
    """Raises `PostgresTrouble` in plain words when the server of `OSLER_DATABASE_URL` does not let us in."""
    try:
        await (await login.connect(timeout=10)).close()
    except (OSError, TimeoutError) as failure:
        raise PostgresTrouble(f"nothing answers at OSLER_DATABASE_URL ({failure})") from None
    except asyncpg.InvalidCatalogNameError:
        raise PostgresTrouble(f"the server of OSLER_DATABASE_URL has no database {login.database!r}: create it") from None
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        raise PostgresTrouble(f"the server of OSLER_DATABASE_URL refuses the role {login.user!r} or its password") from None


@asynccontextmanager
async def open_database(
    settings: Settings, running: Sequence[str] = NAMES, say: Say = print, phases: Sequence[Phase] = ("pre", "post")
) -> AsyncIterator[Database]:
    """Reach the database, bring it up to date, and sign in as a process that runs these services."""
    async with reached(settings, say) as (admin, server):
        secret = deployment_secret(settings.data, settings.secret)
        await migrate(admin, SERVICES, phases, say)
        yield Database(admin, await sign_in(admin, secret, running, NAMES), secret, server)
