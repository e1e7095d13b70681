"""`osler events list` and `osler events retry`: what could not be delivered, and another try."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from osler.app.database import open_database
from osler.app.workers import outbox_connection
from osler.platform.clock import SystemClock
from osler.platform.config import Settings, settings_from
from osler.platform.events import Waker
from osler.platform.events.outbox import dead_letters, revive


def register(app: typer.Typer) -> None:
    """Add `osler events`."""
    events = typer.Typer(help="See and retry the events that no handler could take.", no_args_is_help=True)
    events.command("list")(show)
    events.command("retry")(retry)
    app.add_typer(events, name="events")


def show() -> None:
    """The dead letters, oldest first: number, tenant, kind, attempts, handler and error."""
    letters = asyncio.run(read(settings_from(os.environ)))
    for letter in letters:
        failed = f"{letter['attempts']} attempts, the last {letter['failed']:%Y-%m-%d %H:%M}"
        typer.echo(f"{letter['seq']}  tenant {letter['tenant']}  {letter['kind']}  {failed}  {letter['error']}")
    if not letters:
        typer.echo("No dead letters.")


def retry(seq: Annotated[int | None, typer.Argument(help="The number of one dead letter; without it, all of them.")] = None) -> None:
    """Put dead letters back into the outbox; handlers that already had them are not run again."""
    revived = asyncio.run(put_back(settings_from(os.environ), seq))
    if seq is not None and not revived:
        typer.echo(f"There is no dead letter {seq}.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{len(revived)} to be delivered again.")


async def read(settings: Settings) -> Sequence[Mapping[str, Any]]:
    """The dead letters of every tenant."""
    async with open_database(settings, say=typer.echo) as database, outbox_connection(database, Waker()) as connection:
        return await dead_letters(connection)


async def put_back(settings: Settings, seq: int | None) -> list[int]:
    """Revive, and tell running workers."""
    async with open_database(settings, say=typer.echo) as database, outbox_connection(database, Waker()) as connection:
        revived = await revive(connection, SystemClock(), seq)
        await connection.execute("notify osler_outbox")
        return revived
