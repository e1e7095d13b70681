"""Runs the jobs of this process's services. The queue is pgqueuer's, in the schema `jobs`; what a job may touch is its tenant's.

pgqueuer brings pydantic with it, so it is imported when a worker starts and not by every command.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from osler.platform.context import Context
from osler.platform.errors import OslerError
from osler.platform.log import logger
from osler.platform.manifest import Job

if TYPE_CHECKING:
    from pgqueuer import PgQueuer
    from pgqueuer.models import Job as QueuedJob
    from pgqueuer.models import Schedule
    from pgqueuer.queries import Queries

log = logger("jobs")
SCHEMA = "jobs"


class JobFailed(OslerError):
    """A job ended with an error; only the error's type is kept, as its message may quote a record."""


def queries_on(connection: Any) -> Queries:
    """pgqueuer's queries on our connection and in our schema."""
    from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
    from pgqueuer.db import AsyncpgDriver
    from pgqueuer.domain.settings import DBSettings
    from pgqueuer.queries import Queries

    settings = DBSettings(db_schema=SCHEMA)
    return Queries(
        AsyncpgDriver(connection), QueryBuilderEnvironment(settings), QueryQueueBuilder(settings), QuerySchedulerBuilder(settings)
    )


async def enqueue(connection: Any, name: str, tenant: int, payload: bytes = b"", once: str | None = None) -> None:
    """Ask for a job. With `once`, a second request of that name is dropped while the first waits or runs.

    On a connection inside a transaction the job exists only if that transaction commits.
    """
    key = None if once is None else f"{tenant}:{name}:{once}"
    await queries_on(connection).enqueue(name, tenant.to_bytes(4, "big") + payload, dedupe_key=key, on_conflict="skip")


class JobRunner:
    """Takes jobs until it is stopped. `context_for` makes a Context of the system actor for a tenant's key."""

    def __init__(
        self,
        connection: Any,
        jobs: Iterable[Job],
        context_for: Callable[[int], Awaitable[Context]],
        tenants: Callable[[], Awaitable[Sequence[int]]],
    ) -> None:
        self.connection = connection
        self.jobs = tuple(jobs)
        self.context_for = context_for
        self.tenants = tenants
        self.queue: PgQueuer | None = None

    async def run(self) -> None:
        """Work until `stop`; a job in hand is finished first."""
        from pgqueuer import PgQueuer

        queries = queries_on(self.connection)
        self.queue = PgQueuer(connection=queries.driver, queries=queries)
        for job in self.jobs:
            self.register(self.queue, job)
        await self.queue.run(shutdown_on_listener_failure=True)

    def stop(self) -> None:
        """Take no further job."""
        if self.queue is not None:
            self.queue.shutdown.set()

    def register(self, queue: PgQueuer, job: Job) -> None:
        """Tell pgqueuer how to run one job, and when, if it recurs."""

        @queue.entrypoint(job.name, on_failure="hold")
        async def run_job(queued: QueuedJob) -> None:
            await self.perform(job, queued.payload or b"")

        if job.cron is not None:

            @queue.schedule(f"{job.name}.tick", job.cron)
            async def tick(_schedule: Schedule) -> None:
                for tenant in await self.tenants():
                    await enqueue(self.connection, job.name, tenant, once="tick")

    async def perform(self, job: Job, payload: bytes) -> None:
        """Do the work for the tenant named in the payload."""
        ctx = await self.context_for(int.from_bytes(payload[:4], "big"))
        try:
            await job.work(ctx, payload[4:])
        except OslerError as failure:
            log.error("job failed", job=job.name, tenant=ctx.tenant.name, exc_info=failure)
            raise JobFailed(type(failure).__name__) from None
