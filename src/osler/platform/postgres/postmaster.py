"""The server process of a cluster as its `postmaster.pid` tells it: alive, starting, dead, or dead and not yet reaped."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from osler.platform.postgres.trouble import PostgresTrouble

PROC = Path("/proc")
State = Literal["gone", "zombie", "stranger", "alive"]


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says. https://www.postgresql.org/docs/current/storage-file-layout.html"""

    pid: int
    port: int
    socket_folder: str
    status: str

    @property
    def ready(self) -> bool:
        """Whether it takes connections."""
        return self.status == "ready"


def read_postmaster(cluster: Path) -> Postmaster | None:
    """The cluster's `postmaster.pid`, or None when there is none or it is half written."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not lines or not lines[0].strip().isdigit():
        return None
    lines += [""] * (8 - len(lines))
    return Postmaster(int(lines[0]), int(lines[3] or 0), lines[4].strip(), lines[7].strip())


def state_of(pid: int, cluster: Path) -> State:
    """What the process with this number is; `stranger` is another program that got the number of a dead server."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "gone"
    except PermissionError:
        pass
    if not (PROC / "self").exists():
        return "alive"
    try:
        if (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return "zombie"
        return "alive" if (PROC / str(pid) / "cwd").readlink() == cluster.resolve() else "stranger"
    except FileNotFoundError:
        # A process that is just ending has no folder any more but still has its number, so PostgreSQL takes it for a living server.
        return "zombie" if (PROC / str(pid)).exists() else "gone"
    except PermissionError:
        return "alive"


def inhabitants(cluster: Path) -> list[int]:
    """Processes that still work in the cluster: the backends of a killed server finish their statement before they notice."""
    place = cluster.resolve()
    living = []
    for entry in PROC.glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == place:
                living.append(int(entry.name))
        except OSError:
            continue
    return living


def clear_the_way(cluster: Path, say: Callable[[str], None], patience: float = 60.0) -> None:
    """Wait until a killed server is really gone, and take away a `postmaster.pid` that would block the next start for ever.

    PostgreSQL takes a zombie (or a stranger with the old number) for a living server. The file is removed only when no process
    works in the cluster any more.
    """
    deadline = time.monotonic() + patience
    told = False
    while (found := read_postmaster(cluster)) is not None:
        state = state_of(found.pid, cluster)
        if state in ("alive", "gone"):
            if state == "alive" or not inhabitants(cluster):
                return
        elif not inhabitants(cluster):
            (cluster / "postmaster.pid").unlink(missing_ok=True)
            return
        if not told:
            say("A killed database server is still going away; waiting for it")
            told = True
        if time.monotonic() > deadline:
            raise PostgresTrouble(f"processes of a killed database server still work in {cluster}: {inhabitants(cluster)}; stop them first")
        time.sleep(0.02)


def clear_socket(folder: Path, port: int, cluster: Path) -> None:
    """Take away the socket's lock when it names a dead server: PostgreSQL takes a zombie for alive. The folder is this cluster's alone."""
    lock = folder / f".s.PGSQL.{port}.lock"
    try:
        named = lock.read_text().split("\n", 1)[0].strip()
    except FileNotFoundError:
        return
    if not named.isdigit() or state_of(int(named), cluster) != "alive":
        lock.unlink(missing_ok=True)


def stop(pid: int, cluster: Path, reap: Callable[[], object], say: Callable[[str], None], patience: float = 60.0) -> None:
    """Fast shutdown: sessions are closed, everything is written. After `patience` seconds at once; the next start recovers."""
    for order, wait in ((signal.SIGINT, patience), (signal.SIGQUIT, 10.0)):
        try:
            os.kill(pid, order)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            reap()
            if state_of(pid, cluster) != "alive":
                return
            time.sleep(0.01)
        say("The database server takes long to stop; ending it at once, the next start recovers")
    raise PostgresTrouble(f"the database server (process {pid}) does not stop")
