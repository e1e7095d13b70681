"""Which processes use one data folder's server, kept by the kernel's file locks: a lock dies with its process, however it dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from osler.platform.postgres.trouble import PostgresTrouble


def opened(path: Path) -> int:
    """The lock file's descriptor; not inherited by what we start."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError:
        raise PostgresTrouble(f"the data folder {path.parent} belongs to another user: run osler as that user, or set OSLER_DATA") from None


@contextmanager
def one_at_a_time(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Only one process starts or stops the server of a folder; the others wait, and `waiting` says so."""
    descriptor = opened(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class Hold:
    """This process's share in the server. Take and leave it only inside `one_at_a_time`."""

    def __init__(self, path: Path) -> None:
        self._descriptor = opened(path)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Give the share back. True when nobody else holds one: the caller is the last and stops the server."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(self._descriptor)
        return True
