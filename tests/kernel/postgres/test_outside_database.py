"""`OSLER_DATABASE_URL`: a server that others keep replaces the embedded one entirely, under a role that is not its superuser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from osler.app.database import NAMES, open_database
from osler.platform.config import Settings
from osler.platform.postgres import PostgresTrouble, Server
from osler.platform.store.tenants import create_tenant

pytestmark = pytest.mark.database


async def outside(server: Server, options: str) -> str:
    """A server with an empty database `clinic` that belongs to an ordinary role; answers that role's URL."""
    connection = await server.login.connect()
    try:
        await connection.execute(f"create role keeper login password 'keeper' {options}")
        await connection.execute("create database clinic owner keeper")
    finally:
        await connection.close()
    return f"postgresql://keeper:keeper@/clinic?host={quote(str(server.places.data / 'run'))}"


async def test_an_ordinary_role_that_may_make_roles_is_enough(start: Callable[[], Server], folder: Path) -> None:
    url = await outside(start(), "createrole")
    settings = Settings(data=folder / "own", database_url=url, secret="deployment secret")
    said: list[str] = []

    async with open_database(settings, say=said.append) as database:
        async with database.owner() as owner:
            tenant = await create_tenant(owner, "north")
        connection = await database.login.connect()
        rights = await connection.fetchrow("select rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = current_user")
        seen = await connection.fetchval("select count(*) from kernel.tenant")
        await connection.close()
    async with open_database(settings, say=said.append) as again:
        pass

    assert database.server is None
    assert tuple(rights) == (False, False, False)
    assert (seen, tenant.name) == (1, "north")
    assert again.login == database.login
    assert len(said) == 1
    assert not settings.data.exists()


async def test_two_deployments_on_one_server_share_no_role_and_no_password(start: Callable[[], Server], folder: Path) -> None:
    url = await outside(start(), "createrole")
    async with open_database(Settings(data=folder, database_url=url, secret="one"), say=lambda _: None) as one:
        pass
    async with open_database(Settings(data=folder, database_url=url, secret="two"), say=lambda _: None) as two:
        pass

    assert one.login.user != two.login.user
    assert one.login.password != two.login.password


async def test_a_process_of_some_services_has_a_role_of_its_own(start: Callable[[], Server], folder: Path) -> None:
    url = await outside(start(), "createrole")
    settings = Settings(data=folder, database_url=url, secret="one")

    async with open_database(settings, ("patient", "identity"), say=lambda _: None) as some:
        connection = await some.login.connect()
        groups = await connection.fetch(
            "select g.rolname from pg_auth_members m join pg_roles g on g.oid = m.roleid join pg_roles r on r.oid = m.member"
            " where r.rolname = current_user order by 1"
        )
        await connection.close()

    assert [row[0] for row in groups] == ["osler_identity", "osler_patient"]
    assert set(NAMES) > {"identity", "patient"}


async def test_a_role_that_may_make_no_roles_is_told_what_it_needs(start: Callable[[], Server], folder: Path) -> None:
    url = await outside(start(), "nocreaterole")

    with pytest.raises(PostgresTrouble, match="give it CREATEROLE and make it the database's owner"):
        async with open_database(Settings(data=folder, database_url=url, secret="one"), say=lambda _: None):
            pass
