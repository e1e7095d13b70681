"""Clients that hold a conversation: each sends its next request when it has read the answer to the last, and may use what it said."""

from __future__ import annotations

import asyncio
import gzip
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

HEADERS = "Accept: application/json\r\nAccept-Encoding: gzip\r\nCache-Control: no-cache\r\nContent-Type: application/json\r\n"
PROBE = 8
"""One search in so many is opened to see whether it found anything."""


@dataclass(slots=True)
class Op:
    """What came of one kind of request."""

    latencies: list[float] = field(default_factory=list)
    failed: Counter[int] = field(default_factory=Counter)
    sample: bytes = b""
    """The start of the last failure."""
    opened: int = 0
    filled: int = 0

    def quantile(self, share: float) -> float:
        """Milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


@dataclass(slots=True)
class Run:
    """One workload: what is recorded while `on`."""

    name: str
    clients: int
    ops: dict[str, Op] = field(default_factory=dict)
    on: bool = False
    seconds: float = 0.0
    units: int = 0
    """Resources written, where that is what counts."""

    @property
    def done(self) -> int:
        return sum(len(op.latencies) for op in self.ops.values())

    @property
    def failed(self) -> int:
        return sum(op.failed.total() for op in self.ops.values())

    def whole(self) -> Op:
        """All operations as one."""
        every = Op()
        for op in self.ops.values():
            every.latencies += op.latencies
            every.failed += op.failed
            every.opened += op.opened
            every.filled += op.filled
        return every


@dataclass(slots=True)
class Reply:
    """An answer; status 0: none came."""

    status: int
    head: bytes
    raw: bytes

    @property
    def body(self) -> bytes:
        return gzip.decompress(self.raw) if b"content-encoding: gzip" in self.head else self.raw

    @property
    def new_id(self) -> str:
        """The id in the Location header."""
        return self.head.split(b"location: ", 1)[1].split(b"/_history", 1)[0].rsplit(b"/", 1)[1].decode()


class Line(asyncio.Protocol):
    """One connection with one request out."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.waiter: asyncio.Future[Reply] | None = None
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.open = cast(asyncio.Transport, transport), True

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(Reply(0, b"", b"connection closed"))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.buffer[: end + 2]).lower()
        at = head.find(b"content-length: ")
        length = int(head[at + 16 : head.find(b"\r", at)]) if at >= 0 else 0
        if len(self.buffer) >= end + 4 + length and self.waiter is not None and not self.waiter.done():
            reply = Reply(int(head[9:12]), head, bytes(self.buffer[end + 4 : end + 4 + length]))
            self.buffer.clear()
            self.waiter.set_result(reply)

    async def ask(self, payload: bytes) -> Reply:
        """Send and wait."""
        self.waiter = asyncio.get_running_loop().create_future()
        self.transport.write(payload)
        return await self.waiter


class Talker:
    """One client of a run."""

    def __init__(self, run: Run, port: int, token: str, number: int) -> None:
        self.run, self.port, self.number = run, port, number
        self.dice = random.Random(1000 + number)
        self.line = Line()
        self.fixed = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n{HEADERS}"

    async def call(self, op: str, method: str, path: str, body: bytes | None = None, *, ok: tuple[int, ...] = (200,)) -> Reply:
        """One request, recorded under `op`. A search in `PROBE` is opened."""
        if not self.line.open:
            _, self.line = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", self.port)
        head = f"{method} /demo/fhir{path} HTTP/1.1\r\n{self.fixed}"
        payload = f"{head}\r\n".encode() if body is None else f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        begun = time.perf_counter()
        reply = await self.line.ask(payload)
        took = time.perf_counter() - begun
        if self.run.on:
            seen = self.run.ops.setdefault(op, Op())
            if reply.status not in ok:
                seen.failed[reply.status] += 1
                seen.sample = reply.body[:300]
            else:
                seen.latencies.append(took)
                if "?" in path and len(seen.latencies) % PROBE == 1:
                    seen.opened += 1
                    seen.filled += b'"entry":[' in reply.body
        return reply


Job = Callable[[Talker], Awaitable[None]]


async def talk(run: Run, port: int, token: str, job: Job, *, warm: float, seconds: float, started: Callable[[], None]) -> None:
    """Repeat the job with every client for a time; only what comes between the warm-up and the end is recorded."""
    talkers = [Talker(run, port, token, number) for number in range(run.clients)]
    over = False

    async def repeat(talker: Talker) -> None:
        while not over:
            await job(talker)

    tasks = [asyncio.create_task(repeat(talker)) for talker in talkers]
    await asyncio.sleep(warm)
    run.on = True
    started()
    begun = time.perf_counter()
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    run.seconds, run.on, over = time.perf_counter() - begun, False, True
    await asyncio.gather(*tasks)
    for talker in talkers:
        if talker.line.open:
            talker.line.transport.close()
