"""Jobs run once for their tenant, wait out a failure where a person can see it, and recur."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import asyncpg

from osler.platform.errors import Conflict
from osler.platform.jobs import JobRunner, enqueue
from osler.platform.manifest import Job
from osler.platform.testing.database import TestDatabase


async def context_of(tenant: int) -> Any:
    return SimpleNamespace(tenant=SimpleNamespace(key=tenant, name=f"tenant-{tenant}"))


async def run_until(connection: asyncpg.Connection, job: Job, done: asyncio.Event, tenants: Sequence[int] = ()) -> None:
    async def all_tenants() -> Sequence[int]:
        return tenants

    runner = JobRunner(connection, [job], context_of, all_tenants)
    task = asyncio.create_task(runner.run())
    await asyncio.wait_for(done.wait(), 20)
    runner.stop()
    await asyncio.wait_for(task, 20)


async def test_a_job_runs_once_for_its_tenant_with_what_it_was_given(database: TestDatabase) -> None:
    seen: list[tuple[int, bytes]] = []
    done = asyncio.Event()

    async def work(ctx: Any, payload: bytes) -> None:
        seen.append((ctx.tenant.key, payload))
        done.set()

    async with database.connection() as asking, database.connection() as working:
        await enqueue(asking, "recall", database.beta.key, b"letter-7", once="7")
        await enqueue(asking, "recall", database.beta.key, b"letter-7", once="7")
        await run_until(working, Job("recall", work), done)

        assert seen == [(database.beta.key, b"letter-7")]
        assert await asking.fetchval("select count(*) from jobs.pgqueuer") == 0


async def test_a_job_asked_for_in_a_transaction_that_rolls_back_does_not_exist(database: TestDatabase) -> None:
    async with database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await enqueue(connection, "recall", database.alpha.key)
        await transaction.rollback()

        assert await connection.fetchval("select count(*) from jobs.pgqueuer") == 0


async def test_a_failed_job_is_held_and_its_log_quotes_no_record(database: TestDatabase) -> None:
    done = asyncio.Event()

    async def work(_ctx: Any, _payload: bytes) -> None:
        done.set()
        raise Conflict("Jane Doe already has a letter")

    async with database.connection() as asking, database.connection() as working:
        await enqueue(asking, "recall", database.alpha.key)
        await run_until(working, Job("recall", work), done)

        assert await asking.fetchval("select status::text from jobs.pgqueuer") == "failed"
        traces = "".join(str(row["traceback"]) for row in await asking.fetch("select traceback from jobs.pgqueuer_log"))
        assert "Jane" not in traces
