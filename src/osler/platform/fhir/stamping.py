"""The body we store and answer: the JSON as sent, with our id and meta put in, and not one other byte changed."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from osler.platform.fhir.parsing import Parsed

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_OURS = frozenset({"resourceType", "id", "meta"})
_OUR_META = frozenset({"versionId", "lastUpdated", "_versionId", "_lastUpdated"})
# How nearly every resource begins; what follows is kept in one piece.
_USUAL_START = re.compile(rb'\{"resourceType":"[A-Za-z]+"(,"id":"[A-Za-z0-9.\-]+")?(,"meta":)?')


class _Head(msgspec.Struct):
    meta: msgspec.Raw


_head = msgspec.json.Decoder(_Head)


def stamp(parsed: Parsed, id: str, version: int, updated: datetime) -> bytes:  # noqa: A002
    """The body with id, meta.versionId and meta.lastUpdated. https://hl7.org/fhir/R4/resource.html#Meta"""
    meta, rest = _split(parsed)
    moment = updated.astimezone(UTC).isoformat(timespec="milliseconds")[:-6]
    start = f'{{"resourceType":"{parsed.type}","id":"{id}","meta":{{"versionId":"{version}","lastUpdated":"{moment}Z"'
    return b"%s%s}%s" % (start.encode(), _other_meta(meta) if meta else b"", rest)


def _split(parsed: Parsed) -> tuple[bytes, bytes]:
    """The body's meta, and the text after resourceType, id and meta up to its last brace."""
    body = parsed.body
    start = _USUAL_START.match(body)
    if start is not None and (start.group(1) is not None) == (parsed.id is not None):
        if start.group(2) is not None:
            meta = bytes(_head.decode(body).meta)
            return meta, body[start.end() + len(meta) :]
        if b'"meta":' not in body and b"\\u" not in body:
            return b"", body[start.end() :]
    members = _MEMBERS.decode(body)
    rest = b"".join(b',"%s":%s' % (name.encode(), bytes(raw)) for name, raw in members.items() if name not in _OURS)
    return bytes(members.get("meta", b"")), rest + b"}"


def _other_meta(meta: bytes) -> bytes:
    """What the sender put into meta besides the version and its time: profiles, tags, security labels, source."""
    if b'"versionId"' not in meta and b'"lastUpdated"' not in meta:
        return b"," + meta[1:-1]
    members = _MEMBERS.decode(meta)
    return b"".join(b',"%s":%s' % (name.encode(), bytes(raw)) for name, raw in members.items() if name not in _OUR_META)
