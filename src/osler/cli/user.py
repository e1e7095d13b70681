"""`osler user add|list|passwd`: who may sign in."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from osler.app.database import open_database
from osler.platform.clock import SystemClock
from osler.platform.config import Settings, settings_from
from osler.platform.context import Tenant
from osler.platform.crypto import Passwords
from osler.platform.errors import NotFound
from osler.platform.store.tenants import find_tenant
from osler.services.identity.queries import Account, Database, every_account
from osler.services.identity.workflows.keep_users import add_user, change_password

OF_TENANT = Annotated[str, typer.Option(help="The tenant whose user it is.")]
ROLES = Annotated[list[str], typer.Option("--role", help="physician, nurse, ma, front.desk, biller, ...; may be given more than once.")]


def register(app: typer.Typer) -> None:
    """Add `osler user`."""
    user = typer.Typer(help="Add and list the people who may sign in, and set their passwords.", no_args_is_help=True)
    user.command("add")(add)
    user.command("list")(show)
    user.command("passwd")(passwd)
    app.add_typer(user, name="user")


def add(
    username: Annotated[str, typer.Argument(help="What they type to sign in: a-z, 0-9 and . _ @ -")],
    tenant: OF_TENANT,
    role: ROLES,
    name: Annotated[str, typer.Option(help="How they are shown.")] = "",
    practitioner: Annotated[str | None, typer.Option(help="The id of their Practitioner record.")] = None,
) -> None:
    """Let somebody sign in; the password is asked for, or read from standard input."""
    made = asyncio.run(added(settings_from(os.environ), tenant, username, asked_password(), name, role, practitioner))
    typer.echo(f"{made.username} may sign in to {tenant} as {', '.join(made.roles)}")


def show(tenant: OF_TENANT) -> None:
    """Who may sign in to a tenant."""
    for account in asyncio.run(listed(settings_from(os.environ), tenant)):
        state = "" if account.active else "  (not active)"
        typer.echo(f"{account.username}  {account.display_name}  {', '.join(account.roles)}{state}")


def passwd(username: Annotated[str, typer.Argument(help="Whose password.")], tenant: OF_TENANT) -> None:
    """Set a new password; every session of the user ends."""
    asyncio.run(changed(settings_from(os.environ), tenant, username, asked_password()))
    typer.echo(f"{username} has a new password")


def asked_password() -> str:
    """The password typed twice without being shown, or one line of standard input."""
    if sys.stdin.isatty():
        typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return typed
    return sys.stdin.readline().rstrip("\n")


async def added(
    settings: Settings, tenant: str, username: str, password: str, name: str, roles: list[str], practitioner: str | None
) -> Account:
    """Make the account in the settings' database."""
    async with database_of(settings, tenant) as (database, found):
        now = SystemClock().now()
        return await add_user(
            database, found, username, password, display_name=name, roles=roles, practitioner=practitioner, now=now, passwords=Passwords()
        )


async def listed(settings: Settings, tenant: str) -> list[Account]:
    """The accounts in the settings' database."""
    async with database_of(settings, tenant) as (database, found):
        return await every_account(database, found.key)


async def changed(settings: Settings, tenant: str, username: str, password: str) -> None:
    """Set the password in the settings' database."""
    async with database_of(settings, tenant) as (database, found):
        await change_password(database, found, username, password, passwords=Passwords())


@asynccontextmanager
async def database_of(settings: Settings, tenant: str) -> AsyncIterator[tuple[Database, Tenant]]:
    """The database as its owner, and the tenant. Raises `NotFound` when there is none of this name."""
    async with open_database(settings, say=quiet) as database, database.owner() as owner:
        found = await find_tenant(owner, tenant)
        if found is None:
            raise NotFound(f"There is no tenant {tenant!r}; osler tenant list shows those there are")
        yield owner, found


def quiet(text: str) -> None:
    """What the database says of its start goes to standard error, so that a script can read the answer."""
    typer.echo(text, err=True)
