"""A small HTTP/1.1 load generator: N kept-alive connections, each with one request out at a time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

MakeRequest = Callable[[], bytes]


@dataclass(slots=True)
class Result:
    """What came back between the warm-up and the end."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    received: int = 0
    sample: bytes = b""

    @property
    def done(self) -> int:
        return sum(count for status, count in self.statuses.items() if status < 300 or status == 304)

    @property
    def failed(self) -> int:
        return sum(self.statuses.values()) - self.done

    def quantile(self, share: float) -> float:
        """Milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, make: MakeRequest, result: Result, end: float, done: asyncio.Future[None]) -> None:
        self.make, self.result, self.end, self.done = make, result, end, done
        self.buffer = bytearray()
        self.need = -1
        self.begun = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.send()

    def send(self) -> None:
        self.begun = time.perf_counter()
        if self.begun >= self.end:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self.transport.write(self.make())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.need < 0:
            head = self.buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            lower = bytes(self.buffer[:head]).lower()
            at = lower.find(b"content-length:")
            length = int(lower[at + 15 : lower.find(b"\r", at) if lower.find(b"\r", at) > 0 else None]) if at >= 0 else 0
            self.need = head + 4 + length
        if len(self.buffer) >= self.need:
            result = self.result
            result.latencies.append(time.perf_counter() - self.begun)
            status = int(self.buffer[9:12])
            result.statuses[status] += 1
            result.received += self.need
            if not result.sample or status >= 300:
                result.sample = bytes(self.buffer[: self.need])
            self.buffer.clear()
            self.need = -1
            self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.result.statuses[599] += 1
            self.done.set_result(None)


async def load(host: str, port: int, make: MakeRequest, concurrency: int, seconds: float) -> Result:
    """Run `make`'s requests for a time."""
    loop = asyncio.get_running_loop()
    result = Result()
    begun = time.perf_counter()
    futures = []
    for _ in range(concurrency):
        done: asyncio.Future[None] = loop.create_future()
        futures.append(done)
        await loop.create_connection(lambda done=done: Client(make, result, begun + seconds, done), host, port)
    await asyncio.gather(*futures)
    result.seconds = time.perf_counter() - begun
    return result
