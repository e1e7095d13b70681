"""`osler tenant create NAME` and `osler tenant list`."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer

from osler.app.database import open_database
from osler.platform.config import Settings, settings_from
from osler.platform.context import Tenant
from osler.platform.store.tenants import all_tenants, create_tenant


def register(app: typer.Typer) -> None:
    """Add `osler tenant`."""
    tenant = typer.Typer(help="Make and list tenants, each an organisation with records of its own.", no_args_is_help=True)
    tenant.command("create")(create)
    tenant.command("list")(show)
    app.add_typer(tenant, name="tenant")


def create(name: Annotated[str, typer.Argument(help="The name in its URLs: a-z, 0-9 and -.")]) -> None:
    """Make a tenant; its records are invisible to every other tenant."""
    made = asyncio.run(add(settings_from(os.environ), name))
    typer.echo(f"Tenant {made.name} is there: /{made.name}/fhir, /{made.name}/graphql, /{made.name}/app/")


def show() -> None:
    """The tenants in the order in which they were made."""
    for found, demo in asyncio.run(every(settings_from(os.environ))):
        typer.echo(f"{found.name}  (demo)" if demo else found.name)


async def add(settings: Settings, name: str) -> Tenant:
    """Make a tenant in the settings' database."""
    async with open_database(settings, say=typer.echo) as database, database.owner() as owner:
        return await create_tenant(owner, name)


async def every(settings: Settings) -> list[tuple[Tenant, bool]]:
    """All tenants of the settings' database, and whether each is a demo."""
    async with open_database(settings, say=typer.echo) as database, database.owner() as owner:
        return await all_tenants(owner)
