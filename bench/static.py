"""The limit: 3 KB from memory by the same HTTP server with the same settings."""

from __future__ import annotations

from typing import Any

BODY = (b'{"resourceType":"Patient","text":"' + b"x" * 3000)[:3070] + b'"}'
HEADERS = [(b"content-type", b"application/fhir+json"), (b"content-length", str(len(BODY)).encode())]


async def app(scope: Any, _receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": BODY})
