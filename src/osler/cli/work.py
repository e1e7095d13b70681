"""`osler work`: the workers alone, for a deployment that keeps them away from the processes that answer requests."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer
import uvloop

from osler.app.runtime import open_runtime
from osler.app.serving import Stop
from osler.app.workers import workers
from osler.platform.config import Settings, settings_from, words
from osler.platform.log import configure


def register(app: typer.Typer) -> None:
    """Add `osler work`."""
    app.command("work")(work)


def work(only: Annotated[str | None, typer.Option(help="Work for these services alone, e.g. orders,billing.")] = None) -> None:
    """Deliver events and run background jobs until Ctrl-C."""
    settings = settings_from(os.environ, only=words(only))
    configure(settings.log_level)
    try:
        uvloop.run(run(settings))
    except asyncio.CancelledError:
        typer.echo("Stopped")


async def run(settings: Settings) -> None:
    """Work until a signal cancels this."""
    Stop()
    async with open_runtime(settings, typer.echo) as runtime, workers(runtime.database, runtime.duties()):
        typer.echo(f"Working for {', '.join(runtime.running)}. Ctrl-C stops it.")
        await asyncio.Event().wait()
