"""PostgreSQL killed in the middle of load: nothing that was answered is lost, and no answer lacks its audit row."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter

import asyncpg

from osler.app.services import SERVICES
from osler.platform.audit import verify
from osler.platform.audit.verify import ROWS
from osler.platform.context import Actor, Context
from osler.platform.errors import Busy
from osler.platform.postgres.postmaster import inhabitants
from osler.platform.store import Store
from osler.platform.testing.database import TestDatabase, open_folder, running_server, with_template
from osler.platform.testing.resources import make_observation

CLIENTS = 24
BEFORE_THE_BLOW = 1500


async def load(store: Store, database: TestDatabase, cluster: object) -> tuple[dict[str, bytes], Counter[str]]:
    """Clients that create, read and bundle until the server is gone. Answers what was acknowledged: written bodies and reads by id."""
    written: dict[str, bytes] = {}
    reads: Counter[str] = Counter()
    answered = 0

    async def client(number: int) -> None:
        nonlocal answered
        ctx = Context(database.alpha, Actor(f"user/{number}", "user"), store, None, request_id=f"r-{number}")  # type: ignore[arg-type]
        for turn in range(100_000):
            try:
                if number % 3 == 0:
                    stored = (await store.create(ctx, make_observation(value=turn))).stored
                    written[stored.id] = stored.content
                elif number % 3 == 1 and written:
                    id_ = list(written)[turn % len(written)]
                    assert (await store.read(ctx, "Observation", id_)).content == written[id_]
                    reads[id_] += 1
                else:
                    made = {}
                    async with store.transaction(ctx) as tx:
                        for part in range(5):
                            entry = (await tx.create(make_observation(value=part))).stored
                            made[entry.id] = entry.content
                    written.update(made)
            except Busy:
                return
            answered += 1
            if answered == BEFORE_THE_BLOW:
                for pid in inhabitants(cluster):  # type: ignore[arg-type]
                    os.kill(pid, signal.SIGKILL)

    await asyncio.gather(*[client(number) for number in range(CLIENTS)])
    return written, reads


async def test_a_killed_server_has_lost_nothing_that_was_acknowledged() -> None:
    with open_folder() as folder, running_server(folder) as server:
        prepared = await with_template(server, SERVICES, folder / "data")
        async with prepared.database() as database:
            store = await Store.open(database.login.arguments(), SERVICES)

            written, reads = await load(store, database, server.places.cluster)

            with running_server(folder):
                await check(database, written, reads)
                ctx = Context(database.alpha, Actor("user/x", "user"), store, None)  # type: ignore[arg-type]
                some = next(iter(written))
                assert (await store.read(ctx, "Observation", some)).content == written[some]
                await store.close()


async def check(database: TestDatabase, written: dict[str, bytes], reads: Counter[str]) -> None:
    async with database.connection(database.alpha) as connection:
        rows: list[asyncpg.Record] = await connection.fetch(ROWS, database.alpha.key)
        kept = {row["id"] for row in await connection.fetch("select id from encounter.resource")}
        indexed = await connection.fetchval("select count(distinct rid) from encounter.idx_quantity")

    logged = Counter(row["id"] for row in rows if row["action"] == b"R")
    created = {row["id"] for row in rows if row["action"] == b"C"}
    assert len(written) > 500 and reads.total() > 200
    assert written.keys() <= kept == created
    assert indexed == len(kept)
    assert all(logged[id_] >= count for id_, count in reads.items())
    assert verify(rows) == []
