"""What Osler answers: status, headers and finished bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

FHIR_JSON = b"application/fhir+json; charset=utf-8"
JSON = b"application/json; charset=utf-8"


@dataclass(slots=True)
class Response:
    """A finished answer. `gzipped` says that `body` is gzip already (a cached chart); it is unpacked for callers who cannot read it."""

    status: int = 200
    body: bytes = b""
    content_type: bytes = FHIR_JSON
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    gzipped: bool = False
