"""Requests that arrive while a statement is out share the next one (store.md §5, §6)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Job = TypeVar("Job")
Answer = TypeVar("Answer")

Send = Callable[[list[Job]], Awaitable[list[Answer | Exception]]]


class Lane(Generic[Job, Answer]):
    """A queue with one batch in flight. `send` answers each job of its batch, in order; what it raises, each of them gets."""

    __slots__ = ("_loop", "_most", "_running", "_send", "_waiting")

    def __init__(self, send: Send[Job, Answer], most: int = 128) -> None:
        self._send = send
        self._most = most
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
                batch = self._waiting[: self._most]
                del self._waiting[: self._most]
                await self._answer(batch)
        finally:
            self._running = None
            if self._waiting:
                self._running = self._loop.create_task(self._run())

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
