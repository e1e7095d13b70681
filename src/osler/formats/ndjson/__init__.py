"""One resource a line, as bulk data and data tools read it. https://hl7.org/fhir/R4/nd-json.html"""

from __future__ import annotations

import msgspec

_NOTHING = msgspec.Raw()


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = _NOTHING


class _Bundle(msgspec.Struct):
    resourceType: str | None = None  # noqa: N815 - FHIR's name
    entry: list[_Entry] = []


_decoder = msgspec.json.Decoder(_Bundle)


def lines_of(body: bytes) -> bytes:
    """The resources of a Bundle, or the one resource this is, each on a line of its own; stored bytes are passed on as they are."""
    read = _decoder.decode(body)
    if read.resourceType != "Bundle":
        return body + b"\n"
    return b"".join(bytes(entry.resource) + b"\n" for entry in read.entry if entry.resource is not _NOTHING)
