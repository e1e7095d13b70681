"""The background half of a process: delivering events and running jobs, for the services it runs, until it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from osler.app.database import Database
from osler.app.services import SERVICES
from osler.platform.clock import Clock
from osler.platform.context import Context
from osler.platform.events import CHANNEL, EventWorker, Waker, deliveries_of
from osler.platform.jobs import JobRunner
from osler.platform.log import logger

AGAIN = 1.0
log = logger("workers")


@dataclass(frozen=True, slots=True)
class Duties:
    """What the workers need of the process: which services it runs, and how to act for a tenant."""

    running: Sequence[str]
    context_for: Callable[[int, str, str], Awaitable[Context]]
    """Tenant's key, actor's id, request id -> Context."""
    tenants: Callable[[], Awaitable[Sequence[int]]]
    clock: Clock
    waker: Waker


@asynccontextmanager
async def outbox_connection(database: Database, waker: Waker) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees the outbox of every tenant (and no record of any), and hears other processes' commits."""
    connection = await database.login.connect()
    try:
        await connection.execute("select set_config('osler.tenant', '*', false)")
        await connection.add_listener(CHANNEL, lambda *_: waker.woken.set())
        yield connection
    finally:
        await connection.close()


async def deliver_events(database: Database, duties: Duties) -> None:
    """Deliver for as long as the connection lives."""
    async with outbox_connection(database, duties.waker) as connection:
        deliveries = deliveries_of(SERVICES, duties.running)
        await EventWorker(connection, deliveries, duties.context_for, duties.clock, duties.waker).run()


async def run_jobs(database: Database, duties: Duties) -> None:
    """Take jobs for as long as the connection lives."""
    jobs = [job for service in SERVICES if service.name in duties.running for job in service.jobs]

    async def context_of(tenant: int) -> Context:
        return await duties.context_for(tenant, "system/jobs", "")

    connection = await database.login.connect()
    try:
        await JobRunner(connection, jobs, context_of, duties.tenants).run()
    finally:
        await connection.close()


async def keep_up(name: str, work: Callable[[Database, Duties], Awaitable[None]], database: Database, duties: Duties) -> None:
    """Do `work`; when the database goes away, wait for it and begin again."""
    while True:
        try:
            await work(database, duties)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
            log.warning("worker lost its database and will try again", job=name, exc_info=failure)
        await asyncio.sleep(AGAIN)


@asynccontextmanager
async def workers(database: Database, duties: Duties) -> AsyncIterator[None]:
    """Events and jobs run while the block does."""
    tasks = [
        asyncio.create_task(keep_up("events", deliver_events, database, duties)),
        asyncio.create_task(keep_up("jobs", run_jobs, database, duties)),
    ]
    try:
        yield
    finally:
        duties.waker.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
