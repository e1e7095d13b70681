"""The cursor of a page link: the search and where a page of it ended, encrypted, so that a link names nobody and cannot be changed.

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
from osler.platform.store.search.parse import parse_query, parse_types
from osler.platform.store.search.query import Query

NONCE = 12
LIFETIME = 24 * 60 * 60
"""Seconds for which a page link works."""
ENCODER = msgspec.msgpack.Encoder()
Owner = tuple[int, str]
"""The tenant's key and the actor's id: nobody else can follow the link."""
Order = tuple[Sequence[str], Sequence[Any]]
"""The names of an order's columns, and their values in one row."""
PAGE_ONLY = frozenset({"_count", "_include", "_revinclude", "_total", "_summary", "_elements"})
"""Parameters that may change from one page to the next."""


class Sealed(msgspec.Struct, array_like=True):
    """What a cursor holds: the search, and the order's columns with their values in the row it goes on from, none for the first page."""

    type: str
    types: list[str]
    compartment: str
    used: list[tuple[str, str]]
    base: str
    until: int
    """The second at which it expires."""
    columns: list[str]
    place: list[Any]
    back: bool = False
    """Towards the first page."""


DECODER = msgspec.msgpack.Decoder(Sealed)


class Cursors:
    """Makes and opens cursors with a key of the deployment, so that any of its processes can go on."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(sha256(b"search cursor\0" + secret).digest())

    def write(self, owner: Owner, query: Query, order: Order, now: datetime, *, back: bool = False) -> str:
        """A place in a search as an opaque word, for this tenant and actor only."""
        values = [value.isoformat() if isinstance(value, datetime) else value for value in order[1]]
        until = int(now.timestamp()) + LIFETIME
        types = [part.type for part in query.parts]
        sealed = Sealed(query.type, types, query.compartment, list(query.used), query.base, until, list(order[0]), values, back)
        nonce = secrets.token_bytes(NONCE)
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, ENCODER.encode(sealed), _bound(owner))).decode().rstrip("=")

    def read(self, owner: Owner, query: Query, now: datetime) -> tuple[Query, Sealed | None]:
        """The whole search and the place to go on from. Raises `Malformed` for a cursor that is not ours, or of another search."""
        if query.cursor is None:
            return query, None
        try:
            whole = base64.urlsafe_b64decode(query.cursor + "=" * (-len(query.cursor) % 4))
            sealed = DECODER.decode(self._cipher.decrypt(whole[:NONCE], whole[NONCE:], _bound(owner)))
        except (ValueError, binascii.Error, InvalidTag, msgspec.DecodeError) as error:
            raise not_ours() from error
        given = [pair for pair in query.used if pair[0] not in ("_cursor", "_type")]
        criteria = sorted(pair for pair in given if pair[0] not in PAGE_ONLY)
        same = (query.type, query.compartment) == (sealed.type, sealed.compartment)
        asked_types = {part.type for part in query.parts}
        same = same and (not any(name == "_type" for name, _ in query.used) or asked_types == set(sealed.types))
        before = sorted(pair for pair in sealed.used if pair[0] not in PAGE_ONLY and pair[0] != "_type")
        if not same or (criteria and criteria != before):
            raise not_ours()
        if sealed.until < now.timestamp():
            message = "The search parameter _cursor has expired: search again"
            raise Malformed(message, [Issue("expired", message, "http._cursor")])
        anew = {name for name, _ in given}
        pairs = [pair for pair in sealed.used if pair[0] not in anew] + given
        reading = {"base": sealed.base, "now": now, "parameters_of": query.parameters_of, "compartment": sealed.compartment}
        found = parse_types(sealed.types, pairs, **reading) if sealed.types else parse_query(query.type, pairs, **reading)
        return msgspec.structs.replace(found, hidden=query.hidden, notes=query.notes), sealed if sealed.columns else None


def _bound(owner: Owner) -> bytes:
    return f"{owner[0]} {owner[1]}".encode()


def place(sealed: Sealed | None, columns: Sequence[str], times: Sequence[bool]) -> list[Any] | None:
    """The values to go on from, for an order of these columns; `times`: which of them are moments."""
    if sealed is None:
        return None
    if len(sealed.columns) != len(columns) or (not sealed.types and sealed.columns != list(columns)):
        raise not_ours()
    pairs = zip(sealed.place, times, strict=True)
    return [datetime.fromisoformat(value) if is_time and value is not None else value for value, is_time in pairs]


def not_ours() -> Malformed:
    """A cursor this server did not give for this search."""
    message = "The search parameter _cursor is not one this server gave for this search"
    return Malformed(message, [Issue("invalid", message, "http._cursor")])
