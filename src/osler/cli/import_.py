"""`osler import PATH…`: load FHIR JSON, NDJSON and Bundles from files and folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from osler.app.runtime import open_runtime
from osler.cli.importing.journal import Journal
from osler.cli.importing.report import Display, summarize, write_report
from osler.cli.importing.run import Import
from osler.cli.importing.sources import Source, sources
from osler.platform.config import Settings, settings_from


def register(app: typer.Typer) -> None:
    """Add `osler import`."""
    app.command("import")(import_files)


def import_files(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders: .json, .ndjson, .jsonl, also .gz and .bz2.")],
    tenant: Annotated[str, typer.Option(help="The tenant that gets the records.")] = "demo",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted import stopped; nothing is loaded twice.")] = False,
    continue_on_error: Annotated[bool, typer.Option("--continue-on-error", help="Go on with other files after one failed.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write what went wrong, entry by entry, to this JSON file.")] = None,
) -> None:
    """Load what others wrote. A file's transaction is loaded whole or not at all; loose resources one by one.

    Ends with code 1 when anything failed.
    """
    found = sources(paths)
    if not found:
        raise typer.BadParameter("no .json, .ndjson or .jsonl file (also .gz, .bz2) is there")
    settings = settings_from(os.environ)
    if not uvloop.run(run(settings, found, tenant, resume, continue_on_error, report)):
        sys.exit(1)


async def run(settings: Settings, found: list[Source], tenant: str, resume: bool, go_on: bool, report: Path | None) -> bool:
    """Import into the settings' database; True when everything is in."""
    console = Console()
    async with open_runtime(settings, console.print) as runtime:
        ctx = await runtime.context_of_system(tenant, "import")
        journal = Journal.open(settings.data / "import" / f"{tenant}.jsonl", resume=resume)
        with Display(len(found), console) as display:
            work = Import(ctx, journal, resume, go_on, display.advance)
            results = await work.run(found)
        summarize(console, results, work.not_tried, display)
        if report is not None:
            write_report(report, results, work.not_tried)
        return not any(result.failed for result in results)
