"""Where in the text as sent something is: the line and column an OperationOutcome names."""

from __future__ import annotations

import json
import re

from osler.platform.errors import Issue, Malformed
from osler.platform.fhir.diagnosis import Found, public

LARGEST_LOCATED = 4 * 1024 * 1024
_BYTE = re.compile(r"\(byte (\d+)\)")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_Path = tuple[str | int, ...]


def broken_json(body: bytes, reason: str) -> Malformed:
    """The refusal of a text that is not JSON, with the line and column where it stops being JSON."""
    if body[:3] == b"\xef\xbb\xbf":
        return Malformed("Broken JSON", [Issue("structure", "The text begins with a byte order mark; send plain UTF-8", line=1, column=1)])
    if body[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in body[:4]:
        return Malformed("Broken JSON", [Issue("structure", "The text is not UTF-8", line=1, column=1)])
    found = _BYTE.search(reason)
    offset = min(int(found.group(1)), len(body)) if found else len(body)
    if "trailing characters" in reason:
        offset -= 1  # the parser counts the character it stopped at
    message = _BYTE.sub("", reason).strip() or "The JSON is broken"
    line, column = _line_column(body[:offset].decode("utf-8", "replace"))
    return Malformed("Broken JSON", [Issue("structure", message, line=line, column=column)])


def _line_column(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def locate(body: bytes, issues: list[Issue]) -> list[Issue]:
    """The issues with line and column of their elements in the text as sent."""
    wanted = {issue.at for issue in issues if isinstance(issue, Found)}
    if not wanted or len(body) > LARGEST_LOCATED:
        return [public(issue) for issue in issues]
    places = _places(body.decode("utf-8", "replace"), wanted)
    located = []
    for issue in issues:
        line, column = places.get(issue.at, (None, None)) if isinstance(issue, Found) else (issue.line, issue.column)
        located.append(Issue(issue.code, issue.diagnostics, issue.expression, issue.severity, line, column))
    return located


def _places(text: str, wanted: set[_Path]) -> dict[_Path, tuple[int, int]]:
    """One pass over the tokens with the path of each value; a member's place is its name, an item's is its first character."""
    places: dict[_Path, tuple[int, int]] = {}
    path: list[str | int] = []
    opened: list[str] = []
    naming = False
    last: int | None = None
    if () in wanted:
        places[()] = (1, 1)
    for token in _TOKEN.finditer(text):
        part = token.group()
        if part in "}]":
            opened.pop()
            path.pop()
            naming = False
            continue
        if part == ",":
            if opened[-1] == "[":
                path[-1] = int(path[-1]) + 1
                last = None
            naming = opened[-1] == "{"
            continue
        if part == ":":
            continue
        if naming and part[0] == '"':
            path[-1] = json.loads(part)
            naming = False
            _note(places, wanted, path, text, token.start())
            continue
        if opened and opened[-1] == "[" and last is None:
            _note(places, wanted, path, text, token.start())
        if part in "{[":
            opened.append(part)
            path.append("" if part == "{" else 0)
            naming = part == "{"
            last = None
    return places


def _note(places: dict[_Path, tuple[int, int]], wanted: set[_Path], path: list[str | int], text: str, start: int) -> None:
    here = tuple(path)
    if here in wanted and here not in places:
        places[here] = _line_column(text[:start])
