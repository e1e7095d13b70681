"""Streams of audit rows: one process writes each, one batch at a time, and every batch's hashes cover the batch before it.

PostgreSQL computes the hashes (`audit.digest`), because the statement that reads a record also logs it, and only that statement knows
which version of whose record it found. This module keeps each stream's next number and head.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

Action = Literal["R", "V", "H", "S", "G", "C", "U", "D", "N", "X"]
"""Read, version read, history, search, chart (GraphQL), create, update, delete, new stream, other."""

INSERT = """insert into audit.event
  (tenant, stream, seq, batch, at, prid, version, rtype, outcome, action, actor, id, request_id, detail, hash)"""

RECORD = f"""with logged as (
  {INSERT}
  select $1, $2, $3 + n - 1, $3, at, prid, version, rtype, outcome, action::"char", actor, id, request_id, detail,
    audit.digest($4, $1, $2, $3 + n - 1, at, prid, version, rtype, outcome, action::"char", actor, id, request_id, detail)
  from unnest($5::timestamptz[], $6::int8[], $7::int4[], $8::int2[], $9::int2[], $10::text[], $11::text[], $12::text[], $13::text[],
    $14::text[])
    with ordinality as e(at, prid, version, rtype, outcome, action, actor, id, request_id, detail, n)
  returning seq, hash)
select sha256(string_agg(hash, ''::bytea order by seq)) as head from logged"""
"""Append `Entry` rows to a stream: tenant, stream, first seq, head, then the columns of `Entry`. Answers the new head."""

FIRST = bytes(32)


class Entry(NamedTuple):
    """One thing done or refused: when, whose record (0: nobody's), which version, the HTTP status answered, by whom."""

    at: datetime
    prid: int
    version: int
    rtype: int
    outcome: int
    action: Action
    actor: str
    id: str
    request_id: str
    detail: str = ""


def columns(entries: Iterable[Entry]) -> list[tuple[Any, ...]]:
    """The entries as the ten arrays `RECORD` takes."""
    return list(zip(*entries, strict=True)) or [()] * 10


class Session(Protocol):
    """What this module needs of a connection."""

    async def fetch(self, sql: str, /, *arguments: Any) -> list[Any]:
        """Run one prepared statement."""
        ...


class Stream:
    """One chain: its number, the seq its next row takes and the head its next batch must cover."""

    __slots__ = ("head", "id", "seq")

    def __init__(self, number: int, seq: int, head: bytes) -> None:
        self.id = number
        self.seq = seq
        self.head = head

    def extend(self, rows: int, head: bytes) -> None:
        """The batch of `rows` is durable, and `head` is what the next one covers."""
        self.seq += rows
        self.head = head


class Streams:
    """Every tenant's streams of this process. A stream is taken for one statement and given back when that has committed."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._idle: dict[int, list[Stream]] = {}
        self._ended: dict[int, list[Stream]] = {}

    def idle(self, tenant: int) -> Stream | None:
        """Take a stream that waits for work, if there is one."""
        waiting = self._idle.setdefault(tenant, [])
        return waiting.pop() if waiting else None

    async def take(self, session: Session, tenant: int, at: datetime) -> Stream:
        """An idle stream of this tenant, or a new one; its first row names the process and a stream that broke off, if one did."""
        return self.idle(tenant) or await self._start(session, tenant, at)

    def give(self, tenant: int, stream: Stream) -> None:
        """The statement has committed; the stream may go on."""
        self._idle[tenant].append(stream)

    def end(self, tenant: int, stream: Stream) -> None:
        """Nobody knows whether the last batch was committed: this chain ends here and the next new one says where."""
        self._ended.setdefault(tenant, []).append(stream)

    async def _start(self, session: Session, tenant: int, at: datetime) -> Stream:
        stream = Stream(secrets.randbits(62), 1, FIRST)
        ended = self._ended.pop(tenant, [])
        follows = [{"stream": old.id, "seq": old.seq - 1, "head": old.head.hex()} for old in ended]
        detail = msgspec.json.encode({"process": self._process, "follows": follows}).decode()
        entry = Entry(at, 0, 0, 0, 200, "N", "system/" + self._process, "", "", detail)
        started = False
        try:
            rows = await session.fetch(RECORD, tenant, stream.id, stream.seq, stream.head, *columns([entry]))
            started = True
        finally:
            if not started and ended:
                self._ended.setdefault(tenant, []).extend(ended)
        stream.extend(1, rows[0][0])
        return stream
