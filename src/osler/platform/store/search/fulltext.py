"""Search by words: `_text`, `_content`, `:text`, and what the start of a text or URI decides (`:below`).

One text-search vector a record answers them (platform/fhir/words.py). `_text` and `_content` take words, all of which must occur;
`or`, `and`, `not`, parentheses and "phrases" as https://hl7.org/fhir/R4/search.html#content describes them; `word*` is a beginning.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osler.platform.fhir import TYPE_CODE, SearchParameter
from osler.platform.fhir.index_values import text_value
from osler.platform.fhir.keys import storable
from osler.platform.fhir.words import text_scope, whose, words
from osler.platform.store.search import values
from osler.platform.store.search.predicates import FOLDED, keyed
from osler.platform.store.search.query import NEVER, Condition, Nothing, Special
from osler.platform.store.search.scope import Scope
from osler.platform.store.search.sources import Source
from osler.platform.store.search.values import unknown

if TYPE_CHECKING:
    from osler.platform.store.search.conditions import Asked

TENANT = "\x02"
"""Stands for the tenant inside a lexeme: known when the statement runs."""
MOST_TERMS = 50
_TERM = re.compile(r'\s*(?:(?P<bracket>[()])|"(?P<phrase>[^"]*)"|(?P<word>[^\s()"]+))')


class Words(Special, frozen=True):
    """Its words meet a text query."""

    query: str
    """As PostgreSQL's tsquery, without the lexeme that says whose record it is."""

    def probe(self, scope: Scope) -> str:
        """In the record's own vector."""
        here = f"p.tenant = $1 and {scope.same_rid()} and {self._meets('p', scope)}"
        return f"exists (select 1 from {scope.table('resource')} p where {here} offset 0)"

    def rank(self, in_record: bool) -> int:
        """A word is about as telling as a name."""
        return NEVER if in_record else 10

    def source(self, scope: Scope) -> Source:
        """From the index of words, which answers through a function of the schema's (migrations/service/0003)."""
        return Source(f"{scope.table('with_words')}($1::int4, {self._asked(scope)}) x", (), None, self)

    def _meets(self, alias: str, scope: Scope) -> str:
        return f"{alias}.words @@ {self._asked(scope)}"

    def _asked(self, scope: Scope) -> str:
        query = f"'{whose(TENANT, TYPE_CODE[scope.type])}' & ({self.query})"
        return f"replace({scope.add(query, 'text')}, E'\\x02', $1::int4::text)::tsquery"


class StringWords(Special, frozen=True):
    """One of its texts for a parameter holds the beginnings of all these words: `name:text=jo smi`."""

    parameter: SearchParameter
    wanted: tuple[tuple[str, ...], ...]

    def probe(self, scope: Scope) -> str:
        """In the record's own texts."""
        folded = FOLDED.format(row="p")
        alternatives = []
        for every in self.wanted:
            starts = [f"{folded} ~ {scope.add(rf'(^|[^[:alnum:]]){word}', 'text')}" for word in every]
            alternatives.append(f"({' and '.join(starts)})")
        here = f"p.tenant = $1 and {keyed('p', self.parameter, scope)} and {scope.same_rid()} and ({' or '.join(alternatives)})"
        return f"exists (select 1 from {scope.table('idx_string')} p where {here} offset 0)"

    def rank(self, in_record: bool) -> int:
        """As a word."""
        return NEVER if in_record else 10

    def source(self, scope: Scope) -> Source:
        """Those that hold the words anywhere, then those that hold them in the right place."""
        alternatives = [" & ".join(lexeme(word, prefix=True) for word in every) for every in self.wanted]
        found = Words(" | ".join(f"({one})" for one in alternatives)).source(scope)
        return Source(found.table, (*found.where, self.probe(scope)), None, self)


def lexeme(word: str, *, weight: str = "", prefix: bool = False) -> str:
    """One word in a tsquery."""
    marks = f":{'*' if prefix else ''}{weight}" if weight or prefix else ""
    return f"'{word}'{marks}"


def beginning(key: int, text: str) -> str:
    """What the texts under this key begin with, in a tsquery."""
    quoted = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{text_scope(key)}{quoted}':*"


def content(asked: Asked) -> Condition:
    """`_text` (the narrative) and `_content` (every text of the record)."""
    asked.only()
    weight = "A" if asked.parameter.code == "_text" else ""
    found = [_Reading(asked, values.unescape(part), weight).whole() for part in asked.alternatives()]
    return Words(" | ".join(f"({one})" for one in found))


class _Reading:
    """One text query, read from left to right: `not` binds closest, then `and` (or nothing), then `or`."""

    def __init__(self, asked: Asked, text: str, weight: str) -> None:
        self._asked = asked
        self._weight = weight
        self._terms = [(match.lastgroup or "", match[match.lastgroup or 0]) for match in _TERM.finditer(text)]
        self._at = 0
        if len(self._terms) > MOST_TERMS:
            raise values.bad(asked.name, f"has more than {MOST_TERMS} words")

    def whole(self) -> str:
        """The query. Raises `Malformed` where it cannot be read."""
        found = self._either()
        if self._at != len(self._terms):
            raise values.bad(self._asked.name, "has a bracket that was not opened")
        return found

    def _peek(self) -> tuple[str, str]:
        return self._terms[self._at] if self._at < len(self._terms) else ("", "")

    def _either(self) -> str:
        found = [self._every()]
        while _is(self._peek(), "or"):
            self._at += 1
            found.append(self._every())
        return f"({' | '.join(found)})" if len(found) > 1 else found[0]

    def _every(self) -> str:
        found = [self._one()]
        while self._peek()[0] and self._peek() != ("bracket", ")") and not _is(self._peek(), "or"):
            if _is(self._peek(), "and"):
                self._at += 1
            found.append(self._one())
        return f"({' & '.join(found)})" if len(found) > 1 else found[0]

    def _one(self) -> str:
        kind, text = self._peek()
        if not kind or (kind, text) == ("bracket", ")") or _is((kind, text), "and") or _is((kind, text), "or"):
            raise values.bad(self._asked.name, "has no word where one is needed")
        self._at += 1
        if kind == "bracket":
            found = self._either()
            if self._peek() != ("bracket", ")"):
                raise values.bad(self._asked.name, "has a bracket that does not end")
            self._at += 1
            return found
        if _is((kind, text), "not"):
            return f"!({self._one()})"
        # what stands together is one phrase: `o'neil`, `2020-01`
        parts = words(text)
        if not parts:
            raise values.bad(self._asked.name, "has no word where one is needed")
        starts, last = kind == "word" and text.endswith("*"), len(parts) - 1
        every = [lexeme(word, weight=self._weight, prefix=starts and place == last) for place, word in enumerate(parts)]
        return f"({' <-> '.join(every)})"


def _is(term: tuple[str, str], word: str) -> bool:
    return term[0] == "word" and term[1].lower() == word


def token_text(asked: Asked) -> Condition:
    """`code:text=dia`: the start of a display, of the concept's text or of the identifier type's text, without case or accents."""
    texts = [text_value(values.unescape(part)) for part in asked.alternatives()]
    if not all(texts):
        raise values.bad(asked.name, "has an empty value")
    return Words(" | ".join(beginning(key, text) for text in texts for key in asked.parameter.keys))


def string_text(asked: Asked) -> Condition:
    """`name:text=jo smi`: the beginnings of words, wherever they stand in one of the texts."""
    if asked.parameter.code in ("_text", "_content", "phonetic"):
        raise unknown(asked.name, asked.reading.type, "has no modifier :text")
    wanted = tuple(found for part in asked.alternatives() if (found := words(values.unescape(part))))
    return StringWords(asked.parameter, wanted) if wanted else Nothing()


def uri_below(asked: Asked) -> Condition:
    """`url:below=http://acme.org/fhir/`: everything that begins so."""
    if asked.parameter.code in ("_profile", "_source"):
        raise unknown(asked.name, asked.reading.type, "has no modifier :below")
    texts = [storable(values.unescape(part)) for part in asked.alternatives()]
    return Words(" | ".join(beginning(asked.parameter.key, text) for text in texts))
