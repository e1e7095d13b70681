"""Reads a FHIRPath expression, operators bound as the official grammar binds them. https://hl7.org/fhirpath/N1/#grammar"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from osler.platform.fhirpath.lexer import Token, tokens, unquoted
from osler.platform.fhirpath.problems import LimitReached, SyntaxProblem
from osler.platform.fhirpath.quantity import CALENDAR, Quantity
from osler.platform.fhirpath.syntax import Binary, Call, Index, Literal, Member, Sign, Special, Syntax, TypeName, TypeTest, Variable
from osler.platform.fhirpath.temporal import ZONE, read

LONGEST = 20_000
"""Characters of an expression."""
DEEPEST = 240
"""Parts inside parts; each takes a step of the program's own stack when the expression is evaluated."""
MOST_NESTED = 50
"""Parentheses inside parentheses."""

_POWERS = [("implies",), ("or", "xor"), ("and",), ("in", "contains"), ("=", "~", "!=", "!~"), ("<=", "<", ">", ">="), ("|",),
           ("is", "as"), ("+", "-", "&"), ("*", "/", "div", "mod")]  # fmt: skip
POWER = {operator: power for power, operators in enumerate(_POWERS, 1) for operator in operators}
_WORDS = frozenset(operator for operator in POWER if operator.isalpha())
_NAMES_TOO = frozenset({"as", "contains", "in", "is"})
_SPECIAL = frozenset({"$this", "$index", "$total"})
_TYPED = frozenset({"is", "as", "ofType"})


def parse(text: str) -> Syntax:
    """The expression as a tree."""
    if len(text) > LONGEST:
        raise LimitReached(f"The expression is longer than {LONGEST} characters")
    parser = _Parser(list(tokens(text)))
    tree = parser.expression(0)
    parser.expect("end", "")
    return tree


def _depth(*parts: Syntax | None) -> int:
    deepest = 1 + max((part.depth for part in parts if part is not None), default=0)
    if deepest > DEEPEST:
        raise LimitReached(f"The expression has more than {DEEPEST} parts inside one another")
    return deepest


class _Parser:
    def __init__(self, words: list[Token]) -> None:
        self.words = words
        self.at = 0
        self.nested = 0

    @property
    def next(self) -> Token:
        return self.words[self.at]

    def take(self) -> Token:
        token = self.words[self.at]
        self.at += 1
        return token

    def sees(self, text: str) -> bool:
        return self.next.text == text and self.next.kind in ("symbol", "name")

    def expect(self, kind: str, text: str) -> Token:
        token = self.take()
        if token.kind != kind or (text and token.text != text):
            raise SyntaxProblem(f"{repr(text) if text else kind} is expected at character {token.at + 1} of the expression")
        return token

    def expression(self, power: int) -> Syntax:
        self.nested += 1
        if self.nested > MOST_NESTED * 2:
            raise LimitReached(f"The expression is nested more than {MOST_NESTED} times")
        left = self.signed()
        while True:
            token = self.next
            binding = POWER.get(token.text, 0) if token.kind in ("symbol", "name") else 0
            if binding <= power:
                self.nested -= 1
                return left
            self.take()
            if token.text in ("is", "as"):
                left = TypeTest(token.text, left, self.type_name(), _depth(left))
            else:
                right = self.expression(binding)
                left = Binary(token.text, left, right, _depth(left, right))

    def signed(self) -> Syntax:
        if self.sees("-") or self.sees("+"):
            negative = self.take().text == "-"
            self.nested += 1
            if self.nested > MOST_NESTED * 2:
                raise LimitReached(f"The expression is nested more than {MOST_NESTED} times")
            operand = self.signed()
            self.nested -= 1
            return Sign(negative, operand, _depth(operand))
        return self.chain()

    def chain(self) -> Syntax:
        left = self.term()
        while True:
            if self.sees("."):
                self.take()
                left = self.invocation(left)
            elif self.sees("["):
                self.take()
                position = self.expression(0)
                self.expect("symbol", "]")
                left = Index(left, position, _depth(left, position))
            else:
                return left

    def term(self) -> Syntax:
        token = self.next
        if token.kind == "symbol":
            if token.text == "(":
                self.take()
                inner = self.expression(0)
                self.expect("symbol", ")")
                return inner
            if token.text == "{":
                self.take()
                self.expect("symbol", "}")
                return Literal("", None)
            if token.text == "%":
                self.take()
                return Variable(self.variable())
        if token.kind in ("name", "quoted", "special"):
            if token.text in ("true", "false"):
                self.take()
                return Literal("System.Boolean", token.text == "true")
            if token.kind == "name" and token.text in _WORDS - _NAMES_TOO:
                raise SyntaxProblem(f"An operand is expected at character {token.at + 1} of the expression")
            return self.invocation(None)
        return self.literal()

    def variable(self) -> str:
        token = self.take()
        if token.kind in ("quoted", "string"):
            return unquoted(token)
        if token.kind != "name":
            raise SyntaxProblem(f"The name of a variable is expected at character {token.at + 1} of the expression")
        return token.text

    def invocation(self, target: Syntax | None) -> Syntax:
        token = self.take()
        if token.kind == "special":
            if token.text not in _SPECIAL:
                raise SyntaxProblem(f"There is no such special name, at character {token.at + 1} of the expression")
            if target is not None:
                raise SyntaxProblem(f"{token.text} begins a path and cannot follow one")
            return Special(token.text)
        if token.kind not in ("name", "quoted"):
            raise SyntaxProblem(f"A name is expected at character {token.at + 1} of the expression")
        name = unquoted(token) if token.kind == "quoted" else token.text
        if self.sees("("):
            self.take()
            return self.call(name, target)
        return Member(name, target, _depth(target))

    def call(self, name: str, target: Syntax | None) -> Call:
        arguments: list[Syntax] = []
        descending: list[bool] = []
        while not self.sees(")"):
            if arguments:
                self.expect("symbol", ",")
            if name in _TYPED:
                arguments.append(self.type_name())
                continue
            argument = self.expression(0)
            down = False
            if name == "sort":
                if isinstance(argument, Sign) and argument.negative:
                    argument, down = argument.operand, True
                elif self.next.text in ("asc", "desc") and self.next.kind == "name":
                    down = self.take().text == "desc"
            arguments.append(argument)
            descending.append(down)
        self.expect("symbol", ")")
        return Call(name, tuple(arguments), target, _depth(target, *arguments), tuple(descending))

    def type_name(self) -> TypeName:
        parts = [self.identifier()]
        if self.sees("."):
            self.take()
            parts.append(self.identifier())
        return TypeName(parts[0] if len(parts) == 2 else "", parts[-1])

    def identifier(self) -> str:
        token = self.take()
        if token.kind == "quoted":
            return unquoted(token)
        return token.text if token.kind == "name" else self.expect("name", "").text

    def literal(self) -> Literal:
        token = self.take()
        if token.kind == "string":
            return Literal("System.String", unquoted(token))
        if token.kind == "long":
            return Literal("System.Long", int(token.text[:-1]))
        if token.kind == "number":
            return self.number(token)
        if token.kind in ("date", "datetime", "time"):
            kind = {"date": "Date", "datetime": "DateTime", "time": "Time"}[token.kind]
            value = read(kind, token.text[1:])
            if value is None and not (token.kind == "time" and ZONE.search(token.text)):
                raise SyntaxProblem(f"There is no such date or time, at character {token.at + 1} of the expression")
            return Literal(f"System.{kind}", value)
        raise SyntaxProblem(f"An operand is expected at character {token.at + 1} of the expression")

    def number(self, token: Token) -> Literal:
        if self.next.kind == "string":
            return Literal("System.Quantity", Quantity(Decimal(token.text), unquoted(self.take())))
        if self.next.kind == "name" and self.next.text in CALENDAR:
            return Literal("System.Quantity", Quantity(Decimal(token.text), CALENDAR[self.take().text], True))
        value: Any = Decimal(token.text) if "." in token.text else int(token.text)
        if not isinstance(value, Decimal) and value > 2**31 - 1 and value != 2**31:
            raise SyntaxProblem(f"The whole number at character {token.at + 1} of the expression is too large")
        return Literal("System.Decimal" if isinstance(value, Decimal) else "System.Integer", value)
