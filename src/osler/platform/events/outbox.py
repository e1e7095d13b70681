"""The outbox worker: takes rows with FOR UPDATE SKIP LOCKED, hands them to this process's handlers, and keeps what failed.

At least once: a row is deleted only after every handler of every service has had it, and a handler that ran just before a crash
runs again. So handlers are idempotent. After `LIMIT` failures a row moves to `kernel.dead_letter`, where `osler events retry` finds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import msgspec

from osler.platform import telemetry
from osler.platform.clock import Clock
from osler.platform.context import Context
from osler.platform.errors import OslerError
from osler.platform.events.codec import decode, kind_of
from osler.platform.events.wake import Waker
from osler.platform.log import logger
from osler.platform.manifest import Service, Subscriber
from osler.platform.messages import Event

LIMIT = 8
BATCH = 200
PATROL = 5.0
SWEEP = 5000
BREATH = 0.05
"""Seconds between the first commit and the round that looks at it: those that come close together share one."""
log = logger("events")

TAKE = """
select o.seq, o.tenant, o.actor, o.request_id, o.attempts, o.payload from kernel.outbox o
where o.kind = $1 and o.due <= $2 and not exists (select 1 from kernel.delivered d where d.handler = $3 and d.seq = o.seq)
order by o.seq limit $4 for update of o skip locked"""
DONE = "insert into kernel.delivered (tenant, handler, seq) select * from unnest($1::int4[], $2::text[], $3::int8[]) on conflict do nothing"
FINISH = """
with finished as (
  delete from kernel.outbox o where o.seq = any($1::int8[])
  and (select count(*) from kernel.delivered d where d.seq = o.seq and d.handler = any($2::text[])) = cardinality($2::text[])
  returning o.seq)
delete from kernel.delivered d using finished f where d.seq = f.seq"""
LATER = "update kernel.outbox set attempts = attempts + 1, due = $2 where seq = $1"
BURY = """
with dead as (delete from kernel.outbox where seq = $1 returning *)
insert into kernel.dead_letter (seq, tenant, at, kind, rtype, version, op, rid, id, actor, request_id, attempts, failed, error, payload)
select seq, tenant, at, kind, rtype, version, op, rid, id, actor, request_id, attempts + 1, $2, $3, payload from dead"""
UNHEARD = """
delete from kernel.outbox where seq in (
  select seq from kernel.outbox where not kind = any($1::text[]) order by seq limit $2 for update skip locked)"""
REVIVE = """
with back as (delete from kernel.dead_letter where $1::int8 is null or seq = $1 returning *)
insert into kernel.outbox (seq, tenant, at, kind, rtype, version, op, rid, id, actor, request_id, attempts, due, payload)
select seq, tenant, at, kind, rtype, version, op, rid, id, actor, request_id, 0, $2, payload from back returning seq"""
DEAD = "select seq, tenant, kind, attempts, failed, error from kernel.dead_letter order by seq limit $1"


class Connection(Protocol):
    """What the worker needs of a database connection that may see the outbox of every tenant."""

    def transaction(self) -> Any: ...  # noqa: D102  # asyncpg's
    async def fetch(self, query: str, *args: Any) -> Sequence[Mapping[str, Any]]: ...  # noqa: D102  # asyncpg's
    async def execute(self, query: str, *args: Any) -> str: ...  # noqa: D102  # asyncpg's


@dataclass(frozen=True, slots=True)
class Delivery:
    """One handler of one kind of event: `name` is `service.function`, stable across restarts."""

    name: str
    event: type[Event]
    handler: Subscriber
    here: bool


def deliveries_of(services: Iterable[Service], running: Iterable[str]) -> tuple[Delivery, ...]:
    """Every handler there is; `here` marks those of the services this process runs."""
    names = set(running)
    return tuple(
        Delivery(f"{one.name}.{handler.__name__}", event, handler, one.name in names)
        for one in services
        for event, handlers in one.subscribers.items()
        for handler in handlers
    )


ContextFor = Callable[[int, str, str], Awaitable[Context]]
"""Makes the Context of a delivery from the tenant's key, the actor's id and the request id of the change."""


class EventWorker:
    """Delivers events until it is stopped. Any number of workers in any number of processes may run at once."""

    def __init__(self, connection: Connection, deliveries: Iterable[Delivery], context_for: ContextFor, clock: Clock, waker: Waker) -> None:
        self.connection = connection
        self.deliveries = tuple(deliveries)
        self.context_for = context_for
        self.clock = clock
        self.waker = waker

    async def run(self) -> None:
        """Deliver, then wait to be woken; look again every `PATROL` seconds for what came due or was missed."""
        while True:
            self.waker.woken.clear()
            if await self.deliver_once() == 0:
                try:
                    await asyncio.wait_for(self.waker.woken.wait(), PATROL)
                except TimeoutError:
                    continue
                await asyncio.sleep(BREATH)

    async def deliver_once(self) -> int:
        """Hand over what is due now; answers how many rows were delivered or swept."""
        moved = await self.sweep()
        for delivery in self.deliveries:
            if delivery.here:
                moved += await self.deliver(delivery)
        return moved

    async def sweep(self) -> int:
        """Remove rows of kinds that no service hears."""
        heard = sorted({kind_of(delivery.event) for delivery in self.deliveries})
        answer = await self.connection.execute(UNHEARD, heard, SWEEP)
        return int(answer.rpartition(" ")[2])

    async def deliver(self, delivery: Delivery) -> int:
        """Give one handler the rows it has not had."""
        kind = kind_of(delivery.event)
        everybody = [other.name for other in self.deliveries if kind_of(other.event) == kind]
        async with self.connection.transaction():
            rows = await self.connection.fetch(TAKE, kind, self.clock.now(), delivery.name, BATCH)
            had = [row for row in rows if await self.hand_over(delivery, row)]
            if had:
                await self.connection.execute(DONE, [row["tenant"] for row in had], [delivery.name] * len(had), [row["seq"] for row in had])
                await self.connection.execute(FINISH, [row["seq"] for row in had], everybody)
        return len(had)

    async def hand_over(self, delivery: Delivery, row: Mapping[str, Any]) -> bool:
        """Run the handler on one row; a failure is kept for later, or for a person after `LIMIT` attempts."""
        try:
            ctx = await self.context_for(row["tenant"], row["actor"], row["request_id"])
            await delivery.handler(ctx, decode(delivery.event, row["payload"]))
        except (OslerError, msgspec.MsgspecError, LookupError, ValueError, TypeError, OSError, RuntimeError) as failure:
            await self.keep_for_later(delivery, row, failure)
            return False
        telemetry.OUTBOX_DELIVERED.labels(delivery.name).inc()
        return True

    async def keep_for_later(self, delivery: Delivery, row: Mapping[str, Any], failure: Exception) -> None:
        """Try again after 1, 2, 4, … seconds; the last time, bury the row."""
        attempts = row["attempts"] + 1
        telemetry.OUTBOX_FAILED.labels(delivery.name).inc()
        log.warning("delivery failed", handler=delivery.name, seq=row["seq"], attempts=attempts, exc_info=failure)
        now = self.clock.now()
        if attempts < LIMIT:
            await self.connection.execute(LATER, row["seq"], now + timedelta(seconds=2 ** (attempts - 1)))
        else:
            telemetry.DEAD_LETTERS.inc()
            # The error's type only: its message may quote the record.
            await self.connection.execute(BURY, row["seq"], now, f"{delivery.name}: {type(failure).__name__}")


async def revive(connection: Connection, clock: Clock, seq: int | None = None) -> list[int]:
    """Put dead letters (one, or all) back into the outbox; answers their numbers. Handlers that had them are not run again."""
    return [row["seq"] for row in await connection.fetch(REVIVE, seq, clock.now())]


async def dead_letters(connection: Connection, most: int = 200) -> Sequence[Mapping[str, Any]]:
    """The events nobody could handle, oldest first."""
    return await connection.fetch(DEAD, most)
