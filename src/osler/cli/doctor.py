"""`osler doctor`: in plain words, what is wrong here and what to do."""

from __future__ import annotations

import asyncio
import os

import typer
from rich.console import Console

from osler.app.checkup import examine
from osler.platform.config import settings_from

SIGNS = {"good": "[green]ok[/]", "note": "[yellow]note[/]", "bad": "[red]wrong[/]"}


def register(app: typer.Typer) -> None:
    """Add `osler doctor`."""
    app.command("doctor")(doctor)


def doctor() -> None:
    """Look at everything that may keep Osler from starting. Exit code 1 when something is wrong; changes nothing."""
    console = Console(highlight=False)
    findings = asyncio.run(examine(settings_from(os.environ)))
    for finding in findings:
        console.print(f"{SIGNS[finding.state]:<5} ", end="")
        console.print(finding.words, soft_wrap=True, markup=False)
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)
