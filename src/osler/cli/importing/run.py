"""An import from the first file to the last: a few at once, each written down when it is in."""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from osler.cli.importing.containers import Chunk, chunks, fingerprint
from osler.cli.importing.journal import Journal
from osler.cli.importing.loading import Tally, Trouble, load
from osler.cli.importing.sources import Source
from osler.platform.context import Context
from osler.platform.errors import Malformed, OslerError

UNREADABLE = (OSError, EOFError, zlib.error, UnicodeDecodeError)
AT_ONCE = 3
"""Files in hand at the same time: one is read and checked while the database writes another."""


@dataclass(slots=True)
class FileResult:
    """What came of one file."""

    path: Path
    tally: Tally = field(default_factory=Tally)
    done_before: bool = False
    """The journal says an earlier run has loaded it."""

    @property
    def failed(self) -> bool:
        """Something of this file is not in the store."""
        return bool(self.tally.failed or self.tally.troubles)

    def cannot_read(self, place: int | None, what: str) -> None:
        """Note a line or file that is not FHIR JSON."""
        self.tally.failed += 1
        self.tally.troubles.append(Trouble(place, "", "structure", "", what))


@dataclass(slots=True)
class Import:
    """One run of the import into one tenant."""

    ctx: Context
    journal: Journal
    resume: bool = False
    go_on: bool = False
    """Carry on with the other files after one that failed."""
    progress: Callable[[FileResult, int], None] = lambda result, loaded: None
    """Called as entries come in, with the number of new ones, and once with 0 when the file is finished."""
    results: list[FileResult] = field(default_factory=list)
    not_tried: int = 0

    async def run(self, files: Sequence[Source]) -> list[FileResult]:
        """Load the files, those others point to before the rest."""
        for _, turn in groupby(files, key=lambda source: source.turn):
            waiting = deque(turn)
            workers = [asyncio.create_task(self._work(waiting)) for _ in range(min(AT_ONCE, len(waiting)))]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
            self.not_tried += len(waiting)
        return self.results

    async def _work(self, waiting: deque[Source]) -> None:
        while waiting and (self.go_on or not any(result.failed for result in self.results)):
            result = await self._file(waiting.popleft())
            self.progress(result, 0)

    async def _file(self, source: Source) -> FileResult:
        result = FileResult(source.path)
        self.results.append(result)
        try:
            await self._load(source, result)
        except Malformed as error:
            result.cannot_read(None, str(error))
        except UNREADABLE as error:
            result.cannot_read(None, f"cannot be read to its end: {error}")
        return result

    async def _load(self, source: Source, result: FileResult) -> None:
        sha256 = await asyncio.to_thread(fingerprint, source.path)
        known = self.journal.known(source.path, sha256)
        if known and known.done:
            result.done_before = True
            return
        begun = known.chunks if known else 0
        number = 0
        stream = chunks(source, sha256)
        while (piece := await asyncio.to_thread(next, stream, None)) is not None:
            if not isinstance(piece, Chunk):
                result.cannot_read(*piece)
                continue
            number += 1
            if number <= begun:
                continue
            tally = await self._chunk(piece)
            result.tally.add(tally)
            self.progress(result, tally.loaded)
            if not result.failed:
                self.journal.note(source.path, sha256, number)
        if not result.failed:
            self.journal.note(source.path, sha256, number, done=True)

    async def _chunk(self, chunk: Chunk) -> Tally:
        try:
            return await load(self.ctx, chunk, perhaps_done=self.resume)
        except OslerError as error:
            raise Stopped(f"{error}; what is loaded stays loaded, go on with --resume") from error


class Stopped(OslerError):
    """The database went away in the middle; nothing is wrong with the files."""

    status, code = 503, "transient"
