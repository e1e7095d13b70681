"""What can go wrong with the database server, said so that the person at the keyboard knows what to do."""

from __future__ import annotations

from typing import ClassVar

from osler.platform.errors import OslerError


class PostgresTrouble(OslerError):
    """The database cannot be started, reached or used; the message says what to do about it."""

    status: ClassVar[int] = 503
    code: ClassVar[str] = "transient"
