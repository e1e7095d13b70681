"""How to reach one database as one role. The password never shows in a repr or a log."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import asyncpg


@dataclass(frozen=True, slots=True)
class Login:
    """A server, a database on it, and a role with its password."""

    dsn: str = field(repr=False)
    database: str
    user: str
    password: str | None = field(default=None, repr=False)

    def to(self, database: str) -> Login:
        """The same role on another database of the server."""
        return replace(self, database=database)

    def as_role(self, user: str, password: str | None) -> Login:
        """Another role on the same database."""
        return replace(self, user=user, password=password)

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for `asyncpg.connect`; they win over what the DSN says."""
        given: dict[str, Any] = {"dsn": self.dsn, "database": self.database, "user": self.user}
        return given if self.password is None else given | {"password": self.password}

    async def connect(self, **more: Any) -> asyncpg.Connection:
        """One connection of our own."""
        return await asyncpg.connect(**self.arguments(), **more)


def socket_login(folder: str, port: int, user: str, password: str, database: str = "postgres") -> Login:
    """A login through the socket in `folder`."""
    return Login(f"postgresql:///{quote(database)}?{urlencode({'host': folder, 'port': port})}", database, user, password)


def url_login(url: str) -> Login:
    """A login from `OSLER_DATABASE_URL`."""
    parts = urlsplit(url)
    database = parts.path.lstrip("/") or "osler"
    return Login(url, unquote(database), unquote(parts.username or "postgres"), unquote(parts.password) if parts.password else None)
