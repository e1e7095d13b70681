"""A resource as a plain JSON tree in which every decimal keeps the digits it was sent with, for patches and subsets."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import msgspec

from osler.platform.errors import Issue, Malformed

BYTE = re.compile(r"\(byte (\d+)\)")


class Digits:
    """A decimal as it was written: `1.00` stays `1.00`; it compares by value, as JSON Patch `test` asks."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        """Equal to any number of the same value."""
        if isinstance(other, Digits):
            return Decimal(self.text) == Decimal(other.text)
        return isinstance(other, int) and not isinstance(other, bool) and Decimal(self.text) == other

    def __hash__(self) -> int:
        """By value."""
        return hash(Decimal(self.text))


def written(number: Digits) -> msgspec.Raw:
    """The decimal's own text."""
    return msgspec.Raw(number.text.encode())


_decoder = msgspec.json.Decoder(float_hook=Digits)
_encoder = msgspec.json.Encoder(enc_hook=written)


def tree(body: bytes) -> Any:
    """The JSON tree of a body. Raises `Malformed` with line and column."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise broken(body, error) from None


def text(value: Any) -> bytes:
    """The JSON text of a tree. Raises `Malformed` when it is nested too deeply to be written."""
    try:
        return _encoder.encode(value)
    except RecursionError:
        raise Malformed("The JSON is nested too deeply") from None


def broken(body: bytes, error: Exception) -> Malformed:
    """What is wrong with a body that is not JSON, and in which line and column."""
    place = BYTE.search(str(error))
    read = body[: int(place[1])] if place else body
    line, column = read.count(b"\n") + 1, len(read) - (read.rfind(b"\n") + 1) + 1
    message = f"The body is not valid JSON (line {line}, column {column})"
    return Malformed(message, [Issue("structure", message, line=line, column=column)])


def indented(body: bytes) -> bytes:
    """The same JSON for human eyes."""
    return msgspec.json.format(body, indent=2)
