"""Security labels stay on a record unless somebody with the right to it takes them away, by whatever way of writing.

https://hl7.org/fhir/R4/security-labels.html
"""

from __future__ import annotations

import msgspec

from osler.platform.access import may
from osler.platform.context import Context
from osler.platform.errors import Forbidden, Issue
from osler.platform.fhir import Parsed

LABELLED = b'"security":'


class _Label(msgspec.Struct, frozen=True):
    system: str | None = None
    code: str | None = None


class _Meta(msgspec.Struct, frozen=True):
    security: tuple[_Label, ...] = ()


class _Body(msgspec.Struct, frozen=True):
    meta: _Meta = _Meta()


_decoder = msgspec.json.Decoder(_Body)


def check_labels_kept(ctx: Context, parsed: Parsed, before: bytes) -> None:
    """Refuse a version without a security label that the one before it has. Raises `Forbidden`."""
    if LABELLED not in before or may(ctx.actor, "declassify", parsed.type):
        return
    lost = set(_decoder.decode(before).meta.security) - set(_decoder.decode(parsed.body).meta.security)
    if lost:
        message = "Your role does not include taking away security labels; write the record with those it has"
        raise Forbidden(message, [Issue("forbidden", message, f"{parsed.type}.meta.security")])
