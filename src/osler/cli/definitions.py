"""`osler definitions load|list|remove|policy`: the implementation guides a tenant validates by, and how profiles bind on write."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated, cast

import asyncpg
import typer

from osler.app.database import open_database
from osler.platform.config import Settings, settings_from
from osler.platform.errors import Malformed, NotFound
from osler.platform.fhir import TYPE_CODE
from osler.platform.store.definitions import EVERY_TENANT, Loaded, listed, policy_of, put, remove, set_policy
from osler.platform.store.profiles import Mode
from osler.platform.store.tenants import find_tenant
from osler.platform.validation.definitions import BUILT_IN
from osler.platform.validation.packages import Package, read_package

MODES = ("off", "warn", "enforce")
SHOWN = 20
OfTenant = Annotated[str | None, typer.Option("--tenant", help="The tenant; without it, every tenant.")]


def register(app: typer.Typer) -> None:
    """Add `osler definitions`."""
    definitions = typer.Typer(help="The profiles and codes that resources are validated by.", no_args_is_help=True)
    definitions.command("load")(load)
    definitions.command("list")(show)
    definitions.command("remove")(drop)
    definitions.command("policy")(policy)
    app.add_typer(definitions, name="definitions")


def load(
    file: Annotated[Path, typer.Argument(help="A package as published, such as hl7.fhir.us.mcode.tgz.")], tenant: OfTenant = None
) -> None:
    """Load an implementation guide's package; running servers use it within seconds."""
    if not file.is_file():
        raise NotFound(f"there is no file {file.name}")
    package = read_package(file)
    made, replaced = asyncio.run(loaded(settings_from(os.environ), package, tenant))
    typer.echo(
        f"{package.name} {package.version}: {len(made)} definitions loaded, {len(replaced)} replaced, {len(package.refused)} refused"
    )
    for name in replaced[:SHOWN]:
        typer.echo(f"  replaced {name}")
    for name, reason in package.refused[:SHOWN]:
        typer.echo(f"  refused {name}: {reason}")
    if package.others:
        typer.echo(f"  {package.others} other files (examples, search parameters, pages) are not used for validation")


def show(tenant: OfTenant = None) -> None:
    """What is shipped, and what was loaded."""
    typer.echo(f"Shipped: {', '.join(BUILT_IN)}")
    for each in asyncio.run(known(settings_from(os.environ), tenant)):
        typer.echo(
            f"{'every tenant' if each.tenant == EVERY_TENANT else 'this tenant'}  {each.package}  {each.kind}  {each.url}|{each.version}"
        )


def drop(name: Annotated[str, typer.Argument(help="A package's name, or a canonical URL.")], tenant: OfTenant = None) -> None:
    """Remove what a package brought, or one definition."""
    count = asyncio.run(removed(settings_from(os.environ), name, tenant))
    typer.echo(f"{count} definitions removed")


def policy(
    tenant: Annotated[str, typer.Argument(help="The tenant.")],
    mode: Annotated[str | None, typer.Argument(help="off, warn or enforce; without it the policy is shown.")] = None,
    profile: Annotated[list[str] | None, typer.Option(help="Type=URL of a profile for every resource of a type; may be repeated.")] = None,
    claimed: Annotated[bool, typer.Option(help="Check the profiles that a resource claims in meta.profile.")] = True,
) -> None:
    """How profiles bind what a tenant writes: off, warn (stored, and said), or enforce (refused)."""
    if mode is None:
        now, of_claimed, defaults = asyncio.run(current(settings_from(os.environ), tenant))
        typer.echo(f"{now}; profiles claimed are {'checked' if of_claimed else 'not checked'}")
        for kind, urls in defaults.items():
            typer.echo(f"  {kind}: {', '.join(urls)}")
        return
    if mode not in MODES:
        raise Malformed("the policy is off, warn or enforce")
    asyncio.run(changed(settings_from(os.environ), tenant, cast(Mode, mode), claimed, by_type(profile or [])))
    typer.echo(f"{tenant}: {mode}; every running server follows within seconds")


def by_type(given: list[str]) -> dict[str, list[str]]:
    """`Patient=http://…` as profiles under their types. Raises `Malformed`."""
    table: dict[str, list[str]] = {}
    for each in given:
        kind, sign, url = each.partition("=")
        if not sign or kind not in TYPE_CODE or ":" not in url:
            raise Malformed(
                "a profile is given as Type=URL, such as Patient=http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
            )
        table.setdefault(kind, []).append(url)
    return table


async def key_of(owner: asyncpg.Connection, tenant: str | None) -> int:
    """The tenant's number; that of every tenant where none is named. Raises `NotFound`."""
    if tenant is None:
        return EVERY_TENANT
    found = await find_tenant(owner, tenant)
    if found is None:
        raise NotFound(f"there is no tenant {tenant}")
    return found.key


async def loaded(settings: Settings, package: Package, tenant: str | None) -> tuple[list[str], list[str]]:
    """Put a package's definitions into the settings' database."""
    async with open_database(settings, say=typer.echo) as database, database.owner() as owner:
        return await put(owner, await key_of(owner, tenant), package.name, package.definitions)


async def known(settings: Settings, tenant: str | None) -> list[Loaded]:
    """The loaded definitions that a tenant, or every tenant, has."""
    async with open_database(settings, say=typer.echo) as database, database.owner() as owner:
        return await listed(owner, [EVERY_TENANT, await key_of(owner, tenant)])


async def removed(settings: Settings, name: str, tenant: str | None) -> int:
    """Remove definitions from the settings' database."""
    async with open_database(settings, say=typer.echo) as database, database.owner() as owner:
        return await remove(owner, await key_of(owner, tenant), name)


async def current(settings: Settings, tenant: str) -> tuple[str, bool, dict[str, list[str]]]:
    """A tenant's policy."""
    async with open_database(settings, say=typer.echo) as database, database.owner() as owner:
        return await policy_of(owner, await key_of(owner, tenant))


async def changed(settings: Settings, tenant: str, mode: Mode, claimed: bool, defaults: dict[str, list[str]]) -> None:
    """Set a tenant's policy."""
    async with open_database(settings, say=typer.echo) as database, database.owner() as owner:
        await set_policy(owner, await key_of(owner, tenant), mode, claimed, defaults)
