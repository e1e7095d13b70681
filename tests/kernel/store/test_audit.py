"""Everything that was shown, written or refused is in the log before anybody hears of it, and the log shows when it was touched."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from osler.platform.audit import verify
from osler.platform.audit.verify import ROWS
from osler.platform.context import Context
from osler.platform.errors import Busy, Gone, NotFound, VersionConflict
from osler.platform.store import Section
from osler.platform.testing.database import TestDatabase
from osler.platform.testing.resources import make_observation, make_patient


async def rows(database: TestDatabase, ctx: Context) -> list[asyncpg.Record]:
    async with database.connection(ctx.tenant) as connection:
        return await connection.fetch(ROWS, ctx.tenant.key)


async def logged(database: TestDatabase, ctx: Context) -> list[tuple[str, int, str, int]]:
    """(action, outcome, id, version) in the order in which they happened."""
    found = sorted(await rows(database, ctx), key=lambda row: (row["at"], row["stream"], row["seq"]))
    return [(row["action"].decode(), row["outcome"], row["id"], row["version"]) for row in found if row["action"] != b"N"]


async def test_every_access_and_every_refusal_has_its_row(ctx: Context, database: TestDatabase) -> None:
    store = ctx.store
    await store.update(ctx, make_patient(), "p")
    await store.read(ctx, "Patient", "p")
    await store.update(ctx, make_patient("b"), "p")
    await store.vread(ctx, "Patient", "p", "1")
    await store.history(ctx, "Patient", "p")
    with pytest.raises(VersionConflict):
        await store.update(ctx, make_patient(), "p", if_match=1)
    await store.charts.fetch(ctx, "p", [Section("Observation", 5)])
    await store.charts.cached(ctx, "p", 7)
    await store.delete(ctx, "Patient", "p")
    with pytest.raises(Gone):
        await store.read(ctx, "Patient", "p")
    with pytest.raises(NotFound):
        await store.read(ctx, "Patient", "nobody")
    with pytest.raises(NotFound):
        await store.read(ctx, "Patient", "not\x00an id")
    await store.note(ctx, 401, "sign-in refused")

    found = await logged(database, ctx)

    expected = [("C", 201, "p", 1), ("R", 200, "p", 1), ("U", 200, "p", 2), ("V", 200, "p", 1), ("H", 200, "p", 2), ("U", 412, "p", 0),
                ("G", 200, "p", 2), ("G", 200, "p", 0), ("D", 204, "p", 3), ("R", 410, "p", 3), ("R", 404, "nobody", 0), ("R", 404, "", 0),
                ("X", 401, "", 0)]  # fmt: skip
    assert sorted(found) == sorted(expected)
    patients = {row["prid"] for row in await rows(database, ctx) if row["id"] == "p" and row["outcome"] == 200}
    assert len(patients) == 1 and 0 not in patients


async def test_a_transaction_that_comes_to_nothing_still_shows_what_it_had_read(ctx: Context, database: TestDatabase) -> None:
    await ctx.store.update(ctx, make_patient(), "p")

    with pytest.raises(NotFound):
        async with ctx.transaction() as tx:
            await tx.read("Patient", "p")
            await tx.create(make_observation("p"))
            await tx.read("Patient", "nobody")

    assert (await logged(database, ctx))[1:] == [("R", 200, "p", 1), ("R", 404, "nobody", 0), ("X", 404, "", 0)]


async def test_the_chains_hold_under_load_and_show_a_changed_or_missing_row(ctx: Context, database: TestDatabase) -> None:
    await asyncio.gather(*[ctx.store.create(ctx, make_observation(), f"o{n}") for n in range(60)])
    await asyncio.gather(*[ctx.store.read(ctx, "Observation", f"o{n % 70}") for n in range(200)], return_exceptions=True)
    async with ctx.transaction() as tx:
        for n in range(30):
            await tx.update(make_observation(), f"o{n}")

    whole = await rows(database, ctx)
    changed = [dict(row) | ({"actor": "user/somebody-else"} if place == 100 else {}) for place, row in enumerate(whole)]
    missing = whole[:100] + whole[101:]

    assert len([row for row in whole if row["action"] != b"N"]) == 60 + 200 + 30
    assert verify(whole) == []
    assert [flaw.kind for flaw in verify(changed)] == ["hash"]
    assert "gap" in {flaw.kind for flaw in verify(missing)}


async def test_the_process_cannot_change_or_delete_audit_rows(ctx: Context, database: TestDatabase) -> None:
    await ctx.store.update(ctx, make_patient(), "p")
    for statement in ("update audit.event set actor = 'x'", "delete from audit.event", "truncate audit.event"):
        async with database.connection(ctx.tenant) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


async def test_nothing_is_read_or_written_when_it_cannot_be_recorded(ctx: Context, database: TestDatabase) -> None:
    await ctx.store.update(ctx, make_patient(), "p")
    async with database.owner() as owner:
        await owner.execute("alter table audit.event add constraint full_disk check (at < '2000-01-01') not valid")

    for attempt in (
        ctx.store.read(ctx, "Patient", "p"),
        ctx.store.read(ctx, "Patient", "nobody"),
        ctx.store.vread(ctx, "Patient", "p", "1"),
        ctx.store.history(ctx, "Patient", "p"),
        ctx.store.charts.fetch(ctx, "p", []),
        ctx.store.create(ctx, make_patient()),
        ctx.store.update(ctx, make_patient("b"), "p"),
        ctx.store.delete(ctx, "Patient", "p"),
    ):
        with pytest.raises(Busy):
            await attempt
    with pytest.raises(Busy):
        async with ctx.transaction() as tx:
            await tx.create(make_patient())

    async with database.owner() as owner:
        await owner.execute("alter table audit.event drop constraint full_disk")
    assert (await ctx.store.read(ctx, "Patient", "p")).version == 1
    async with database.owner() as owner:
        assert await owner.fetchval("select count(*) from patient.resource") == 1
    assert verify(await rows(database, ctx)) == []
