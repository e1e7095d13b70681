"""A process that remembers what it wrote last is never wrong about what another process has done since."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from osler.app.services import SERVICES
from osler.platform.context import Context
from osler.platform.errors import VersionConflict
from osler.platform.store import Store
from osler.platform.store.recent import LONGEST, MOST, Recent
from osler.platform.store.search import parse_query
from osler.platform.testing.database import TestDatabase
from osler.platform.testing.resources import make_patient


@pytest.fixture
async def second(database: TestDatabase, store: Store) -> AsyncIterator[Store]:
    """Another process's store on the same database."""
    opened = await Store.open(database.login.arguments(), SERVICES)
    yield opened
    await opened.close()


async def named(ctx: Context, name: str) -> int:
    return len((await ctx.store.search(ctx, parse_query("Patient", [("family", name)]))).matches)


async def test_an_update_after_another_process_wrote_is_the_version_behind_that(ctx: Context, second: Store) -> None:
    await ctx.store.update(ctx, make_patient("Adams"), "p")
    await second.update(ctx, make_patient("Brown"), "p")

    third = await ctx.store.update(ctx, make_patient("Clark"), "p")

    assert third.stored.version == 3
    assert [await named(ctx, name) for name in ("Adams", "Brown", "Clark")] == [0, 0, 1]


async def test_the_version_another_process_wrote_may_be_named(ctx: Context, second: Store) -> None:
    await ctx.store.update(ctx, make_patient("Adams"), "p")
    await second.update(ctx, make_patient("Brown"), "p")

    with pytest.raises(VersionConflict):
        await ctx.store.update(ctx, make_patient("Clark"), "p", 1)
    third = await ctx.store.update(ctx, make_patient("Clark"), "p", 2)

    assert third.stored.version == 3


async def test_what_another_process_deleted_is_deleted_here(ctx: Context, second: Store) -> None:
    await ctx.store.update(ctx, make_patient("Adams"), "p")
    await second.delete(ctx, "Patient", "p")

    assert (await ctx.store.delete(ctx, "Patient", "p")).outcome == "unchanged"
    assert (await ctx.store.update(ctx, make_patient("Brown"), "p")).outcome == "created"
    assert [await named(ctx, name) for name in ("Adams", "Brown")] == [0, 1]


async def test_a_transaction_here_is_seen_by_the_next_update(ctx: Context) -> None:
    await ctx.store.update(ctx, make_patient("Adams"), "p")
    async with ctx.transaction() as tx:
        await tx.update(make_patient("Brown"), "p")

    assert (await ctx.store.update(ctx, make_patient("Clark"), "p")).stored.version == 3
    assert [await named(ctx, name) for name in ("Adams", "Brown", "Clark")] == [0, 0, 1]


def test_it_forgets_the_oldest_and_what_is_too_long() -> None:
    recent: Recent[str] = Recent()
    for number in range(MOST + 1):
        recent.keep(1, number, "held", 10)
    recent.keep(1, 5, "longer", LONGEST + 1)

    assert [recent.get(1, number) for number in (0, 1, 5, MOST)] == [None, "held", None, "held"]
    assert recent.get(2, 1) is None
