"""Bundles framed around stored bytes, so that no resource is parsed to be answered. https://hl7.org/fhir/R4/bundle.html"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import orjson

from osler.platform.store import Stored


def bundle(kind: str, entries: Iterable[bytes], links: Iterable[tuple[str, str]] = (), total: int | None = None) -> bytes:
    """A Bundle of finished entries."""
    parts = [b'{"resourceType":"Bundle","type":"', kind.encode(), b'"']
    if total is not None:
        parts.append(b',"total":%d' % total)
    linked = [{"relation": relation, "url": url} for relation, url in links]
    if linked:
        parts.append(b',"link":' + orjson.dumps(linked))
    joined = b",".join(entries)
    if joined:
        parts += [b',"entry":[', joined, b"]"]
    parts.append(b"}")
    return b"".join(parts)


def found(base: str, stored: Stored, content: bytes, mode: str) -> bytes:
    """One searchset entry; `mode` is `match` or `include`."""
    return f'{{"fullUrl":"{base}/{stored.type}/{stored.id}","resource":'.encode() + content + f',"search":{{"mode":"{mode}"}}}}'.encode()


def noted(outcome: bytes) -> bytes:
    """A searchset entry that tells what was ignored."""
    return b'{"resource":%b,"search":{"mode":"outcome"}}' % outcome


def happened(base: bytes, stored: Stored, content: bytes) -> bytes:
    """One history entry: the version, and the interaction that made it."""
    kind, name = stored.type.encode(), stored.id.encode()
    method = stored.method.encode()
    status = b"204" if stored.deleted else b"201" if stored.version == 1 else b"200"
    url = kind if method == b"POST" else b"%b/%b" % (kind, name)
    resource = b"" if stored.deleted else b'"resource":%b,' % content
    return (
        b'{"fullUrl":"%b/%b/%b",%b"request":{"method":"%b","url":"%b"},'
        b'"response":{"status":"%b","etag":"W/\\"%d\\"","lastModified":"%b"}}'
        % (base, kind, name, resource, method, url, status, stored.version, instant(stored.updated))
    )


def responded(status: int, stored: Stored | None, location: str | None, resource: bytes, outcome: bytes) -> bytes:
    """One entry of a batch-response or transaction-response."""
    parts = [b"{"]
    if resource:
        parts += [b'"resource":', resource, b","]
    parts.append(b'"response":{"status":"%d"' % status)
    if location:
        parts.append(b',"location":' + orjson.dumps(location))
    if stored is not None:
        parts.append(b',"etag":"W/\\"%d\\"","lastModified":"%b"' % (stored.version, instant(stored.updated)))
    if outcome:
        parts += [b',"outcome":', outcome]
    parts.append(b"}}")
    return b"".join(parts)


def instant(moment: datetime) -> bytes:
    """A moment as a FHIR instant, as `meta.lastUpdated` has it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
