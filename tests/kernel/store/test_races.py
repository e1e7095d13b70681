"""The same request many times at once, really committing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from osler.app.services import SERVICES
from osler.platform.context import Context
from osler.platform.errors import Conflict, OslerError, VersionConflict
from osler.platform.store import Store, Written
from osler.platform.testing.database import TestDatabase
from osler.platform.testing.resources import make_observation, make_patient

MANY = 32


@pytest.fixture
async def second(database: TestDatabase, store: Store) -> AsyncIterator[Store]:
    """Another process's store on the same database: locks held in Python do not bind it."""
    opened = await Store.open(database.login.arguments(), SERVICES)
    yield opened
    await opened.close()


async def test_parallel_creates_all_succeed_with_ids_of_their_own(ctx: Context) -> None:
    written = await asyncio.gather(*[ctx.store.create(ctx, make_observation(value=n)) for n in range(100)])

    assert len({each.stored.id for each in written}) == 100
    for each in written:
        assert await ctx.store.read(ctx, "Observation", each.stored.id) == each.stored


async def test_of_parallel_creates_under_one_id_exactly_one_wins_and_the_others_in_its_batch_do_not_suffer(ctx: Context) -> None:
    answers = await asyncio.gather(
        *[ctx.store.create(ctx, make_patient(), "same" if n % 2 else f"own-{n}") for n in range(MANY)], return_exceptions=True
    )

    assert sum(isinstance(each, Written) for each in answers) == MANY // 2 + 1
    assert sum(isinstance(each, Conflict) for each in answers) == MANY // 2 - 1


@pytest.mark.parametrize("processes", [1, 2])
async def test_parallel_updates_without_if_match_all_succeed_with_distinct_versions(ctx: Context, second: Store, processes: int) -> None:
    stores = [ctx.store, second][:processes]
    await ctx.store.update(ctx, make_patient("first"), "p")

    written = await asyncio.gather(*[stores[n % processes].update(ctx, make_patient(f"name-{n}"), "p") for n in range(MANY)])

    assert sorted(each.stored.version for each in written) == list(range(2, MANY + 2))
    last = max(written, key=lambda each: each.stored.version)
    assert await ctx.store.read(ctx, "Patient", "p") == last.stored
    for each in written:
        assert await ctx.store.vread(ctx, "Patient", "p", str(each.stored.version)) == each.stored


@pytest.mark.parametrize("processes", [1, 2])
async def test_of_parallel_updates_with_if_match_exactly_one_wins(ctx: Context, second: Store, processes: int) -> None:
    stores = [ctx.store, second][:processes]
    await ctx.store.update(ctx, make_patient("first"), "p")

    answers = await asyncio.gather(
        *[stores[n % processes].update(ctx, make_patient(f"name-{n}"), "p", if_match=1) for n in range(MANY)], return_exceptions=True
    )

    assert sum(isinstance(each, Written) for each in answers) == 1
    assert sum(isinstance(each, VersionConflict) for each in answers) == MANY - 1
    assert (await ctx.store.read(ctx, "Patient", "p")).version == 2


@pytest.mark.parametrize("processes", [1, 2])
async def test_parallel_updates_of_what_is_not_there_create_it_once(ctx: Context, second: Store, processes: int) -> None:
    stores = [ctx.store, second][:processes]

    written = await asyncio.gather(*[stores[n % processes].update(ctx, make_patient(), "new") for n in range(MANY)])

    assert sum(each.created for each in written) == 1
    assert sorted(each.stored.version for each in written) == list(range(1, MANY + 1))


async def test_transactions_that_lock_the_same_name_run_one_after_the_other(ctx: Context, second: Store) -> None:
    async def book(store: Store) -> bool:
        async with store.transaction(ctx) as tx:
            await tx.lock("slot/1")
            try:
                await tx.read("Patient", "holder")
            except OslerError:
                await tx.create(make_patient(), "holder")
                return True
            return False

    answers = await asyncio.gather(*[book(ctx.store if n % 2 else second) for n in range(MANY)])

    assert sum(answers) == 1


async def test_two_transactions_that_read_and_then_change_one_record_do_not_lose_a_change(ctx: Context) -> None:
    await ctx.store.update(ctx, make_patient("first"), "p")

    with pytest.raises(VersionConflict):
        async with ctx.transaction() as tx:
            await tx.read("Patient", "p")
            await ctx.store.update(ctx, make_patient("meanwhile"), "p")
            await tx.update(make_patient("lost?"), "p")

    assert b"meanwhile" in (await ctx.store.read(ctx, "Patient", "p")).content
