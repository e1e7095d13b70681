"""Wakes the workers of this process at once and those of other processes by NOTIFY, without a NOTIFY in every commit.

PostgreSQL takes one lock for all committing transactions that notify, so a NOTIFY in each write would make writes queue up.
Instead a process says once per `PAUSE` that there is something to do; a worker that missed it looks again every `events.outbox.PATROL`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

CHANNEL = "osler_outbox"
PAUSE = 0.05


class Waker:
    """`wake()` after a commit; the worker waits on `woken`; `tell_others` sends the NOTIFY."""

    def __init__(self, tell_others: Callable[[], Coroutine[None, None, None]] | None = None) -> None:
        self.woken = asyncio.Event()
        self._tell_others = tell_others
        self._telling: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There is something in the outbox."""
        self.woken.set()
        if self._tell_others is not None and self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(PAUSE, self._tell)

    def _tell(self) -> None:
        self._telling = None
        if self._tell_others is not None:
            task = asyncio.ensure_future(self._tell_others())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Forget a NOTIFY that has not been sent yet; the workers' patrol will find the rows."""
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
