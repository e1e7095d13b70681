"""What a text may cost: refused before anything is built from it. The numbers stand in `limits`."""

from __future__ import annotations

import re

import msgspec

from osler.platform.errors import Issue, Malformed, TooLarge
from osler.platform.fhir.limits import LONGEST_STRING, MOST_DEPTH, MOST_ENTRIES, MOST_VALUES

_LARGE = 1024 * 1024
"""Smaller texts cannot reach the limits on entries, values and strings in a way that costs anything."""
_BETWEEN = b"},{"
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\\nrt]*\Z")
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


class _Entries(msgspec.Struct):
    entry: list[msgspec.Raw] = []


_entries = msgspec.json.Decoder(_Entries)


def check_bounds(minified: bytes) -> None:
    """Raise `TooLarge` for more entries, values or longer strings than one body may have. Memory stays a small part of the text's."""
    if len(minified) > _LARGE:
        if minified.count(b",") > MOST_VALUES:
            raise too_large(f"The body has more than {MOST_VALUES} values")
        _check_strings(minified)
    # Two entries of an array have this between them; what else has it only makes us look closer.
    if minified.count(_BETWEEN) >= MOST_ENTRIES and entry_count(minified) > MOST_ENTRIES:
        raise too_large(f"A Bundle may have at most {MOST_ENTRIES} entries", "Bundle.entry")


def check_depth(minified: bytes) -> None:
    """Raise `Malformed` for a resource nested deeper than anybody means."""
    if minified.count(b"{") <= MOST_DEPTH:
        return
    brackets = _STRINGS.sub(b"", minified).translate(None, delete=bytes(set(range(256)) - set(b"{}[]")))
    for _ in range(MOST_DEPTH):
        if not brackets:
            return
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    raise Malformed(f"The JSON is nested more than {MOST_DEPTH} levels deep")


def entry_count(minified: bytes) -> int:
    """How many entries a Bundle has; what is no Bundle is judged by those who read it."""
    try:
        return len(_entries.decode(minified).entry)
    except (msgspec.DecodeError, RecursionError):
        return 0


def _check_strings(text: bytes) -> None:
    """A run without quotation marks that is longer than the limit covers a whole block of half its length."""
    step = LONGEST_STRING // 2
    for start in range(0, len(text) - step, step):
        if text.find(b'"', start, start + step) < 0:
            begin, end = text.rfind(b'"', 0, start) + 1, text.find(b'"', start + step)
            if end - begin > LONGEST_STRING and not _BASE64.match(text, begin, end):
                raise too_large(f"A string may have at most {LONGEST_STRING} bytes, unless it is base64Binary")


def too_large(message: str, expression: str | None = None) -> TooLarge:
    """A body over a limit that the CapabilityStatement names."""
    return TooLarge(message, [Issue("too-long", message, expression)])
