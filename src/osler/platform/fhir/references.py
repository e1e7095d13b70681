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
_CONDITIONAL = re.compile(rb'"reference":("[A-Za-z]+\?[^"\\]*(?:\\.[^"\\]*)*")')
_SEARCH = re.compile(r"[A-Za-z]+\?")
# Every string of a text in turn, with the string it names as a member: for texts in which names or values may be escaped.
_STRINGS = re.compile(rb'("[^"\\]*(?:\\.[^"\\]*)*")(?::("[^"\\]*(?:\\.[^"\\]*)*"))?')
_decoder = msgspec.json.Decoder(str)


def rewrite_text(text: bytes, mapping: Mapping) -> bytes:
    """The text with every Reference.reference, and every URI that is a temporary name, as `mapping` says (None leaves it)."""

    if b"\\u" in text:
        return _rewrite_escaped(text, mapping)

    def reference(match: re.Match[bytes]) -> bytes:
        real = mapping(_string(match.group(1)))
        return match.group() if real is None else b'"reference":' + ENCODER.encode(real)

    def urn(match: re.Match[bytes]) -> bytes:
        name = match.group(1).decode()
        real = mapping(match.group(2)[1:-1].decode()) if name in URI_MEMBERS else None
        return match.group() if real is None else f'"{name}":'.encode() + ENCODER.encode(real)

    text = _REFERENCE.sub(reference, text)
    return _URN.sub(urn, text) if b'"urn:' in text else text


def _string(quoted: bytes) -> str:
    """A JSON string's text; empty for what is none (half a surrogate pair), which reading the resource refuses with its place."""
    try:
        return _decoder.decode(quoted)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _rewrite_escaped(text: bytes, mapping: Mapping) -> bytes:
    """`rewrite_text` for a text in which letters may be written as `\\u0061`, in names as in values."""

    def member(match: re.Match[bytes]) -> bytes:
        if match[2] is None:
            return match.group()
        name, value = _string(match[1]), _string(match[2])
        named = name == "reference" or (name in URI_MEMBERS and value.startswith(("urn:uuid:", "urn:oid:")))
        real = mapping(value) if named else None
        return match.group() if real is None else match[1] + b":" + ENCODER.encode(real)

    return _STRINGS.sub(member, text)


def conditional_references(text: bytes) -> list[str]:
    """The search URLs that stand in Reference.reference where an address would."""
    if b"\\u" in text:
        members = ((_string(match[1]), match[2]) for match in _STRINGS.finditer(text) if match[2] is not None)
        values = [_string(value) for name, value in members if name == "reference"]
        return [value for value in values if _SEARCH.match(value)]
    return [_string(quoted) for quoted in _CONDITIONAL.findall(text)] if b"?" in text else []


def rewrite_references(parsed: Parsed, mapping: Mapping) -> Parsed:
    """The same resource with its references renamed; the very same object when nothing was."""
    body = rewrite_text(parsed.body, mapping)
    return parsed if body == parsed.body else parse_value(body, type=parsed.type)
