"""One HTTP request as Osler reads it: path, query, headers and a body with a limit, straight from ASGI."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import zlib
from collections.abc import Awaitable, Callable
from urllib.parse import unquote_to_bytes

from starlette.types import Receive, Scope

from osler.platform.context import Context
from osler.platform.errors import Malformed, TooLarge, UnsupportedMediaType, UrlTooLong

QUERY_LIMIT = 32 * 1024
"""Longest query string; longer searches go by POST `_search`."""
OFF_LOOP = 64 * 1024
"""Bodies over this size are (de)compressed in a thread, so that one caller never holds up the others."""

BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
CALLERS_ID = re.compile(rb"[A-Za-z0-9._\-]{8,64}\Z")
HOST = re.compile(rb"(?:[A-Za-z0-9.\-_]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?\Z")

_boot = secrets.token_hex(6)
_count = itertools.count(1)


class ClientGone(Exception):
    """The caller hung up before the request was complete; nobody is left to answer."""


class Request:
    """A request before anybody has looked at it. Header names are lower-case bytes; of a repeated header the last one counts."""

    __slots__ = ("_body", "headers", "id", "limit", "method", "path", "receive", "scope", "status")

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        self.scope = scope
        self.receive = receive
        self.limit = limit
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        given = self.headers.get(b"x-request-id")
        self.id: str = given.decode() if given is not None and CALLERS_ID.match(given) else f"{_boot}-{next(_count):x}"
        self.status = 0
        self._body: bytes | None = None

    def header(self, name: bytes) -> str | None:
        """A header's text, or None when the caller did not send it. What is no UTF-8 is read as HTTP's old Latin-1."""
        value = self.headers.get(name)
        if value is None:
            return None
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.decode("latin-1")

    def query(self) -> list[tuple[str, str]]:
        """The query string's parameters in the order sent. Raises `Malformed` on broken escapes, `UrlTooLong` over the limit."""
        raw: bytes = self.scope["query_string"]
        if not raw:
            return []
        if len(raw) > QUERY_LIMIT:
            raise UrlTooLong(f"The query string is over {QUERY_LIMIT} bytes; send the search as POST _search")
        return pairs(raw)

    async def body(self, limit: int | None = None) -> bytes:
        """The whole body, inflated when it came as gzip. Raises `TooLarge` before more than the limit is held."""
        if self._body is None:
            self._body = await self._read(limit or self.limit)
        return self._body

    async def _read(self, limit: int) -> bytes:
        announced = self.headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > limit:
            raise too_large(limit)
        chunks: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise too_large(limit)
            chunks.append(chunk)
            more = message.get("more_body", False)
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        coding = self.headers.get(b"content-encoding", b"identity").strip().lower()
        if coding in (b"identity", b""):
            return body
        if coding not in (b"gzip", b"x-gzip"):
            raise UnsupportedMediaType("A body may be sent plain or with Content-Encoding gzip")
        return await asyncio.to_thread(inflate, body, limit) if len(body) > OFF_LOOP // 8 else inflate(body, limit)

    def origin(self, public_url: str | None, forwarded: bool) -> str:
        """Scheme and host under which the caller reaches us: the setting, else trusted proxy headers, else what the request says."""
        if public_url is not None:
            return public_url.rstrip("/")
        scheme: str = self.scope["scheme"]
        host = self.headers.get(b"host", b"")
        if forwarded:
            host = self.headers.get(b"x-forwarded-host", host)
            scheme = "https" if self.headers.get(b"x-forwarded-proto") == b"https" else scheme
        if not HOST.match(host):
            server = self.scope.get("server") or ("localhost", None)
            return f"{scheme}://{server[0]}" + (f":{server[1]}" if server[1] else "")
        return f"{scheme}://{host.decode()}"


Authenticate = Callable[[Request, str], Awaitable[Context]]
"""Who asks, for the tenant named in the URL? Bearer token or session cookie; raises `Unauthenticated`, or `NotFound` for no such tenant."""


def pairs(raw: bytes) -> list[tuple[str, str]]:
    """Read `application/x-www-form-urlencoded` text strictly: broken escapes and text that is not UTF-8 are `Malformed`."""
    if b"%" in raw and BAD_ESCAPE.search(raw):
        raise Malformed("The query holds a '%' that is not followed by two hexadecimal digits")
    found = []
    for part in raw.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            found.append((unescape(name), unescape(value)))
    return found


def unescape(raw: bytes) -> str:
    """One name or value of a query string as text."""
    if b"%" not in raw and b"+" not in raw and raw.isascii():
        return raw.decode()
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise Malformed("The query is not UTF-8") from None
    if "\x00" in text:
        raise Malformed("The query holds a NUL character")
    return text


def inflate(body: bytes, limit: int) -> bytes:
    """Inflate a gzip body, never holding more than `limit` bytes of it."""
    stream = zlib.decompressobj(31)
    try:
        plain = stream.decompress(body, limit + 1)
    except zlib.error:
        raise Malformed("The body is not valid gzip") from None
    if len(plain) > limit:
        raise too_large(limit)
    if not stream.eof:
        raise Malformed("The gzip body ends too early")
    return plain


def too_large(limit: int) -> TooLarge:
    """The refusal of a body over the limit."""
    return TooLarge(f"The body is over the limit of {limit} bytes")
