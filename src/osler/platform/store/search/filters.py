"""`_filter`: `name co "pet" and (birthdate gt 2010 or not (gender eq male))`. https://hl7.org/fhir/R4/search_filter.html

Logical expressions are read from left to right with no precedence between `and` and `or`, as the page says; paths are chains.
"""

from __future__ import annotations

import json
import re
from datetime import datetime

from osler.platform.errors import Issue, Malformed, Unsupported
from osler.platform.fhir import SearchParameter, date_range, fold
from osler.platform.store.search import values
from osler.platform.store.search.chaining import chained, is_chained
from osler.platform.store.search.conditions import Reading, condition
from osler.platform.store.search.logic import All, Any, Not, Other, Text
from osler.platform.store.search.query import Condition, Dates, Identifiers, Missing, Nothing, Tokens
from osler.platform.store.search.values import unknown

NAME = "_filter"
MOST_PARTS = 100
"""Comparisons in one filter."""
DEEPEST = 20
"""Parentheses within parentheses."""
WORD = re.compile(r'\s*(?:(?P<bracket>[()])|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<word>[^\s()"]+))')
ORDERED = frozenset({"gt", "lt", "ge", "le", "ap", "sa", "eb"})
BY_MODIFIER = {"ss": "below", "sb": "above", "in": "in", "ni": "not-in"}
OPERATORS = frozenset({"eq", "ne", "co", "sw", "ew", "po", "pr", "re"}) | ORDERED | BY_MODIFIER.keys()
PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_:.\-]*")


class Comparing(Reading, frozen=True):
    """Reading the left side of a comparison: what is at the end of its path is compared by `operator`."""

    operator: str = "eq"

    def understand(self, name: str, text: str, further: Reading) -> Condition:
        """The condition at the end of the path, or the next step."""
        if is_chained(name):
            return chained(name, text, further)
        parameter = further.parameters_of(further.type).get(name)
        if parameter is None or not parameter.searchable:
            raise unknown(name, further.type)
        return compared(parameter, self.operator, text, further)


def filtered(text: str, reading: Reading) -> Condition:
    """The whole expression. Raises `Malformed` or `Unsupported`, naming what it cannot do."""
    tokens = _Tokens(text)
    found = _expression(tokens, reading, 0)
    if not tokens.done:
        raise wrong("has something after its end")
    return found


class _Tokens:
    """The words of a filter, one after the other."""

    def __init__(self, text: str) -> None:
        self._words: list[tuple[str, str]] = []
        self._at = 0
        self.parts = 0
        end = len(text.rstrip())
        place = 0
        while place < end:
            match = WORD.match(text, place)
            if match is None:
                raise wrong("holds a text that does not end")
            self._words.append((match.lastgroup or "", match[match.lastgroup or 0]))
            place = match.end()

    @property
    def done(self) -> bool:
        """Nothing is left."""
        return self._at == len(self._words)

    def next(self, *kinds: str) -> tuple[str, str]:
        """The next word, of one of these kinds. Raises `Malformed`."""
        if self.done or (kinds and self._words[self._at][0] not in kinds):
            raise wrong("is not: path operator value, joined by and, or, not ( )")
        self._at += 1
        return self._words[self._at - 1]

    def took(self, *words: str) -> str:
        """The next word if it is one of these, else nothing."""
        if self.done or self._words[self._at][0] == "quoted" or self._words[self._at][1] not in words:
            return ""
        self._at += 1
        return self._words[self._at - 1][1]


def _expression(tokens: _Tokens, reading: Reading, depth: int) -> Condition:
    left = _part(tokens, reading, depth)
    while joined := tokens.took("and", "or"):
        right = _part(tokens, reading, depth)
        kind = All if joined == "and" else Any
        left = kind((*left.parts, right)) if isinstance(left, kind) else kind((left, right))
    return left


def _part(tokens: _Tokens, reading: Reading, depth: int) -> Condition:
    tokens.parts += 1
    if depth > DEEPEST or tokens.parts > MOST_PARTS:
        message = f"{NAME} has more than {MOST_PARTS} comparisons or {DEEPEST} levels of parentheses"
        raise Malformed(message, [Issue("too-costly", message, f"http.{NAME}")])
    negated = tokens.took("not")
    if negated or tokens.took("("):
        if negated and not tokens.took("("):
            raise wrong("needs a parenthesis after not")
        inside = _expression(tokens, reading, depth + 1)
        if not tokens.took(")"):
            raise wrong("has a parenthesis that is not closed")
        return Not(inside) if negated else inside
    return _comparison(tokens, reading)


def _comparison(tokens: _Tokens, reading: Reading) -> Condition:
    path, operator = tokens.next("word")[1], tokens.next("word")[1]
    kind, value = tokens.next("word", "quoted")
    if "[" in path or "]" in path:
        message = f"{NAME} cannot select among elements with [ ]"
        raise Unsupported(message, [Issue("not-supported", message, f"http.{NAME}")])
    if not PATH.fullmatch(path):
        raise wrong("has a path it cannot read")
    if operator not in OPERATORS:
        raise wrong(f"has an operator that is none of {', '.join(sorted(OPERATORS))}")
    if kind == "quoted":
        try:
            value = json.loads(value)
        except ValueError:
            raise wrong("has a text with an escape it cannot read") from None
    if not value:
        raise wrong("has an empty value")
    comparing = Comparing(reading.type, reading.base, reading.now, reading.parameters_of, operator=operator)
    try:
        return comparing.understand(path, value, comparing)
    except (Unsupported, Malformed) as refusal:
        message = f"In {NAME}: {refusal.message}"
        raise type(refusal)(message, [Issue(refusal.issues[0].code, message, f"http.{NAME}")]) from refusal


def compared(parameter: SearchParameter, operator: str, text: str, reading: Reading) -> Condition:
    """One parameter of the type against one value."""
    plain = Reading(reading.type, reading.base, reading.now, reading.parameters_of, reading.depth)
    name, kind = parameter.code, parameter.kind
    if operator == "pr":
        return Missing(parameter, not values.boolean(name, text))
    if operator in BY_MODIFIER and kind in ("token", "uri"):
        return condition(f"{name}:{BY_MODIFIER[operator]}", literal(text, kind), plain)
    if operator == "re" and kind == "reference":
        return condition(name, literal(text, kind), plain)
    if kind == "string" and operator in ("eq", "ne", "co", "sw", "ew"):
        return _of_text(parameter, operator, text, plain)
    if kind == "date" and operator == "po":
        return Dates(parameter, (("ap", *_span(name, text)),))
    if kind in ("date", "number", "quantity") and (operator in ORDERED or operator in ("eq", "ne")):
        return condition(name, operator + literal(text, kind), plain)
    if kind in ("token", "reference", "uri") and operator in ("eq", "ne"):
        equal = condition(name, literal(text, kind), plain)
        if operator == "eq":
            return equal
        if isinstance(equal, Nothing):
            return Missing(parameter, False)
        return Other(equal) if isinstance(equal, Tokens | Identifiers) else Not(equal)
    raise unknown(name, reading.type, f"has no operator {operator}: it is of kind {kind}")


def _of_text(parameter: SearchParameter, operator: str, text: str, reading: Reading) -> Condition:
    if operator in ("co", "sw"):
        return condition(f"{parameter.code}:contains" if operator == "co" else parameter.code, literal(text, "string"), reading)
    folded = fold(text)[:299]
    if not folded:
        raise values.bad(parameter.code, "has an empty value")
    return Text(parameter, "end" if operator == "ew" else "equal" if operator == "eq" else "other", folded)


def _span(name: str, text: str) -> tuple[datetime, datetime]:
    try:
        return date_range(text)
    except ValueError:
        raise values.bad(name, "is not a date") from None


def literal(text: str, kind: str) -> str:
    """A filter's value as a search parameter's: a comma, and in texts a `|` and a `$`, are no marks here."""
    marks = r"[\\,$]" if kind in ("token", "quantity", "uri", "reference") else r"[\\,$|]"
    return re.sub(marks, lambda match: "\\" + match[0], text)


def wrong(why: str) -> Malformed:
    """A filter that cannot be read."""
    message = f"{NAME} {why}"
    return Malformed(message, [Issue("invalid", message, f"http.{NAME}")])
