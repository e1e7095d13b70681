"""The words of a resource, for `_text`, `_content` and `:text`: one text-search vector that the store keeps beside the body.

One lexeme says whose record it is and of which type; those for `:text` begin with their parameter. Words of the narrative carry the
weight A, so one vector answers both `_text` and `_content`. https://hl7.org/fhir/R4/search.html#content
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

import msgspec

from osler.platform.fhir.elements import all_elements
from osler.platform.fhir.keys import fold, storable

LONGEST_WORD = 40
MOST_WORDS = 5000
"""Words of one resource; a document of this length is found by its beginning."""
MOST_PLACES = 20
"""Of one word in one element: enough to find a phrase by."""
STEP = 8
"""Places between the beginnings of two elements are a multiple of this."""
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
LONGEST_REPEATED, MOST_REPEATED = 200, 40
"""Texts of so many characters and words are remembered: displays and names recur, what is longer seldom does and takes room."""
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
    """The vector of one resource as PostgreSQL reads it: its words with their places, and the `texts` beside its codes.

    A word said in several elements stands here once for each; PostgreSQL makes one lexeme of them.
    """
    parts = [f"'{whose(tenant, rtype)}'"]
    place = 0
    for narrative, found in _texts(body):
        if not found:
            continue
        if narrative or len(found) > MOST_REPEATED:
            parts.append(_placed(found[:MOST_WORDS], place, "A" if narrative else ""))
        else:
            parts.append(_placed_again(found, place))
        # so that no phrase runs from one element into the next; in steps, so that records alike in form share what is put together
        place += len(found) // STEP * STEP + STEP
        if place > MOST_WORDS:
            break
    parts += [f"'{text_scope(key)}{text.translate(_QUOTED)}'" for key, text in texts]
    return " ".join(parts)


def _placed(found: Sequence[str], before: int, weight: str) -> str:
    """The words of one element with their places, behind the `before` of the elements that stood before it."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(found, before + 1):
        known = places.setdefault(word, [])
        if len(known) < MOST_PLACES:
            known.append(f"{min(place, LAST_PLACE)}{weight}")
    return " ".join([f"{word}:{','.join(at)}" for word, at in places.items()])


@lru_cache(maxsize=32768)
def _placed_again(found: tuple[str, ...], before: int) -> str:
    """The same for what records repeat of each other."""
    return _placed(found, before, "")


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


def words(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared."""
    return _words_again(text) if len(text) <= LONGEST_REPEATED else _words(text)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word[:LONGEST_WORD] for word in _WORD.findall(fold(storable(text, 1_000_000))))


_words_again = lru_cache(maxsize=16384)(_words)


def _texts(body: bytes) -> Iterable[tuple[bool, tuple[str, ...]]]:
    """The words of each element that holds text: the narrative first."""
    for match in _NARRATIVE.finditer(body):
        for text in _decoded(b'"' + match[1] + b'"'):
            yield True, _words(html.unescape(_TAG.sub(" ", text)))
    names = _names()
    found = _MEMBER.findall(body)
    if b'":["' in body:
        found += _LIST.findall(body)
    for quoted in dict.fromkeys([quoted for name, quoted in found if name in names]):
        for said in _quoted_words_again(quoted) if len(quoted) <= LONGEST_REPEATED else _quoted_words(quoted):
            yield False, said


def _quoted_words(quoted: bytes) -> tuple[tuple[str, ...], ...]:
    """The words of JSON strings, text by text: records repeat each other's."""
    if _ADDRESS.match(quoted, 1) is not None:
        return ()
    if b"\\" in quoted or b'",' in quoted:
        return tuple(words(text) for text in _decoded(quoted))
    return (words(quoted[1:-1].decode("utf-8", "replace")),)


_quoted_words_again = lru_cache(maxsize=32768)(_quoted_words)


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
