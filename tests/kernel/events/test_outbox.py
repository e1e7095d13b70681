"""Events reach every handler at least once, a failing handler stops nobody else, and what cannot be delivered is kept for a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from osler.platform.clock import FixedClock
from osler.platform.errors import Conflict
from osler.platform.events import Delivery, EventWorker, Waker, encode
from osler.platform.events.outbox import LIMIT, dead_letters, revive
from osler.platform.messages import Event
from osler.platform.testing.database import TestDatabase

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class BloodDrawn(Event):
    specimen: str


@dataclass(frozen=True, kw_only=True)
class NobodyCares(Event):
    reason: str


class Heard:
    """A handler that keeps what it was given, and fails as often as it is told."""

    def __init__(self, failures: int = 0) -> None:
        self.given: list[tuple[int, str]] = []
        self.failures = failures

    async def __call__(self, ctx: Any, event: Any) -> None:
        if self.failures:
            self.failures -= 1
            raise Conflict("not now")
        self.given.append((ctx, event.specimen))


async def tenant_of(tenant: int, _actor: str, _request: str) -> Any:
    return tenant


@asynccontextmanager
async def outbox(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    async with database.connection() as connection:
        await connection.execute("select set_config('osler.tenant', '*', false)")
        yield connection


async def emit(connection: asyncpg.Connection, event: Event, tenant: int) -> int:
    kind, payload = encode(event)
    seq: int = await connection.fetchval(
        "insert into kernel.outbox (tenant, at, kind, actor, due, payload) values ($1, $2, $3, 'user/1', $2, $4) returning seq",
        tenant, NOON, kind, payload,
    )  # fmt: skip
    return seq


def worker(connection: asyncpg.Connection, clock: FixedClock, *deliveries: Delivery) -> EventWorker:
    return EventWorker(connection, deliveries, tenant_of, clock, Waker())


async def waiting(connection: asyncpg.Connection) -> int:
    count: int = await connection.fetchval("select count(*) from kernel.outbox")
    return count


async def test_an_event_reaches_every_handler_once_and_leaves_the_outbox(database: TestDatabase) -> None:
    first, second = Heard(), Heard()
    async with outbox(database) as connection:
        await emit(connection, BloodDrawn(specimen="s1"), database.alpha.key)
        await emit(connection, BloodDrawn(specimen="s2"), database.beta.key)
        working = worker(
            connection, FixedClock(NOON), Delivery("a.first", BloodDrawn, first, True), Delivery("b.second", BloodDrawn, second, True)
        )

        assert await working.deliver_once() == 4
        assert await working.deliver_once() == 0

        assert first.given == second.given == [(database.alpha.key, "s1"), (database.beta.key, "s2")]
        assert await waiting(connection) == 0
        assert await connection.fetchval("select count(*) from kernel.delivered") == 0


async def test_a_failing_handler_is_tried_again_later_without_repeating_the_others(database: TestDatabase) -> None:
    good, bad = Heard(), Heard(failures=1)
    clock = FixedClock(NOON)
    async with outbox(database) as connection:
        await emit(connection, BloodDrawn(specimen="s1"), database.alpha.key)
        working = worker(connection, clock, Delivery("a.bad", BloodDrawn, bad, True), Delivery("a.good", BloodDrawn, good, True))

        await working.deliver_once()
        clock.advance(timedelta(seconds=2))
        await working.deliver_once()

        assert bad.given == good.given == [(database.alpha.key, "s1")]
        assert await waiting(connection) == 0


async def test_an_event_that_always_fails_becomes_a_dead_letter_and_can_be_retried(database: TestDatabase) -> None:
    bad = Heard(failures=LIMIT)
    clock = FixedClock(NOON)
    async with outbox(database) as connection:
        seq = await emit(connection, BloodDrawn(specimen="s1"), database.alpha.key)
        working = worker(connection, clock, Delivery("a.bad", BloodDrawn, bad, True))

        for _ in range(LIMIT):
            await working.deliver_once()
            clock.advance(timedelta(hours=1))

        (letter,) = await dead_letters(connection)
        assert (letter["seq"], letter["attempts"], letter["error"]) == (seq, LIMIT, "a.bad: Conflict")
        assert await waiting(connection) == 0
        assert await revive(connection, clock) == [seq]
        await working.deliver_once()
        assert bad.given == [(database.alpha.key, "s1")]
        assert await dead_letters(connection) == []


async def test_a_row_stays_until_the_services_of_other_processes_have_had_it(database: TestDatabase) -> None:
    here, there = Heard(), Heard()
    async with outbox(database) as connection:
        await emit(connection, BloodDrawn(specimen="s1"), database.alpha.key)
        one = worker(
            connection, FixedClock(NOON), Delivery("a.here", BloodDrawn, here, True), Delivery("b.there", BloodDrawn, there, False)
        )
        two = worker(
            connection, FixedClock(NOON), Delivery("a.here", BloodDrawn, here, False), Delivery("b.there", BloodDrawn, there, True)
        )

        await one.deliver_once()
        await one.deliver_once()

        assert (len(here.given), len(there.given), await waiting(connection)) == (1, 0, 1)
        await two.deliver_once()
        assert (len(here.given), len(there.given), await waiting(connection)) == (1, 1, 0)


async def test_two_workers_at_once_share_the_rows_and_repeat_none(database: TestDatabase) -> None:
    heard = Heard()
    async with outbox(database) as first, outbox(database) as second:
        for number in range(50):
            await emit(first, BloodDrawn(specimen=f"s{number}"), database.alpha.key)
        delivery = Delivery("a.heard", BloodDrawn, heard, True)

        await asyncio.gather(
            worker(first, FixedClock(NOON), delivery).deliver_once(), worker(second, FixedClock(NOON), delivery).deliver_once()
        )

        assert sorted(heard.given) == sorted((database.alpha.key, f"s{number}") for number in range(50))


async def test_events_nobody_hears_are_swept_away(database: TestDatabase) -> None:
    async with outbox(database) as connection:
        await emit(connection, NobodyCares(reason="none"), database.alpha.key)

        assert await worker(connection, FixedClock(NOON), Delivery("a.x", BloodDrawn, Heard(), True)).deliver_once() == 1

        assert await waiting(connection) == 0


async def test_a_handler_that_was_cut_off_runs_again(database: TestDatabase) -> None:
    begun = asyncio.Event()

    async def never_ends(_ctx: Any, _event: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    heard = Heard()
    async with outbox(database) as first, outbox(database) as second:
        await emit(first, BloodDrawn(specimen="s1"), database.alpha.key)
        cut_off = asyncio.create_task(worker(first, FixedClock(NOON), Delivery("a.h", BloodDrawn, never_ends, True)).deliver_once())
        await begun.wait()
        cut_off.cancel()
        await asyncio.gather(cut_off, return_exceptions=True)

        await worker(second, FixedClock(NOON), Delivery("a.h", BloodDrawn, heard, True)).deliver_once()

    assert heard.given == [(database.alpha.key, "s1")]


async def test_the_outbox_of_a_tenant_is_closed_to_a_session_of_another(database: TestDatabase) -> None:
    async with outbox(database) as connection, database.connection(database.beta) as stranger:
        await emit(connection, BloodDrawn(specimen="s1"), database.alpha.key)

        assert await stranger.fetchval("select count(*) from kernel.outbox") == 0
        assert await stranger.fetchval("select count(*) from kernel.dead_letter") == 0


async def test_a_commit_wakes_this_process_at_once_and_the_others_once_for_many() -> None:
    told = 0

    async def tell() -> None:
        nonlocal told
        told += 1
        done.set()

    done = asyncio.Event()
    waker = Waker(tell)

    for _ in range(100):
        waker.wake()

    assert waker.woken.is_set()
    await done.wait()
    assert told == 1


@pytest.mark.parametrize("count", [1, 3])
async def test_a_sleeping_worker_is_woken_by_the_commit(database: TestDatabase, count: int) -> None:
    arrived: asyncio.Queue[str] = asyncio.Queue()

    async def take(_ctx: Any, event: Any) -> None:
        arrived.put_nowait(event.specimen)

    async with outbox(database) as reading, outbox(database) as writing:
        waker = Waker()
        working = EventWorker(reading, [Delivery("a.take", BloodDrawn, take, True)], tenant_of, FixedClock(NOON), waker)
        task = asyncio.create_task(working.run())
        for number in range(count):
            await emit(writing, BloodDrawn(specimen=f"s{number}"), database.alpha.key)
            waker.wake()
            assert await asyncio.wait_for(arrived.get(), 4) == f"s{number}"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
