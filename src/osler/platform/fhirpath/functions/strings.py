"""Functions on strings. https://hl7.org/fhirpath/N1/#string-manipulation"""

from __future__ import annotations

import base64
import binascii
import html
import json
from collections.abc import Callable
from functools import lru_cache
from time import perf_counter
from typing import Any

import regex

from osler.platform.fhirpath.arithmetic import text as bounded
from osler.platform.fhirpath.environment import Frame
from osler.platform.fhirpath.functions.table import Arguments, focus_of, function, value_of
from osler.platform.fhirpath.nodes import Node, boolean, integer, string
from osler.platform.fhirpath.problems import ExecutionProblem, LimitReached

LONGEST_PATTERN = 1000
PATIENCE = 0.25
"""Seconds one pattern may take: some patterns take for ever on some texts."""


@lru_cache(maxsize=256)
def _pattern(text: str) -> Any:
    if len(text) > LONGEST_PATTERN:
        raise LimitReached(f"A pattern of more than {LONGEST_PATTERN} characters")
    try:
        return regex.compile(text, regex.DOTALL | regex.VERSION0)
    except (regex.error, RecursionError, OverflowError):
        raise ExecutionProblem("A regular expression that cannot be read") from None


def _patiently(frame: Frame, work: Callable[[], Any]) -> Any:
    """A regular expression's answer; its time is counted as steps, a microsecond each."""
    started = perf_counter()
    try:
        return work()
    except TimeoutError:
        raise LimitReached("A regular expression takes too long") from None
    finally:
        frame.run.spend(int((perf_counter() - started) * 1e6))


def _texts(frame: Frame, nodes: list[Node], arguments: Arguments, name: str) -> tuple[str, ...] | None:
    """The string worked on and the arguments, all strings; None where one is empty."""
    found = [focus_of(nodes, "String", name), *(value_of(frame, argument, "String", name) for argument in arguments)]
    return None if any(value is None for value in found) else tuple(found)


def _test(name: str, rule: Callable[[Frame, str, str], Any]) -> None:
    @function(name, 1)
    def test(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
        texts = _texts(frame, nodes, arguments, name)
        return [] if texts is None else boolean(bool(rule(frame, *texts)))


_test("startsWith", lambda _, text, part: text.startswith(part))
_test("endsWith", lambda _, text, part: text.endswith(part))
_test("contains", lambda _, text, part: part in text)
_test("matches", lambda frame, text, pattern: _patiently(frame, lambda: _pattern(pattern).search(text, timeout=PATIENCE)))
_test("matchesFull", lambda frame, text, pattern: _patiently(frame, lambda: _pattern(pattern).fullmatch(text, timeout=PATIENCE)))


def _change(name: str, rule: Callable[[str], str]) -> None:
    @function(name)
    def change(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
        text = focus_of(nodes, "String", name)
        return [] if text is None else string(rule(text))


_change("upper", str.upper)
_change("lower", str.lower)
_change("trim", str.strip)


@function("length")
def length(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """How many characters a string has."""
    text = focus_of(nodes, "String", "length")
    return [] if text is None else integer(len(text))


@function("toChars")
def to_chars(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The characters one by one."""
    text = focus_of(nodes, "String", "toChars") or ""
    frame.run.spend(len(text))
    return [Node(character, "System.String") for character in text]


@function("indexOf", 1)
def index_of(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Where a part begins first; -1 where it does not occur."""
    texts = _texts(frame, nodes, arguments, "indexOf")
    return [] if texts is None else integer(texts[0].find(texts[1]))


@function("lastIndexOf", 1)
def last_index_of(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """Where a part begins last; -1 where it does not occur."""
    texts = _texts(frame, nodes, arguments, "lastIndexOf")
    return [] if texts is None else integer(texts[0].rfind(texts[1]))


@function("substring", 1, 2)
def substring(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """From a position on, as many characters as asked for."""
    text = focus_of(nodes, "String", "substring")
    start = value_of(frame, arguments[0], "Integer", "substring")
    if text is None or start is None or not 0 <= start < len(text):
        return []
    taken = value_of(frame, arguments[1], "Integer", "substring") if len(arguments) > 1 else None
    return string(text[start:] if taken is None else text[start : start + max(0, taken)])


@function("replace", 2)
def replace(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """One part changed for another wherever it occurs."""
    texts = _texts(frame, nodes, arguments, "replace")
    if texts is None:
        return []
    text, part, by = texts
    frame.run.spend((text.count(part) + 1) * (len(by) + 1) // 8)
    return bounded(text.replace(part, by))


@function("replaceMatches", 2)
def replace_matches(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """What a pattern finds changed for something else; `$1` and `${name}` stand for groups."""
    texts = _texts(frame, nodes, arguments, "replaceMatches")
    if texts is None:
        return []
    text, pattern, by = texts
    if not pattern:
        return string(text)
    template = regex.sub(r"\$(?:(\d)|\{(\w+)\})", lambda m: f"\\g<{m[1] or m[2]}>", by.replace("\\", "\\\\"))
    if len(text) * (len(by) + 1) > 50_000_000:
        raise LimitReached("A replacement that may become too long")
    try:
        return bounded(_patiently(frame, lambda: _pattern(pattern).sub(template, text, timeout=PATIENCE)))
    except (regex.error, IndexError):
        raise ExecutionProblem("A replacement that names a group the pattern does not have") from None


@function("split", 1)
def split(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The parts between separators."""
    texts = _texts(frame, nodes, arguments, "split")
    if texts is None:
        return []
    parts = texts[0].split(texts[1]) if texts[1] else list(texts[0])
    frame.run.spend(len(parts))
    return [Node(part, "System.String") for part in parts]


@function("join", 0, 1)
def join(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """All strings put together, with a separator between."""
    separator = value_of(frame, arguments[0], "String", "join") if arguments else ""
    if not nodes or separator is None:
        return []
    texts = [focus_of([node], "String", "join") for node in nodes]
    parts = [text for text in texts if text is not None]
    if len(separator) * len(parts) > 50_000_000:
        raise LimitReached("A string that would become too long")
    return bounded(separator.join(parts))


_CODES = ("hex", "base64", "urlbase64")
_MARKUPS = ("html", "json")


def _way(frame: Frame, nodes: list[Node], arguments: Arguments, name: str, ways: tuple[str, ...]) -> tuple[str, ...] | None:
    texts = _texts(frame, nodes, arguments, name)
    return texts if texts is not None and texts[1] in ways else None


@function("encode", 1)
def encode(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The string as `hex`, `base64` or `urlbase64`."""
    texts = _way(frame, nodes, arguments, "encode", _CODES)
    if texts is None:
        return []
    data = texts[0].encode()
    if texts[1] == "hex":
        return bounded(data.hex())
    return bounded((base64.b64encode if texts[1] == "base64" else base64.urlsafe_b64encode)(data).decode())


@function("decode", 1)
def decode(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The string that was encoded so; nothing where it was not."""
    texts = _way(frame, nodes, arguments, "decode", _CODES)
    if texts is None:
        return []
    try:
        if texts[1] == "hex":
            return string(bytes.fromhex(texts[0]).decode())
        return string(base64.b64decode(texts[0], b"-_" if texts[1] == "urlbase64" else None, validate=True).decode())
    except (ValueError, binascii.Error):
        return []


@function("escape", 1)
def escape(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The string as it is written in `html` or `json`."""
    texts = _way(frame, nodes, arguments, "escape", _MARKUPS)
    if texts is None:
        return []
    return bounded(html.escape(texts[0]) if texts[1] == "html" else json.dumps(texts[0], ensure_ascii=False)[1:-1])


@function("unescape", 1)
def unescape(frame: Frame, nodes: list[Node], arguments: Arguments) -> list[Node]:
    """The string that is written so in `html` or `json`."""
    texts = _way(frame, nodes, arguments, "unescape", _MARKUPS)
    if texts is None:
        return []
    if texts[1] == "html":
        return string(html.unescape(texts[0]))
    try:
        return string(json.loads(f'"{texts[0]}"', strict=False))
    except ValueError:
        try:
            return string(json.loads('"' + texts[0].replace('"', '\\"') + '"', strict=False))
        except ValueError:
            return []
