"""The parts of a FHIRPath expression once read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Syntax = Any
"""One of the classes below."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: its System type and value; the empty collection `{}` has neither."""

    type: str
    value: Any
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Special:
    """`$this`, `$index` or `$total`."""

    name: str
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Variable:
    """`%name`: something the environment knows."""

    name: str
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Member:
    """A child by name, of the target or of the context."""

    name: str
    target: Syntax | None
    depth: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function on the target or on the context."""

    name: str
    arguments: tuple[Syntax, ...]
    target: Syntax | None
    depth: int
    descending: tuple[bool, ...] = field(default=())
    """For `sort`: which keys run downwards."""


@dataclass(frozen=True, slots=True)
class Index:
    """`target[position]`."""

    target: Syntax
    position: Syntax
    depth: int


@dataclass(frozen=True, slots=True)
class Sign:
    """A plus or minus before a term."""

    negative: bool
    operand: Syntax
    depth: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and what stands between them."""

    operator: str
    left: Syntax
    right: Syntax
    depth: int


@dataclass(frozen=True, slots=True)
class TypeTest:
    """`operand is Type` or `operand as Type`."""

    operator: str
    operand: Syntax
    type: TypeName
    depth: int


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type specifier: `Patient`, `FHIR.Patient`, `System.String`."""

    namespace: str
    name: str
    depth: int = 1


def children(syntax: Syntax) -> list[Syntax]:
    """What an expression is made of, outermost first."""
    if isinstance(syntax, Member):
        return [syntax.target] if syntax.target is not None else []
    if isinstance(syntax, Call):
        return ([syntax.target] if syntax.target is not None else []) + list(syntax.arguments)
    if isinstance(syntax, Index):
        return [syntax.target, syntax.position]
    if isinstance(syntax, Sign | TypeTest):
        return [syntax.operand]
    if isinstance(syntax, Binary):
        return [syntax.left, syntax.right]
    return []
