"""Cuts a FHIRPath text into its words. https://hl7.org/fhirpath/N1/#formal-specifications"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from osler.platform.fhirpath.problems import SyntaxProblem

_PATTERN = re.compile(
    r"""
      (?P<blank>\s+|//[^\r\n]*|/\*(?:[^*]|\*(?!/))*\*/)
    | (?P<time>@T[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)
    | (?P<datetime>@[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?T(?:[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)
    | (?P<date>@[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)
    | (?P<long>[0-9]+L\b)
    | (?P<number>[0-9]+(?:\.[0-9]+)?)
    | (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<quoted>`(?:[^`\\]|\\.)*`)
    | (?P<special>\$[A-Za-z_]+)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<symbol><=|>=|!=|!~|[|&+\-*/=~<>.,()\[\]{}%])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "'": "'", '"': '"', "`": "`", "\\": "\\", "/": "/"}


class Token(NamedTuple):
    """One word: its kind, its text and where it begins."""

    kind: str
    text: str
    at: int


def tokens(text: str) -> Iterator[Token]:
    """The words of the text, blanks and comments left out, then one of kind `end`."""
    position = 0
    while position < len(text):
        found = _PATTERN.match(text, position)
        if found is None:
            raise SyntaxProblem(f"The expression cannot be read at character {position + 1}")
        kind = str(found.lastgroup)
        if kind != "blank":
            yield Token(kind, found[0], position)
        position = found.end()
    yield Token("end", "", position)


def unquoted(token: Token) -> str:
    """The text between quotation marks, escapes undone."""

    def plain(found: re.Match[str]) -> str:
        code = found[1]
        if len(code) == 5:
            return chr(int(code[1:], 16))
        if code not in _PLAIN:
            raise SyntaxProblem(f"An escape that FHIRPath does not have, at character {token.at + 1}")
        return _PLAIN[code]

    text = token.text[1:-1]
    return _ESCAPE.sub(plain, text) if "\\" in text else text
