"""What an import says: progress while it runs, a table of files in trouble, counts by type, and the same as JSON."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from osler.cli.importing.loading import Tally
from osler.cli.importing.run import FileResult

PLAIN_EVERY = 2.0
"""Seconds between two lines of progress where there is no terminal."""
SHOWN = 20


class Display:
    """A bar on a terminal, now and then a line elsewhere."""

    def __init__(self, files: int, console: Console) -> None:
        self._console = console
        self._files = files
        self._finished = 0
        self._entries = 0
        self._began = self._said = time.monotonic()
        self._bar = (
            Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("files  {task.fields[entries]:,} resources  {task.fields[speed]:,}/s"),
                TimeElapsedColumn(),
                console=console,
            )
            if console.is_terminal
            else None
        )
        self._task = self._bar.add_task("Importing", total=files, entries=0, speed=0) if self._bar else None

    def __enter__(self) -> Display:
        """Show the bar."""
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the bar as it stands."""
        if self._bar:
            self._bar.stop()

    @property
    def speed(self) -> int:
        """Resources a second so far."""
        return int(self._entries / max(time.monotonic() - self._began, 0.001))

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def advance(self, result: FileResult, loaded: int) -> None:
        """More entries are in, or (0) a file is finished."""
        self._entries += loaded
        self._finished += loaded == 0
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=self._finished, entries=self._entries, speed=self.speed)
        elif time.monotonic() - self._said >= PLAIN_EVERY:
            self._said = time.monotonic()
            self._console.print(f"{self._finished} of {self._files} files, {self._entries} resources, {self.speed}/s")


def total_of(results: Sequence[FileResult]) -> Tally:
    """All files together; their troubles stay with them."""
    total = Tally()
    for result in results:
        tally = result.tally
        total.add(Tally(tally.created, tally.updated, tally.existing, tally.failed))
    return total


def summarize(console: Console, results: Sequence[FileResult], not_tried: int, display: Display) -> None:
    """Counts by type, then the files in trouble."""
    total = total_of(results)
    kinds = sorted(total.created.keys() | total.updated.keys() | total.existing.keys())
    if kinds:
        table = Table("Type", "created", "updated", "existing", box=None, pad_edge=False)
        for kind in kinds:
            table.add_row(kind, *(f"{count[kind]:,}" if count[kind] else "" for count in (total.created, total.updated, total.existing)))
        console.print(table)
    before = sum(result.done_before for result in results)
    broken = [result for result in results if result.failed]
    words = f"{total.loaded:,} resources from {len(results) - before} files in {display.seconds:.1f} s, {display.speed:,}/s"
    if before:
        words += f"; {before} files were loaded before"
    if not_tried:
        words += f"; {not_tried} files not tried (--continue-on-error goes on after a failure)"
    console.print(words)
    if broken:
        console.print(troubles(broken))


def troubles(broken: Sequence[FileResult]) -> Table:
    """File by file what went wrong first."""
    table = Table(title=f"{len(broken)} files in trouble", title_justify="left")
    for heading in ("File", "failed", "where", "what"):
        table.add_column(heading, overflow="fold")
    for result in broken[:SHOWN]:
        first = result.tally.troubles[0] if result.tally.troubles else None
        where = "" if first is None or first.place is None else str(first.place)
        what = "" if first is None else " ".join(part for part in (first.expression or first.record, first.diagnostics) if part)
        table.add_row(str(result.path), str(result.tally.failed), where, what)
    if len(broken) > SHOWN:
        table.add_row(f"and {len(broken) - SHOWN} more", "", "", "--report FILE has them all")
    return table


def write_report(file: Path, results: Sequence[FileResult], not_tried: int) -> None:
    """The whole story as JSON: file, place (line of NDJSON, entry of a Bundle, both counted as the file counts them), issue."""
    total = total_of(results)
    report = {
        "created": dict(total.created),
        "updated": dict(total.updated),
        "existing": dict(total.existing),
        "failed": total.failed,
        "files": len(results),
        "filesNotTried": not_tried,
        "filesInTrouble": [
            {
                "file": str(result.path),
                "loaded": result.tally.loaded,
                "failed": result.tally.failed,
                "issues": [asdict(trouble) for trouble in result.tally.troubles],
            }
            for result in results
            if result.failed
        ],
    }
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
