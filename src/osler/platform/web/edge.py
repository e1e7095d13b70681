"""The outer edge of every face: request id, refusals as OperationOutcome, CORS, gzip, HEAD and the security headers."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Awaitable, Callable

from starlette.types import Receive, Scope, Send

from osler.platform.config import Settings
from osler.platform.errors import MethodNotAllowed, OslerError, Unauthenticated
from osler.platform.log import logger
from osler.platform.web.outcome import operation_outcome
from osler.platform.web.request import OFF_LOOP, ClientGone, Request
from osler.platform.web.response import Response

Handler = Callable[[Request], Awaitable[Response]]
Telling = Callable[[Request, Response], Response]

log = logger("web")

WORTH_GZIP = 1024
GZIP_REFUSED = re.compile(rb"gzip\s*;\s*q=0(?:\.0*)?\s*(?:,|\Z)")
SECURITY_HEADERS: list[tuple[bytes, bytes]] = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
"""Sent with every API answer. `no-store`: a shared clinic workstation must not keep records in the browser's cache."""
SECURED = frozenset(name for name, _ in SECURITY_HEADERS)
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
PREFLIGHT: list[tuple[bytes, bytes]] = [
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"Authorization, Content-Type, Accept, Prefer, If-Match, If-None-Match, If-None-Exist, If-Modified-Since, X-Request-Id, "
        b"X-Security-Context",
    ),
    (b"access-control-max-age", b"600"),
]
EXPOSED = (
    b"access-control-expose-headers",
    b"ETag, Location, Content-Location, Last-Modified, X-Request-Id, Link, X-Security-Context, Content-Disposition",
)


class Fault(OslerError):
    """Something of ours broke; the caller learns the request id and nothing else."""


class Edge:
    """Runs a handler for one ASGI request and sends what it answers or refuses; a face may tell refusals in a form of its own."""

    def __init__(self, settings: Settings, telling: Telling | None = None) -> None:
        self.telling = telling
        self.limit = settings.body_limit
        self.origins = frozenset(origin.rstrip("/").encode() for origin in settings.cors_origins)
        self.https = (settings.public_url or "").startswith("https:")

    async def serve(self, handler: Handler, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request with `handler`; whatever happens, the caller gets an OperationOutcome and the request id."""
        request = Request(scope, receive, self.limit)
        try:
            if request.method == "OPTIONS" and self.origins and b"access-control-request-method" in request.headers:
                response = Response(204, headers=PREFLIGHT.copy())
            else:
                response = await handler(request)
        except OslerError as error:
            response = self.told(request, refusal(error))
            if b"expect" in request.headers:
                # The body was never asked for, so what follows on this connection may be either: body or next request.
                response.headers.append((b"connection", b"close"))
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - the one place where a fault of ours becomes a 500 instead of a dropped connection
            response = self.told(request, refusal(unforeseen(request.id, error)))
        await self.send(request, response, send)

    def told(self, request: Request, response: Response) -> Response:
        """A refusal in the form this face gives it."""
        return response if self.telling is None else self.telling(request, response)

    async def send(self, request: Request, response: Response, send: Send) -> None:
        """Send a response: compressed when that pays, without a body for HEAD, with the headers every answer carries."""
        status, body = response.status, response.body
        request.status = status
        headers = [(b"x-request-id", request.id.encode()), *security(response.headers), *response.headers]
        if response.gzipped or len(body) > WORTH_GZIP:
            body = await compressed(request, response, headers)
        if status not in (204, 304):
            if body:
                headers.append((b"content-type", response.content_type))
            headers.append((b"content-length", b"%d" % len(body)))
        if self.origins:
            self.allow_origin(request, headers)
        if self.https:
            headers.append(STRICT_TRANSPORT)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})

    def allow_origin(self, request: Request, headers: list[tuple[bytes, bytes]]) -> None:
        """Let the web pages named in the settings read the answer; cookies are never part of it."""
        headers.append((b"vary", b"Origin"))
        origin = request.headers.get(b"origin")
        if origin is not None and (origin in self.origins or b"*" in self.origins):
            headers.append((b"access-control-allow-origin", origin))
            headers.append(EXPOSED)


def security(own: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The security headers, but for those the answer sets itself: the web app's page may run its own scripts and be cached."""
    names = {name for name, _ in own}
    return SECURITY_HEADERS if SECURED.isdisjoint(names) else [header for header in SECURITY_HEADERS if header[0] not in names]


async def compressed(request: Request, response: Response, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The body as gzip when the caller reads that, else plain; large ones are packed in a thread."""
    accepted = request.headers.get(b"accept-encoding", b"")
    headers.append((b"vary", b"Accept-Encoding"))
    body = response.body
    if b"gzip" not in accepted or GZIP_REFUSED.search(accepted):
        return gzip.decompress(body) if response.gzipped else body
    headers.append((b"content-encoding", b"gzip"))
    if response.gzipped:
        return body
    return await asyncio.to_thread(gzip.compress, body, 1) if len(body) > OFF_LOOP else gzip.compress(body, 1)


def refusal(error: OslerError) -> Response:
    """The answer to a request that Osler refuses: the error's own status and its issues."""
    response = Response(error.status, operation_outcome(error.outcome()))
    if isinstance(error, Unauthenticated):
        response.headers.append((b"www-authenticate", b'Bearer realm="osler"'))
    if isinstance(error, MethodNotAllowed):
        response.headers.append((b"allow", ", ".join(error.allow).encode()))
    return response


def unforeseen(request_id: str, error: Exception) -> Fault:
    """A fault of ours as a refusal that tells only the request id.

    The log gets the kind of error and where it happened, never its text, which may hold PHI.
    """
    log.error("unexpected error", request_id=request_id, exc_info=error)
    return Fault(f"Something went wrong on our side; request id {request_id}")
