"""CPU seconds and memory of a process with all its descendants, living and ended, read from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds of the server's own processes and of its PostgreSQL, so far."""

    server: float
    postgres: float

    def since(self, before: Usage) -> Usage:
        return Usage(self.server - before.server, self.postgres - before.postgres)


def fields(pid: int) -> list[str] | None:
    """/proc/PID/stat after the name; None when the process has gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def seconds(pid: int, own_only: bool = False) -> float:
    """CPU of a process, and of its children that have ended."""
    found = fields(pid)
    return 0.0 if found is None else sum(int(one) for one in (found[11:13] if own_only else found[11:15])) / TICK


def descendants(pid: int) -> list[int]:
    """The process and every process below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (found := fields(int(entry.name))):
            parents.setdefault(int(found[1]), []).append(int(entry.name))
    tree, at = [pid], 0
    while at < len(tree):
        tree.extend(parents.get(tree[at], []))
        at += 1
    return tree


def usage(server: int, postmaster: int) -> Usage:
    """CPU so far of the server and of PostgreSQL. The postmaster may or may not be the server's child."""
    database = descendants(postmaster)
    ours = [pid for pid in descendants(server) if pid not in database]
    return Usage(sum(seconds(pid, own_only=True) for pid in ours), sum(seconds(pid) for pid in database))


def memory_mb(pids: list[int]) -> float:
    """Proportional set size: shared pages are counted once."""
    total = 0
    for pid in pids:
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return total / 1024
