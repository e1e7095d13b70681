"""`osler serve`: the web app, the FHIR and GraphQL faces, and the workers behind them, until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from osler.app.runtime import Runtime, open_runtime
from osler.app.serving import BACKLOG, Stop, bound, http_server, settle_memory
from osler.app.workers import workers
from osler.platform.config import Settings, settings_from, words
from osler.platform.log import configure

console = Console(highlight=False)


def register(app: typer.Typer) -> None:
    """Add `osler serve`."""
    app.command("serve")(serve)


def serve(
    demo: Annotated[bool, typer.Option("--demo", help="A demo clinic with made-up patients, users and a machine client.")] = False,
    only: Annotated[str | None, typer.Option(help="Run these services alone, e.g. patient,identity.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the database, its keys and files.")] = None,
) -> None:
    """Serve Osler; the database starts and stops with it."""
    settings = settings_from(os.environ, demo=demo or None, only=words(only), host=host, port=port, data=data)
    configure(settings.log_level)
    try:
        with closing(bound(settings.host, settings.port)) as listener:
            uvloop.run(run(settings, listener))
    except asyncio.CancelledError:
        say("Stopped")


def say(text: str) -> None:
    """One plain line to the person at the terminal."""
    console.print(text, soft_wrap=True, markup=False)


async def run(settings: Settings, listener: socket.socket) -> None:
    """Start everything, say where it is, and serve until a signal comes. The faces are imported here: other commands need none of them."""
    from osler.app.asgi import create_app
    from osler.app.demo import prepare_demo

    stop = Stop()
    async with open_runtime(settings, say) as runtime:
        if settings.demo:
            await prepare_demo(runtime, console)
        server = http_server(create_app(runtime), settings)
        async with workers(runtime.database, runtime.duties()):
            stop.serving(server)
            listener.listen(BACKLOG)  # before we say that we are ready: whoever comes now waits instead of being turned away
            announce(runtime, listener)
            settle_memory()
            await server.serve(sockets=[listener])
            say("Stopping")


def announce(runtime: Runtime, listener: socket.socket) -> None:
    """Where to point the browser."""
    host, port = listener.getsockname()[:2]
    place = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    part = f" ({', '.join(runtime.running)})" if runtime.settings.only else ""
    say(f"Osler is ready at {runtime.settings.public_url or place}{part}. Ctrl-C stops it.")
