"""Requests that arrive while a statement is out share the next one (store.md §5, §6)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Job = TypeVar("Job")
Answer = TypeVar("Answer")

Send = Callable[[list[Job]], Awaitable[list[Answer | Exception]]]


PATIENCE = 0.02


class Gate:
    """Lets one batch of several lanes through at a time.

    A batch may be held up by somebody's lock: who has waited `PATIENCE` seconds goes beside it.
    """

    __slots__ = ("_busy", "_queue")

    def __init__(self) -> None:
        self._busy = False
        self._queue: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        """Wait for a turn."""
        if not self._busy:
            self._busy = True
            return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._queue.append(turn)
        timer = loop.call_later(PATIENCE, open_for, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._pass_on()
            raise
        finally:
            timer.cancel()

    async def __aexit__(self, *_: object) -> None:
        """Let the next one through."""
        self._pass_on()

    def _pass_on(self) -> None:
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._busy = False


def open_for(turn: asyncio.Future[None]) -> None:
    """Let this one through."""
    if not turn.done():
        turn.set_result(None)


class Lane(Generic[Job, Answer]):
    """A queue with one batch in flight. `send` answers each job of its batch, in order; what it raises, each of them gets.

    Lanes with a common `gate` wait for a turn before they take their batch, so that it grows meanwhile.
    """

    __slots__ = ("_gate", "_loop", "_most", "_running", "_send", "_waiting")

    def __init__(self, send: Send[Job, Answer], most: int = 128, gate: Gate | None = None) -> None:
        self._send = send
        self._most = most
        self._gate = gate
        self._waiting: list[tuple[Job, asyncio.Future[Answer]]] = []
        self._running: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()

    def ask(self, job: Job) -> asyncio.Future[Answer]:
        """Join the next batch."""
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting.append((job, future))
        if self._running is None:
            self._running = self._loop.create_task(self._run())
        return future

    @property
    def busy(self) -> bool:
        """Something is under way."""
        return self._running is not None

    async def drained(self) -> None:
        """Return when nothing is under way."""
        while self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        try:
            while self._waiting:
                if self._gate is None:
                    await self._answer(self._next())
                else:
                    async with self._gate:
                        await self._answer(self._next())
        finally:
            self._running = None
            if self._waiting:
                self._running = self._loop.create_task(self._run())

    def _next(self) -> list[tuple[Job, asyncio.Future[Answer]]]:
        batch = self._waiting[: self._most]
        del self._waiting[: self._most]
        return batch

    async def _answer(self, batch: list[tuple[Job, asyncio.Future[Answer]]]) -> None:
        answers: list[Answer | Exception] | None = None
        try:
            answers = await self._send([job for job, _ in batch])
        except Exception as error:  # noqa: BLE001 - handed to every caller of the batch, none is swallowed
            answers = [error] * len(batch)
        finally:
            if answers is None:
                for _, future in batch:
                    future.cancel()
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
