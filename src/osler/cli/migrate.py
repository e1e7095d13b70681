"""`osler migrate`: bring the database to what this version needs."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer

from osler.app.database import reached
from osler.app.services import SERVICES
from osler.platform.config import Settings, settings_from
from osler.platform.store.migrate import Phase, migrate


def register(app: typer.Typer) -> None:
    """Add `osler migrate`."""
    app.command("migrate")(migrate_database)


def migrate_database(
    only: Annotated[
        str, typer.Option(help="`pre`: before the new version starts; `post`: after the old one has stopped; default: both.")
    ] = "",
) -> None:
    """Bring the database up to date. Running it again does nothing."""
    if only not in ("", "pre", "post"):
        raise typer.BadParameter("--only is pre or post")
    phases: tuple[Phase, ...] = ("pre",) if only == "pre" else ("post",) if only == "post" else ("pre", "post")
    count = asyncio.run(run(settings_from(os.environ), phases))
    if count == 0:
        typer.echo("The database is up to date")


async def run(settings: Settings, phases: tuple[Phase, ...]) -> int:
    """Migrate the settings' database and answer how many files ran."""
    async with reached(settings, typer.echo) as (admin, _):
        return await migrate(admin, SERVICES, phases, typer.echo)
