"""`osler graphql-schema`: the app API's merged SDL, from which `web/` generates its types."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from osler.app.services import SERVICES
from osler.gateway.graphql.schema import merged_sdl


def register(app: typer.Typer) -> None:
    """Add `osler graphql-schema`."""
    app.command("graphql-schema")(graphql_schema)


def graphql_schema(
    to: Annotated[Path | None, typer.Option(help="Write to this file instead of the terminal.")] = None,
    check: Annotated[bool, typer.Option(help="Only say whether the file is up to date (exit code 1 when not).")] = False,
) -> None:
    """Print the app API's GraphQL schema."""
    text = merged_sdl(SERVICES)
    if to is None:
        typer.echo(text, nl=False)
    elif not check:
        to.write_text(text, "utf-8")
    elif not to.exists() or to.read_text("utf-8") != text:
        typer.echo(f"{to} is not up to date: osler graphql-schema --to {to}", err=True)
        raise typer.Exit(1)
