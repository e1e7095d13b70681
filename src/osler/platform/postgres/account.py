"""Whom PostgreSQL runs as. It refuses root, so as root we lend it an account that is already there and make none."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from osler.platform.postgres.trouble import PostgresTrouble

ACCOUNTS = ("postgres", "osler", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged user of this machine."""

    name: str
    uid: int
    gid: int

    def process(self) -> dict[str, object]:
        """Arguments that make `subprocess` run as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Hand a file or folder to this account."""
        os.chown(path, self.uid, self.gid)


def choose_account(cluster: Path) -> Account | None:
    """None when we are not root; else the owner of the cluster that is there, or the first fitting account of the machine."""
    if os.geteuid() != 0:
        return None
    if cluster.exists() and (owner := cluster.stat().st_uid) != 0:
        return account_of(owner)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise PostgresTrouble("PostgreSQL does not run as root, and there is no user postgres or nobody: run osler as an ordinary user")


def account_of(uid: int) -> Account:
    """The account with this number."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise PostgresTrouble(f"the data folder belongs to user number {uid}, who is not a user of this machine: chown it") from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def blocked_at(path: Path, account: Account) -> Path | None:
    """The first folder on the way to `path` (itself included) that the account may not enter; None when all are open."""
    place = path.resolve()
    for folder in [*reversed(place.parents), place]:
        if not folder.exists():
            return None
        told = folder.stat()
        bit = stat.S_IXUSR if told.st_uid == account.uid else stat.S_IXGRP if told.st_gid == account.gid else stat.S_IXOTH
        if not told.st_mode & bit:
            return folder
    return None


def reachable_copy(programs: Path, account: Account, lent: Path) -> Path:
    """The folder of programs itself, or, when it lies where the account may not go (`/root/…`), a copy of the installation in `lent`."""
    if blocked_at(programs / "postgres", account) is None:
        return programs
    install = programs.parent
    made = int((programs / "postgres").stat().st_mtime)
    target = lent / f"{install.parent.name}-{made}"
    if not target.exists():
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.copytree(install, partial / install.parent.name / install.name, symlinks=True)
        libraries = install.parent.with_name(f"{install.parent.name}.libs")  # the wheel keeps its shared libraries beside itself
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        for copied in [partial, *partial.rglob("*")]:
            if not copied.is_symlink():
                copied.chmod(0o755 if copied.is_dir() or copied.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            partial.rename(target)
        except OSError:  # another process was first
            shutil.rmtree(partial)
    return target / install.parent.name / install.name / programs.name
