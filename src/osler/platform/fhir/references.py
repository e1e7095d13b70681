"""Replacing the temporary names of a transaction's entries by the real ones. https://hl7.org/fhir/R4/http.html#trules"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from osler.platform.fhir.codec import ENCODER
from osler.platform.fhir.generated.registry import URI_MEMBERS
from osler.platform.fhir.parsing import Parsed, parse_value

Mapping = Callable[[str], str | None]
# Quotation marks inside a JSON string are escaped, so these match members only, never their text.
_REFERENCE = re.compile(rb'"reference":("[^"\\]+(?:\\.[^"\\]*)*")')
_URN = re.compile(rb'"([A-Za-z]+)":("urn:(?:uuid|oid):[^"\\]*")')


def rewrite_text(text: bytes, mapping: Mapping) -> bytes:
    """The text with every Reference.reference, and every URI that is a temporary name, as `mapping` says (None leaves it)."""

    def reference(match: re.Match[bytes]) -> bytes:
        real = mapping(msgspec.json.decode(match.group(1), type=str))
        return match.group() if real is None else b'"reference":' + ENCODER.encode(real)

    def urn(match: re.Match[bytes]) -> bytes:
        name = match.group(1).decode()
        real = mapping(match.group(2)[1:-1].decode()) if name in URI_MEMBERS else None
        return match.group() if real is None else f'"{name}":'.encode() + ENCODER.encode(real)

    text = _REFERENCE.sub(reference, text)
    return _URN.sub(urn, text) if b'"urn:' in text else text


def rewrite_references(parsed: Parsed, mapping: Mapping) -> Parsed:
    """The same resource with its references renamed; the very same object when nothing was."""
    body = rewrite_text(parsed.body, mapping)
    return parsed if body == parsed.body else parse_value(body, type=parsed.type)
