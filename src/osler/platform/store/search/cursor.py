"""The `next` link's cursor: the search and where its last page ended, encrypted, so that a link names nobody and cannot be changed.

It holds the order's values and no position in a result set, so it stays right while records come and go, and needs no memory here.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from osler.platform.errors import Issue, Malformed
from osler.platform.store.search.parse import parse_query
from osler.platform.store.search.query import Query

NONCE = 12
PAGE_ONLY = frozenset({"_count", "_include", "_revinclude", "_total", "_summary", "_elements"})
"""Parameters that may change from one page to the next."""


class Sealed(msgspec.Struct, array_like=True):
    """What a cursor holds: the search, the names of its order's columns and their values in the last row."""

    type: str
    used: list[tuple[str, str]]
    base: str
    columns: list[str]
    place: list[Any]


class Cursors:
    """Makes and opens cursors with a key of the deployment, so that any of its processes can go on."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(sha256(b"search cursor\0" + secret).digest())

    def write(self, tenant: int, query: Query, columns: Sequence[str], place: Sequence[Any]) -> str:
        """The end of a page as an opaque word."""
        values = [value.isoformat() if isinstance(value, datetime) else value for value in place]
        body = msgspec.msgpack.encode(Sealed(query.type, list(query.used), query.base, list(columns), values))
        nonce = secrets.token_bytes(NONCE)
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, body, b"%d" % tenant)).decode().rstrip("=")

    def read(self, tenant: int, query: Query, now: datetime) -> tuple[Query, Sealed | None]:
        """The whole search and the place to go on from. Raises `Malformed` for a cursor that is not ours, or of another search."""
        if query.cursor is None:
            return query, None
        try:
            whole = base64.urlsafe_b64decode(query.cursor + "=" * (-len(query.cursor) % 4))
            body = self._cipher.decrypt(whole[:NONCE], whole[NONCE:], b"%d" % tenant)
            sealed = msgspec.msgpack.decode(body, type=Sealed)
        except (ValueError, binascii.Error, InvalidTag, msgspec.DecodeError) as error:
            raise not_ours() from error
        given = [pair for pair in query.used if pair[0] != "_cursor"]
        criteria = sorted(pair for pair in given if pair[0] not in PAGE_ONLY)
        if sealed.type != query.type or (criteria and criteria != sorted(pair for pair in sealed.used if pair[0] not in PAGE_ONLY)):
            raise not_ours()
        anew = {name for name, _ in given}
        pairs = [pair for pair in sealed.used if pair[0] not in anew] + given
        return msgspec.structs.replace(parse_query(query.type, pairs, base=sealed.base, now=now), hidden=query.hidden), sealed


def place(sealed: Sealed | None, columns: Sequence[str], times: Sequence[bool]) -> list[Any] | None:
    """The values to go on from, for an order of these columns; `times`: which of them are moments."""
    if sealed is None:
        return None
    if sealed.columns != list(columns):
        raise not_ours()
    pairs = zip(sealed.place, times, strict=True)
    return [datetime.fromisoformat(value) if is_time and value is not None else value for value, is_time in pairs]


def not_ours() -> Malformed:
    """A cursor this server did not give for this search."""
    message = "The search parameter _cursor is not one this server gave for this search"
    return Malformed(message, [Issue("invalid", message, "http._cursor")])
