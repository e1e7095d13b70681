"""Who may do what in PostgreSQL: one owner of all tables, one group per service, one login per set of services a process runs.

A process signs in as its own role, which is neither superuser nor owner and cannot step around row-level security.
"""

from __future__ import annotations

from collections.abc import Iterable

import asyncpg

from osler.platform.postgres import Login, PostgresTrouble, derived

OWNER = "osler_owner"
RACED = (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError, asyncpg.InternalServerError)
"""What PostgreSQL says when two sessions make or alter the same role at once; roles are shared by all databases of a server."""
REFUSED = (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InsufficientPrivilegeError)


def group_role(service: str) -> str:
    """The role that may write one service's schema."""
    return f"osler_{service}"


def run_role(secret: bytes, services: Iterable[str], everything: Iterable[str]) -> str:
    """The login of a process that runs these services; its own per deployment, so that two may share a server."""
    names, all_names = sorted(set(services)), sorted(set(everything))
    kind = "all" if names == all_names else derived(secret, "services:" + ",".join(names))[:8]
    return f"osler_run_{kind}_{derived(secret, 'deployment')[:8]}"


async def ensure_roles(connection: asyncpg.Connection, services: Iterable[str]) -> None:
    """Make the owner and the group of each service when they are missing; harmless when another session does the same."""
    wanted = [OWNER, *(group_role(service) for service in services)]
    have = {row["rolname"] for row in await connection.fetch("select rolname from pg_roles where rolname = any($1::text[])", wanted)}
    for name in wanted:
        if name not in have:
            await once(connection, f"create role {name} nologin nosuperuser nobypassrls nocreatedb nocreaterole inherit")
    superuser = await connection.fetchval("select rolsuper from pg_roles where rolname = current_user")
    # Since PostgreSQL 16 whoever makes a role may administer it, but not act as it before granting that to himself.
    mode = "set" if await connection.fetchval("select current_setting('server_version_num')::int") >= 160000 else "member"
    if not superuser and not await connection.fetchval("select pg_has_role(current_user, $1, $2)", OWNER, mode):
        await once(connection, f"grant {OWNER} to current_user")
    database = await connection.fetchval("select quote_ident(current_database())")
    if not await connection.fetchval("select has_database_privilege($1, current_database(), 'create')", OWNER):
        await once(connection, f"grant create, connect, temporary on database {database} to {OWNER}")


async def once(connection: asyncpg.Connection, statement: str) -> None:
    """Run a statement on roles; when another session was faster, that is as good."""
    for attempt in range(5):
        try:
            await connection.execute(statement)
        except RACED as raced:
            if isinstance(raced, asyncpg.InternalServerError) and attempt < 4:
                continue  # "tuple concurrently updated": the other session has committed by now
            if isinstance(raced, asyncpg.InternalServerError):
                raise
        except asyncpg.InsufficientPrivilegeError:
            refused = statement.split(" password ")[0]
            raise PostgresTrouble(
                f"the role of OSLER_DATABASE_URL may not run `{refused}`: give it CREATEROLE and make it the database's owner"
            ) from None
        return


async def sign_in(admin: Login, secret: bytes, services: Iterable[str], everything: Iterable[str]) -> Login:
    """The login of a process that runs these services; its role is made, or its password set again, when it cannot sign in."""
    names = sorted(set(services))
    role = run_role(secret, names, everything)
    login = admin.as_role(role, derived(secret, f"role:{role}"))
    try:
        await (await login.connect()).close()
    except REFUSED:
        connection = await admin.connect()
        try:
            await make_run_role(connection, login, names)
        finally:
            await connection.close()
        await (await login.connect()).close()
    return login


async def make_run_role(connection: asyncpg.Connection, login: Login, services: Iterable[str]) -> None:
    """Make the process's role, a member of exactly the groups of the services it runs."""
    options = f"login nosuperuser nobypassrls nocreatedb nocreaterole inherit password '{login.password}'"  # a hex digest
    if await connection.fetchval("select 1 from pg_roles where rolname = $1", login.user):
        await once(connection, f"alter role {login.user} with {options}")
    else:
        await once(connection, f"create role {login.user} with {options}")
    for service in services:
        if not await connection.fetchval("select pg_has_role($1, $2, 'member')", login.user, group_role(service)):
            await once(connection, f"grant {group_role(service)} to {login.user}")
    database = await connection.fetchval("select quote_ident(current_database())")
    await once(connection, f"grant connect on database {database} to {login.user}")
