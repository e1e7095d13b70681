"""Checks the chains: recomputes every hash in Python from the rows as they stand, so that a changed or missing row shows."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from osler.platform.audit.chain import FIRST

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
ROWS = "select * from audit.event where tenant = $1 order by stream, seq"


class Flaw(NamedTuple):
    """Where a chain does not hold: a row changed (`hash`), missing (`gap`), or put into another batch (`batch`)."""

    stream: int
    seq: int
    kind: str


def digest(head: bytes, row: Mapping[str, Any]) -> bytes:
    """The hash `audit.digest` gave this row, if nothing in it has changed since."""
    micros = (row["at"] - EPOCH) // timedelta(microseconds=1)
    numbers = struct.pack(
        ">iqqqqihh", row["tenant"], row["stream"], row["seq"], micros, row["prid"], row["version"], row["rtype"], row["outcome"]
    )
    action = row["action"]
    texts = "\x1f".join((row["actor"], row["id"], row["request_id"], row["detail"])).encode()
    return hashlib.sha256(head + numbers + (action if isinstance(action, bytes) else action.encode()) + texts).digest()


def verify(rows: Iterable[Mapping[str, Any]]) -> list[Flaw]:
    """Every flaw in these rows, which are ordered by stream and seq. None: each chain is whole from its first row to its last."""
    flaws: list[Flaw] = []
    stream, seq, batch, head, hashes = -1, 0, 0, FIRST, list[bytes]()
    for row in rows:
        if row["stream"] != stream:
            stream, seq, batch, head, hashes = row["stream"], 0, 1, FIRST, []
        if row["seq"] != seq + 1:
            flaws.append(Flaw(stream, seq + 1, "gap"))
        if row["batch"] != batch:
            head = hashlib.sha256(b"".join(hashes)).digest()
            if row["batch"] != row["seq"]:
                flaws.append(Flaw(stream, row["seq"], "batch"))
            batch, hashes = row["batch"], []
        if digest(head, row) != row["hash"]:
            flaws.append(Flaw(stream, row["seq"], "hash"))
        seq = row["seq"]
        hashes.append(row["hash"])
    return flaws
