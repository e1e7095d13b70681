"""`osler reindex`: make the search rows of records anew, while others go on working."""

from __future__ import annotations

import os
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from osler.app.runtime import Runtime, open_runtime
from osler.app.services import SERVICES
from osler.platform.config import Settings, settings_from
from osler.platform.context import Tenant
from osler.platform.fhir import TYPE_CODE, TYPES
from osler.platform.store.filling import fill
from osler.platform.store.index_versions import filled
from osler.platform.store.reindexing import reindexing
from osler.platform.store.tenants import all_tenants

COUNT = "select count(*) as records from {schema}.resource where tenant = $1 and rtype = $2 and not deleted"


def register(app: typer.Typer) -> None:
    """Add `osler reindex`."""
    app.command("reindex")(reindex)


def reindex(
    param: Annotated[list[str] | None, typer.Option(help="Only these search parameters, e.g. code (may be repeated).")] = None,
    types: Annotated[list[str] | None, typer.Option("--type", help="Only these types of resource (may be repeated).")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant; default: all of them.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted reindex stopped.")] = False,
) -> None:
    """Make search rows anew: after an upgrade that `osler doctor` says leaves an index behind. Others may read and write meanwhile."""
    for name in types or ():
        if name not in TYPE_CODE:
            raise typer.BadParameter(f"{name} is not a type of resource", param_hint="--type")
    uvloop.run(run(settings_from(os.environ), param or [], types or list(TYPES), tenant, resume))


async def run(settings: Settings, codes: list[str], types: list[str], tenant: str | None, resume: bool) -> None:
    """Reindex in the settings' database, and say for each type what came of it."""
    console = Console(highlight=False)
    async with open_runtime(settings, console.print) as runtime:
        async with runtime.database.owner() as owner:
            tenants = [one for one, _ in await all_tenants(owner) if tenant in (None, one.name)]
            present = await filled(owner, [service.name for service in SERVICES])
        if not tenants:
            raise typer.BadParameter("there is no such tenant", param_hint="--tenant")
        for one in tenants:
            if not codes:
                await fill(runtime.store.kernel, one.key)
            for name in types:
                if (one.key, TYPE_CODE[name]) in present:
                    await reindex_type(runtime, one, name, codes, resume, console)


async def reindex_type(runtime: Runtime, tenant: Tenant, name: str, codes: list[str], resume: bool, console: Console) -> None:
    """One type of one tenant, with its progress."""
    known = (await runtime.store.parameters.known(tenant.key))(name)
    keys = None if not codes else frozenset(key for code in codes if code in known for key in known[code].keys)
    if keys is not None and not keys:
        return
    async with runtime.store.connections.lend(tenant.key) as session:
        sql = COUNT.format(schema=runtime.store.schema_of(name))
        total = (await session.fetch(sql, tenant.key, TYPE_CODE[name]))[0]["records"]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"{tenant.name} {name}", total=total)
        done = await reindexing(runtime.store.kernel).run(
            tenant.key, name, keys, resume=resume, mark=" ".join(sorted(codes)), advance=lambda more: progress.advance(task, more)
        )
    console.print(
        f"{tenant.name} {name}: {done.records} records, {done.added} rows added, {done.removed} taken out, {done.counted} counted"
    )
