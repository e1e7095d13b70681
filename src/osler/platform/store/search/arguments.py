"""The values of a statement, numbered in the order in which the text mentions them."""

from __future__ import annotations

from datetime import datetime
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


class SharedArguments(Arguments):
    """The values of one search among several that share a statement: columns `a.v1`, `a.v2`, … of the searches asked for.

    `possible` turns false where a value is a list: the lists of several searches do not fit into one column.
    """

    __slots__ = ("kinds", "possible")

    def __init__(self) -> None:
        super().__init__(1)
        self.kinds: list[str] = []
        self.possible = True

    def add(self, value: Any, kind: str = "") -> str:
        """The column of a value."""
        found = KINDS.get(type(value))
        if found is None or kind.endswith("[]"):
            self.possible = False
            found = "int8"
        self.values.append(value)
        self.kinds.append(found)
        return f"a.v{len(self.values)}"


KINDS = {int: "int8", str: "text", datetime: "timestamptz", float: "float8"}
"""PostgreSQL compares a narrower column with any of these through the same index."""
