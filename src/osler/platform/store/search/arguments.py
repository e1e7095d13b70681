"""The values of a statement, numbered in the order in which the text mentions them."""

from __future__ import annotations

from typing import Any


class Arguments:
    """Hands out `$n`. `$1` is always the tenant; the first value given here becomes `$first`."""

    __slots__ = ("first", "values")

    def __init__(self, first: int) -> None:
        self.first = first
        self.values: list[Any] = []

    def add(self, value: Any, kind: str = "") -> str:
        """The placeholder of a value, with its SQL type where PostgreSQL cannot tell."""
        self.values.append(value)
        placeholder = f"${self.first + len(self.values) - 1}"
        return f"{placeholder}::{kind}" if kind else placeholder
