"""Binary: a document as the bytes it is, or wrapped in FHIR. https://hl7.org/fhir/R4/binary.html#rest

Asked without a FHIR media type, a Binary answers with its own bytes under its own content type; sent with any other content type,
a body becomes a Binary. Such bytes come from anywhere, so a browser may neither run them nor guess what they are.
"""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re

import msgspec

from osler.gateway.fhir.call import Answer, Call
from osler.gateway.fhir.media import FORMATS
from osler.platform.access import may
from osler.platform.context import Context
from osler.platform.errors import Forbidden, Issue, Malformed, NotAcceptable, UnsupportedMediaType
from osler.platform.fhir import TYPE_CODE
from osler.platform.web import Response

FHIR_TYPES = frozenset({"application/fhir+json", "application/fhir+xml"})
MEDIA_TYPE = re.compile(
    r'[A-Za-z0-9!#$&^_.+\-]+/[A-Za-z0-9!#$&^_.+\-]+(?:\s*;\s*[A-Za-z0-9_\-]+=(?:[A-Za-z0-9!#$&^_.+:\-/]+|"[ !#-\[\]-~]*"))*\Z'
)
REFERENCE = re.compile(r"(?:https?://[!-~]+/)?([A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?\Z")
SHOWN_IN_PLACE = frozenset({"application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"})
"""What a browser can show without running anything; the rest is offered for download."""
CONTEXT = b"x-security-context"


class _Reference(msgspec.Struct):
    reference: str | None = None


class _Binary(msgspec.Struct, rename={"content_type": "contentType", "security_context": "securityContext"}):
    content_type: str = "application/octet-stream"
    security_context: _Reference | None = None
    data: str = ""


_decoder = msgspec.json.Decoder(_Binary)


def asks_bytes(method: str, path: list[str], query: bytes, accept: str | None) -> bool:
    """Whether a request reads a Binary without naming a FHIR media type."""
    if method not in ("GET", "HEAD") or path[:1] != ["Binary"] or b"_format=" in query:
        return False
    if len(path) not in (2, 4) or path[1][:1] in ("_", "$") or (len(path) == 4 and path[2] != "_history"):
        return False
    return FHIR_TYPES.isdisjoint(kinds(accept))


def sends_bytes(method: str, path: list[str], content_type: str | None, body: bytes) -> bool:
    """Whether a write of a Binary sends its bytes. `application/json` and its like may be either: a Binary resource tells by its type."""
    if path[:1] != ["Binary"] or (method, len(path)) not in (("POST", 1), ("PUT", 2)) or path[-1][:1] in ("_", "$"):
        return False
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind in FHIR_TYPES or kind == "":
        return False
    return kind not in FORMATS or not (b'"Binary"' in body or b"<Binary" in body)


def wrapped(call: Call, content_type: str, context: str | None, body: bytes) -> bytes:
    """The bytes as a Binary resource. Raises `UnsupportedMediaType` and `Malformed` for headers that cannot be its elements."""
    if not MEDIA_TYPE.match(content_type):
        raise UnsupportedMediaType("The Content-Type is not a media type")
    resource: dict[str, object] = {"resourceType": "Binary", "contentType": " ".join(content_type.split())}
    if len(call.path) == 2:
        resource["id"] = call.path[1]
    if context is not None:
        if not REFERENCE.match(context):
            message = "X-Security-Context is a reference such as Patient/1"
            raise Malformed(message, [Issue("value", message, "Binary.securityContext")])
        resource["securityContext"] = {"reference": context}
    if body:
        resource["data"] = base64.b64encode(body).decode()
    return msgspec.json.encode(resource)


def belongs_to(ctx: Context, content: bytes) -> str | None:
    """The type of the record a Binary belongs to, where this actor may not read that type."""
    context = _decoder.decode(content).security_context
    found = REFERENCE.match(context.reference) if context is not None and context.reference is not None else None
    return found[1] if found is not None and found[1] in TYPE_CODE and not may(ctx.actor, "read", found[1]) else None


def check_context(ctx: Context, content: bytes) -> None:
    """A Binary is as open as the record it names: whoever may not read that type may not read the document."""
    if closed := belongs_to(ctx, content):
        raise Forbidden(f"Your role does not include read of {closed}, to which this document belongs")


def open_part(ctx: Context, kind: str, content: bytes) -> bytes:
    """A record as a list of records may show it: a document the actor may not read stands there without its bytes."""
    if kind != "Binary" or not content or belongs_to(ctx, content) is None:
        return content
    kept = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    kept.pop("data", None)
    return msgspec.json.encode(kept)


def as_bytes(answer: Answer, accept: str | None, response: Response) -> Response:
    """The Binary's own bytes. Raises `NotAcceptable` when the caller reads neither these nor FHIR."""
    binary = _decoder.decode(answer.body)
    kind = binary.content_type if MEDIA_TYPE.match(binary.content_type) else "application/octet-stream"
    plain = kind.partition(";")[0].strip().lower()
    if not reads(accept, plain):
        if any(wanted in FORMATS for wanted in kinds(accept)):
            return response
        raise NotAcceptable("The document is of another media type; any FHIR media type is answered as well")
    try:
        response.body = base64.b64decode("".join(binary.data.split()), validate=True)
    except binascii.Error:
        return response
    response.content_type = kind.encode()
    assert answer.stored is not None
    name = answer.stored.id + (mimetypes.guess_extension(plain) or "")
    place = "inline" if plain in SHOWN_IN_PLACE else "attachment"
    response.headers += [
        (b"content-disposition", f'{place}; filename="{name}"'.encode()),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    ]
    if binary.security_context is not None and binary.security_context.reference is not None:
        response.headers.append((CONTEXT, binary.security_context.reference.encode()))
    return response


def kinds(accept: str | None) -> set[str]:
    """The media types a caller names."""
    return {item.partition(";")[0].strip() for item in (accept or "").lower().split(",")} - {""}


def reads(accept: str | None, kind: str) -> bool:
    """Whether the caller takes this media type."""
    wanted = kinds(accept)
    return not wanted or not wanted.isdisjoint({kind, "*/*", kind.partition("/")[0] + "/*"})
