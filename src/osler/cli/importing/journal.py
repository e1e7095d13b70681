"""What has been loaded so far, on disk, so that an interrupted import can go on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec


class Line(msgspec.Struct, omit_defaults=True):
    """One line of the journal: this many chunks of this file are in; `done` when it is all of them."""

    path: str
    sha256: str
    chunks: int
    done: bool = False


@dataclass(slots=True)
class Journal:
    """Appended to after every commit and flushed to disk; what was being committed at the end is found out by looking."""

    file: Path
    _known: dict[tuple[str, str], Line]

    @classmethod
    def open(cls, file: Path, *, resume: bool) -> Journal:
        """Go on with an earlier journal, or begin a new one."""
        file.parent.mkdir(parents=True, exist_ok=True)
        known: dict[tuple[str, str], Line] = {}
        for text in file.read_bytes().splitlines() if resume and file.exists() else ():
            try:
                line = msgspec.json.decode(text, type=Line)
            except msgspec.DecodeError:
                continue  # the line that was being written when the process was killed
            known[line.path, line.sha256] = line
        file.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in known.values()))
        return cls(file, known)

    def known(self, path: Path, sha256: str) -> Line | None:
        """How far this very content of this file has come; None when it was never begun."""
        return self._known.get((str(path.resolve()), sha256))

    def note(self, path: Path, sha256: str, chunks: int, *, done: bool = False) -> None:
        """Remember that so many chunks are in; on disk before the next one begins."""
        text = msgspec.json.encode(Line(str(path.resolve()), sha256, chunks, done)) + b"\n"
        handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, text)
            os.fsync(handle)
        finally:
            os.close(handle)
