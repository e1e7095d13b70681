"""`osler seed`: the made-up demo clinic, into a demo tenant or into NDJSON files."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer
import uvloop
from rich.console import Console

from osler.app.runtime import Runtime, open_runtime
from osler.demo.clinic import Clinic
from osler.demo.seeding import seed_demo
from osler.platform.clock import SystemClock
from osler.platform.config import Settings, settings_from
from osler.platform.errors import Conflict
from osler.platform.store.tenants import all_tenants, create_tenant
from osler.platform.store.tidying import tidy


class NotADemoTenant(Conflict):
    """Made-up patients do not go among real ones."""


def register(app: typer.Typer) -> None:
    """Add `osler seed`."""
    app.command("seed")(seed_clinic)


def seed_clinic(
    patients: Annotated[int, typer.Option(help="How many patients, up to 12,000.")] = 200,
    seed: Annotated[int, typer.Option(help="Another number gives other people.")] = 1,
    tenant: Annotated[str, typer.Option(help="The demo tenant that gets them; made when it is missing.")] = "demo",
    out: Annotated[Path | None, typer.Option(help="Write NDJSON files, one per type, into this folder instead.")] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day the records end (with --out). Default: today.")
    ] = None,
) -> None:
    """Make a coherent synthetic clinic. The same day and seed always give the same one; running it again loads nothing twice."""
    console = Console()
    if out is not None:
        day = as_of.date() if as_of else SystemClock().now().date()
        console.print(f"{write_files(Clinic(day, seed, patients), out):,} resources in {out}")
        return
    done = uvloop.run(run(settings_from(os.environ), tenant, patients, seed, console))
    if not done:
        console.print(f"Tenant {tenant} has them all already")


async def run(settings: Settings, tenant: str, patients: int, seed: int, console: Console) -> int:
    """Seed a tenant of the settings' database and answer the number of resources loaded."""
    Clinic(date(2000, 1, 1), seed, patients)
    async with open_runtime(settings, console.print) as runtime:
        await demo_tenant(runtime, tenant)
        ctx = await runtime.context_of_system(tenant, "seed")
        done = (await seed_demo(ctx, patients, console, seed)).resources
        if done:
            async with runtime.database.owner() as owner:
                await tidy(owner)
        return done


async def demo_tenant(runtime: Runtime, name: str) -> None:
    """The tenant must be a demo one; it is made when there is none of this name."""
    async with runtime.database.owner() as owner:
        known = {tenant.name: demo for tenant, demo in await all_tenants(owner)}
        if name not in known:
            await create_tenant(owner, name, demo=True)
        elif not known[name]:
            raise NotADemoTenant(f"tenant {name} is not a demo tenant: made-up patients do not go among real ones")


def write_files(clinic: Clinic, folder: Path) -> int:
    """One NDJSON file per type, as Bulk Data has them."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with ExitStack() as stack:
        files: dict[str, BinaryIO] = {}
        for _, resources in clinic.groups():
            for resource in resources:
                kind = resource["resourceType"]
                if kind not in files:
                    files[kind] = stack.enter_context((folder / f"{kind}.ndjson").open("wb"))
                files[kind].write(msgspec.json.encode(resource) + b"\n")
                count += 1
    return count
