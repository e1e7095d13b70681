"""Runs statements that carry their own audit rows: nothing they return leaves here before those rows are durable."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from osler.platform.audit import RECORD, Entry, Stream, Streams, columns
from osler.platform.errors import Busy, Conflict, Invalid, OslerError
from osler.platform.store.connections import CONTENDED, LOST, Connections, Session, refusal
from osler.platform.store.lanes import Lane

AS_REPLACED = -1
"""The statement itself says how many audit rows it has written: one per row of its answer `replaced`."""


def unrecorded(error: Exception) -> bool:
    """The audit row could not be written: forbidden, read-only, or refused by the table itself."""
    if isinstance(error, asyncpg.InsufficientPrivilegeError | asyncpg.ReadOnlySQLTransactionError):
        return True
    return isinstance(error, asyncpg.PostgresError) and getattr(error, "schema_name", None) == "audit"


def translated(error: Exception) -> Exception:
    """The refusal that stands for an error of PostgreSQL; other errors as they are."""
    if isinstance(error, (*LOST, *CONTENDED)):
        return refusal(error)
    if unrecorded(error):
        return Busy("the access cannot be recorded now; please try again")
    if isinstance(error, asyncpg.UniqueViolationError):
        return Conflict("a record with this id exists already")
    if isinstance(error, asyncpg.DataError | asyncpg.ProgramLimitExceededError):
        return Invalid("the resource holds a value that cannot be stored, such as the character U+0000 or an overlong text")
    return error


class Ledger:
    """The connections of this process together with its audit streams."""

    def __init__(self, connections: Connections, process: str) -> None:
        self.connections = connections
        self.streams = Streams(process)
        self._lanes: dict[int, Lane[Entry, None]] = {}

    async def run(self, tenant: int, at: datetime, rows: int, sql: str, /, *arguments: Any) -> list[Any]:
        """Run one statement that takes tenant, stream, seq and head first, appends audit rows and answers `head` last in a row.

        It appends `rows` of them, or as many as its answer `replaced` is long.
        """
        session = await self.connections.take(tenant)
        try:
            return await self._chained(session, tenant, at, rows, sql, arguments)
        except (*LOST, *CONTENDED) as error:
            raise refusal(error) from error
        except asyncpg.PostgresError as error:
            if unrecorded(error):
                raise translated(error) from error
            raise
        finally:
            self.connections.give(session)

    async def _chained(self, session: Session, tenant: int, at: datetime, rows: int, sql: str, arguments: Sequence[Any]) -> list[Any]:
        stream = await self.streams.take(session, tenant, at)
        try:
            found = await session.fetch(sql, tenant, stream.id, stream.seq, stream.head, *arguments)
        except LOST:
            self.streams.end(tenant, stream)
            raise
        except asyncpg.PostgresError:
            self.streams.give(tenant, stream)  # PostgreSQL has undone the statement: the chain stands where it stood
            raise
        except BaseException:
            self.streams.end(tenant, stream)
            raise
        for row in found:
            if row[-1] is not None:
                stream.extend(len(row["replaced"]) if rows == AS_REPLACED else rows, row[-1])
                break
        self.streams.give(tenant, stream)
        return found

    async def idle_stream(self, tenant: int, at: datetime) -> Stream:
        """A stream for a transaction; when it must be started, then in a commit of its own, which no rollback takes back."""
        stream = self.streams.idle(tenant)
        if stream is not None:
            return stream
        async with self.connections.lend(tenant) as session:
            return await self.streams.take(session, tenant, at)

    async def record(self, tenant: int, entries: Sequence[Entry]) -> None:
        """Append audit rows about something that needs no other statement, such as a refusal; return when they are durable."""
        lane = self._lanes.get(tenant)
        if lane is None:

            async def send(jobs: list[Entry]) -> list[Exception | None]:
                await self.run(tenant, jobs[-1].at, len(jobs), RECORD, *columns(jobs))
                return [None] * len(jobs)

            lane = self._lanes[tenant] = Lane(send)
        if entries:
            await asyncio.gather(*[lane.ask(entry) for entry in entries])

    async def refuse(self, tenant: int, entry: Entry, error: OslerError) -> OslerError:
        """Record that this was refused, and hand the error back to be raised. `Busy` instead when it cannot be recorded."""
        await self.record(tenant, [entry._replace(outcome=error.status)])
        return error
