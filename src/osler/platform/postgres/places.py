"""Where the cluster and its socket lie: in the data folder, unless the account or the socket's length limit forbids it."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from osler.platform.postgres.account import Account, blocked_at, choose_account
from osler.platform.postgres.trouble import PostgresTrouble

SOCKET_LIMIT = 103
"""Longest path of a Unix socket that every system takes (Linux 107, macOS 103)."""
LENT = Path("/var/lib/osler")
"""Where root keeps what must lie outside folders that only root may enter."""


@dataclass(frozen=True, slots=True)
class Places:
    """One data folder: its cluster, its log, the account the server runs as (None: our own)."""

    data: Path
    cluster: Path
    account: Account | None

    @property
    def log(self) -> Path:
        """The server's log, beside the cluster."""
        return self.data / "postgres.log"


def settle(data: Path, say: Callable[[str], None]) -> Places:
    """Make the data folder, or say whose it is and what to do."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except (PermissionError, FileExistsError, NotADirectoryError) as refusal:
        raise PostgresTrouble(f"the data folder {data} cannot be made ({refusal.strerror}): choose another with OSLER_DATA") from None
    data = data.resolve()
    if not os.access(data, os.W_OK | os.X_OK):
        raise PostgresTrouble(f"the data folder {data} is not ours to write: run osler as its owner, or choose another with OSLER_DATA")
    link = data / "postgres"
    account = choose_account(link)
    if account is None:
        if data.stat().st_uid == os.geteuid():
            data.chmod(0o700)
        return Places(data, link, None)
    data.chmod(data.stat().st_mode | stat.S_IXOTH)  # the account passes through; what lies inside is closed to it
    if not link.exists() and not link.is_symlink() and (closed := blocked_at(data, account)) is not None:
        elsewhere = LENT / f"postgres-{secrets.token_hex(6)}"
        say(f"The user {account.name}, who runs PostgreSQL for root, may not enter {closed}: the database lies in {elsewhere}")
        LENT.mkdir(mode=0o755, parents=True, exist_ok=True)
        elsewhere.mkdir(mode=0o700)
        account.give(elsewhere)
        link.symlink_to(elsewhere)
    return Places(data, link.resolve(), account)


def socket_folder(places: Places, port: int, say: Callable[[str], None]) -> Path:
    """A private folder for the socket: `run` in the data folder, or a short one when that path is too long or closed to the account."""
    wanted = places.data / "run"
    closed = places.account is not None and blocked_at(places.data, places.account) is not None
    if not closed and len(os.fsencode(wanted / f".s.PGSQL.{port}")) <= SOCKET_LIMIT:
        return private(wanted, places.account)
    name = "osler-" + hashlib.blake2b(os.fsencode(places.data), digest_size=6).hexdigest()
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) if places.account is None else Path("/run")
    if len(os.fsencode(base / name / f".s.PGSQL.{port}")) > SOCKET_LIMIT or not os.access(base, os.W_OK):
        base = Path("/tmp")  # noqa: S108  # private() refuses a folder that is not ours
    short = private(base / name, places.account)
    say(f"The path of {wanted} is too long for a socket or closed to PostgreSQL's user: the socket lies in {short}")
    return short


def private(folder: Path, account: Account | None) -> Path:
    """The folder, ours (or the account's) alone. One that somebody else put there is refused."""
    owner = account.uid if account else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
        if account:
            account.give(folder)
    except FileExistsError:
        told = folder.lstat()
        if not stat.S_ISDIR(told.st_mode) or told.st_uid not in (owner, os.geteuid()):
            raise PostgresTrouble(f"{folder} is in the way and not ours: remove it") from None
        if account and told.st_uid != owner:
            account.give(folder)
        folder.chmod(0o700)
    return folder
