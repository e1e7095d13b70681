"""The numbers that stand for ids, codes and systems in index rows, the folding of names, and new ids.

Hashes are signed blake2b of the text: 64 bits where two values must not meet inside one tenant and parameter, 32 bits
for the few thousand code systems and search parameters (those are checked for collisions when the tables are built).
An identity is never decided by a hash: `unique (tenant, rid)` refuses a collision of ids, identifiers are compared as text.
"""

from __future__ import annotations

import os
import re
import unicodedata
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

LONGEST_STRING = 299
"""Characters of a string value that the index holds; a search value is cut to the same length."""

EXACT = "\x01"
"""Stands between the folded and the sent text in a string row: sorts before every character a text may have."""


def _hash64(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)


def _hash32(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "big", signed=True)


@lru_cache(maxsize=65536)
def token_value(code: str) -> int:
    """The number of a code's text, case as sent."""
    return _hash64(code)


@lru_cache(maxsize=65536)
def code_value(code: str) -> int:
    """The number of a code as searches compare it: without case, so that nothing is missed (https://hl7.org/fhir/R4/search.html#token)."""
    return _hash64(code.lower())


@lru_cache(maxsize=8192)
def system_value(system: str) -> int:
    """The number of a code system's or identifier system's URL; 0 says there is none."""
    return (_hash32(system) or 1) if system else 0


@lru_cache(maxsize=65536)
def reference_value(reference: str) -> int:
    """The number of a reference's target: `Patient/1`, whatever version is named, and any other URL as it stands."""
    if "/_history/" in reference:
        reference = reference.split("/_history/", 1)[0]
    return _hash64(reference)


def rid(type: str, id: str) -> int:  # noqa: A002 - FHIR's words
    """The number of a resource, the same before and after it exists, so that imports may come in any order."""
    return reference_value(f"{type}/{id}")


def parameter_key(type: str, code: str) -> int:  # noqa: A002 - FHIR's words
    """The number of one search parameter of one type."""
    return _hash32(f"{type}.{code}")


@lru_cache(maxsize=16384)
def fold(text: str) -> str:
    """`Müller ` and `MULLER` alike: no accents, no case, single spaces (https://hl7.org/fhir/R4/search.html#string)."""
    if text.isascii():
        return " ".join(text.lower().split())
    bare = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(unicodedata.normalize("NFKD", bare.casefold()).split())


def storable(text: str, longest: int = LONGEST_STRING) -> str:
    """The text as PostgreSQL can hold and index it: no NUL, no lone surrogates, no longer than an index row allows."""
    text = text[:longest]
    return text if text.isascii() and "\x00" not in text else text.replace("\x00", "").encode("utf-8", "replace").decode()


@lru_cache(maxsize=16384)
def string_value(text: str) -> str:
    """What the string index holds: the folded text, and behind it (when they differ) the text as sent, for `:exact`."""
    text = storable(text)
    folded = fold(text)[:LONGEST_STRING]
    return folded if folded == text else f"{folded}{EXACT}{text}"


def new_id(now: datetime) -> str:
    """A fresh FHIR id that sorts by the time it was made (UUID version 7, RFC 9562), so that new rows lie side by side."""
    random = bytearray(os.urandom(10))
    random[0] = 0x70 | random[0] & 0x0F
    random[2] = 0x80 | random[2] & 0x3F
    text = f"{int(now.timestamp() * 1000):012x}{random.hex()}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


_OURS = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def made_at(id: str) -> float | None:  # noqa: A002 - FHIR's word
    """The second since 1970 at which `new_id` made an id; None for an id that somebody else has chosen."""
    found = _OURS.fullmatch(id)
    return int(found[1] + found[2], 16) / 1000 if found else None
