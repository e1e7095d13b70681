"""The database connections this process holds: a bare stack of them, each with its prepared statements and its tenant already set.

A pool that resets its connections costs as much again as the query (store.md §0), and `set local` per request three more round trips.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from osler.platform.errors import Busy

SETTINGS = {
    "application_name": "osler",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    # Every query of ours has its index; on a table not analyzed yet the planner must not think otherwise.
    "enable_seqscan": "off",
    "synchronous_commit": "on",
    "statement_timeout": "120s",
    "lock_timeout": "20s",
    "idle_in_transaction_session_timeout": "120s",
}
PREPARED = 200
"""Statements one connection keeps prepared; each holds its plan, 0.1 to 0.6 MB, in that connection's backend."""
PATIENCE = 20.0
LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.InsufficientResourcesError,
    ConnectionError,
    OSError,
    TimeoutError,
)
"""The server went away, is going, starting, or full: nothing is known of what was under way."""
CONTENDED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError)


class Contended(Busy):
    """Two writers stood in each other's way and this one gave in; running the whole transaction once more will do."""


def refusal(error: BaseException) -> Busy:
    """What the caller is told of a lost connection or a lost race."""
    if isinstance(error, CONTENDED):
        return Contended("another request was changing the same records; please try again")
    return Busy("the database cannot be reached or is starting; please try again")


class Session:
    """One held connection: `fetch` prepares each statement once."""

    __slots__ = ("_prepared", "raw", "tenant")

    def __init__(self, raw: asyncpg.Connection) -> None:
        self.raw = raw
        self.tenant = 0
        self._prepared: dict[str, Any] = {}

    async def fetch(self, sql: str, /, *arguments: Any) -> list[Any]:
        """Run one statement. Raises asyncpg's errors."""
        statement = self._prepared.get(sql)
        if statement is None:
            if len(self._prepared) >= PREPARED:
                del self._prepared[next(iter(self._prepared))]
            statement = self._prepared[sql] = await self.raw.prepare(sql)
        rows: list[Any] = await statement.fetch(*arguments)
        return rows

    async def execute(self, sql: str) -> None:
        """Run a statement without arguments, such as `commit`."""
        await self.raw.execute(sql)

    async def turn_to(self, tenant: int) -> None:
        """Let row-level security show this tenant's rows only; a round trip only when the tenant changes."""
        if self.tenant != tenant:
            self.tenant = 0
            await self.fetch("select set_config('osler.tenant', $1, false)", str(tenant))
            self.tenant = tenant


class Connections:
    """At most `size` sessions, opened as they are needed, reopened when the server was away."""

    def __init__(self, arguments: dict[str, Any], size: int = 8) -> None:
        self._arguments = arguments
        self._size = max(size, 2)
        self._idle: list[Session] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._held = 0
        self._closed = False
        self._transactions = asyncio.Semaphore(max(self._size - 2, 1))

    async def take(self, tenant: int) -> Session:
        """A session turned to this tenant. Raises `Busy` when there is no server, or none free in time."""
        session = await self._free(tenant)
        try:
            await session.turn_to(tenant)
        except LOST as error:
            self.drop(session)
            raise refusal(error) from error
        except BaseException:
            self.drop(session)
            raise
        return session

    def give(self, session: Session) -> None:
        """Put a session back; one whose connection has broken is forgotten."""
        if session.raw.is_closed() or session.raw.is_in_transaction() or self._closed:
            self.drop(session)
            return
        self._idle.append(session)
        self._wake()

    def drop(self, session: Session) -> None:
        """Forget a session whose state nobody knows."""
        session.raw.terminate()
        self._held -= 1
        self._wake()

    @asynccontextmanager
    async def lend(self, tenant: int) -> AsyncIterator[Session]:
        """A session for the block. Lost connections and lost races leave the block as `Busy`."""
        session = await self.take(tenant)
        try:
            yield session
        except (*LOST, *CONTENDED) as error:
            raise refusal(error) from error
        finally:
            self.give(session)

    @asynccontextmanager
    async def turn_for_transaction(self) -> AsyncIterator[None]:
        """Transactions may hold all sessions but two, so that what runs beside them always finds one."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._transactions.acquire()
        except TimeoutError as error:
            raise Busy("too many transactions are open; please try again") from error
        try:
            yield
        finally:
            self._transactions.release()

    async def close(self) -> None:
        """Close what is idle now, and everything else as it comes back."""
        self._closed = True
        while self._idle:
            session = self._idle.pop()
            self._held -= 1
            try:
                await session.raw.close(timeout=2)
            except LOST:
                session.raw.terminate()

    async def _free(self, tenant: int) -> Session:
        while True:
            session = self._pick(tenant)
            if session is not None:
                return session
            if self._held < self._size:
                return await self.open_one()
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                async with asyncio.timeout(PATIENCE):
                    await waiter
            except TimeoutError as error:
                raise Busy("all database connections are taken; please try again") from error
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():
                    self._wake()
                raise

    def _pick(self, tenant: int) -> Session | None:
        idle = self._idle
        for place in range(len(idle) - 1, -1, -1):
            if idle[place].tenant == tenant:
                session = idle.pop(place)
                break
        else:
            if not idle or (self._held < self._size and idle[-1].tenant):
                return None
            session = idle.pop()
        if session.raw.is_closed():
            self.drop(session)
            return self._pick(tenant)
        return session

    def _wake(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def open_one(self) -> Session:
        """A new connection, taken; raises `Busy` when there is no server."""
        self._held += 1
        try:
            return Session(await self._connect())
        except BaseException:
            self._held -= 1
            self._wake()
            raise

    async def _connect(self) -> asyncpg.Connection:
        if self._closed:
            raise Busy("this process is stopping")
        try:
            return await asyncpg.connect(**self._arguments, server_settings=SETTINGS, timeout=10)
        except LOST as error:
            raise refusal(error) from error
