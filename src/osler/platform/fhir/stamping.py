"""The body we store and answer: the JSON as sent, with our id and meta put in, and not one other byte changed."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from osler.platform.fhir.parsing import Parsed

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_OURS = frozenset({"resourceType", "id", "meta"})
_OUR_META = frozenset({"versionId", "lastUpdated", "_versionId", "_lastUpdated"})


def stamp(parsed: Parsed, id: str, version: int, updated: datetime) -> bytes:
    """The body with id, meta.versionId and meta.lastUpdated. https://hl7.org/fhir/R4/resource.html#Meta"""
    members = _MEMBERS.decode(parsed.body)
    moment = updated.astimezone(UTC).isoformat(timespec="milliseconds")[:-6]
    parts = [f'{{"resourceType":"{parsed.type}","id":"{id}","meta":{{"versionId":"{version}","lastUpdated":"{moment}Z"'.encode()]
    meta = members.get("meta")
    if meta is not None:
        parts += [b',"%s":%s' % (name.encode(), bytes(raw)) for name, raw in _MEMBERS.decode(meta).items() if name not in _OUR_META]
    parts.append(b"}")
    parts += [b',"%s":%s' % (name.encode(), bytes(raw)) for name, raw in members.items() if name not in _OURS]
    parts.append(b"}")
    return b"".join(parts)
