"""The words of a resource, for `_text`, `_content` and `:text`: one text-search vector that the store keeps beside the body.

One lexeme says whose record it is and of which type; those for `:text` begin with their parameter. Words of the narrative carry the
weight A, so one vector answers both `_text` and `_content`. https://hl7.org/fhir/R4/search.html#content
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from functools import cache, lru_cache

import msgspec

from osler.platform.fhir.elements import all_elements
from osler.platform.fhir.keys import fold, storable

LONGEST_WORD = 40
MOST_WORDS = 5000
"""Words of one resource; a document of this length is found by its beginning."""
MOST_PLACES = 20
"""Of one word in one record: enough to find a phrase by."""
LAST_PLACE = 16383
"""PostgreSQL counts places in a text no further."""
NOT_WORDS = frozenset(
    word
    for words in (
        "altId code color contentType contextLinkId datasetId definition definitionCanonical etag expression id ifMatch ifNoneExist",
        "ifNoneMatch language linkId observedSeq path readsetId reference referenceAllele referenceSeqString representation requestURL",
        "resourceId source sourceId status type unit url variable variantsetId version versionId xpath",
    )
    for word in words.split()
)
"""Elements of type string that hold no words for people: names of other things, and units."""
_ADDRESS = re.compile(rb"(?:urn:|https?:|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-)")
"""How a text begins that names something instead of saying it."""
_NARRATIVE = re.compile(rb'"div":"([^"\\]*(?:\\.[^"\\]*)*)"')
_MEMBER = re.compile(rb'"([A-Za-z]+)":("[^"\\]*(?:\\.[^"\\]*)*")')
_LIST = re.compile(rb'"([A-Za-z]+)":\[("[^"\\]*(?:\\.[^"\\]*)*"(?:,"[^"\\]*(?:\\.[^"\\]*)*")*)\]')
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"\w+")
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
_QUOTED = str.maketrans({"'": "''", "\\": "\\\\"})
_strings = msgspec.json.Decoder(list[str])


def word_vector(body: bytes, texts: Iterable[tuple[int, str]], tenant: int, rtype: int) -> str:
    """The vector of one resource as PostgreSQL reads it: its words with their places, and the `texts` beside its codes."""
    places: dict[str, list[str]] = {}
    place = 0
    for narrative, found in _texts(body):
        weight = "A" if narrative else ""
        for word in found:
            place += 1
            if (known := places.get(word)) is None:
                places[word] = [f"{min(place, LAST_PLACE)}{weight}"]
            elif len(known) < MOST_PLACES:
                known.append(f"{min(place, LAST_PLACE)}{weight}")
        place += 1  # so that no phrase runs from one element into the next
        if place > MOST_WORDS:
            break
    parts = [f"'{whose(tenant, rtype)}'", *(f"{word}:{','.join(at)}" for word, at in places.items())]
    parts += [f"'{text_scope(key)}{text.translate(_QUOTED)}'" for key, text in texts]
    return " ".join(parts)


def whose(tenant: int | str, rtype: int) -> str:
    """The lexeme that every record of one type and tenant has: part of each query, so that a search sees no others."""
    return f"{tenant}.{rtype}"


@lru_cache(maxsize=4096)
def text_scope(key: int) -> str:
    """What the texts of a parameter begin with: the key in six letters."""
    digits = []
    number = key & 0xFFFFFFFF
    for _ in range(6):
        number, digit = divmod(number, 64)
        digits.append(_LETTERS[digit])
    return "".join(digits) + ":"


@lru_cache(maxsize=16384)
def words(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared."""
    return tuple(word[:LONGEST_WORD] for word in _WORD.findall(fold(storable(text, 1_000_000))))


def _texts(body: bytes) -> Iterable[tuple[bool, tuple[str, ...]]]:
    """The words of each element that holds text: the narrative first."""
    for match in _NARRATIVE.finditer(body):
        for text in _decoded(b'"' + match[1] + b'"'):
            yield True, words.__wrapped__(html.unescape(_TAG.sub(" ", text)))
    names = _names()
    found = _MEMBER.findall(body)
    if b'":["' in body:
        found += _LIST.findall(body)
    for quoted in dict.fromkeys([quoted for name, quoted in found if name in names]):
        for said in _quoted_words(quoted):
            yield False, said


@lru_cache(maxsize=32768)
def _quoted_words(quoted: bytes) -> tuple[tuple[str, ...], ...]:
    """The words of JSON strings, text by text: records repeat each other's."""
    if _ADDRESS.match(quoted, 1) is not None:
        return ()
    if b"\\" in quoted or b'",' in quoted:
        return tuple(words(text) for text in _decoded(quoted))
    return (words(quoted[1:-1].decode("utf-8", "replace")),)


def _decoded(quoted: bytes) -> list[str]:
    try:
        return _strings.decode(b"[" + quoted + b"]")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []


@cache
def _names() -> frozenset[bytes]:
    """The members that hold text: every element that R4 calls a string or markdown."""
    named = {element.name for element in all_elements() if element.type in ("string", "markdown")}
    return frozenset(name.encode() for name in named - NOT_WORDS)
