"""Another tenant's record is as if it did not exist, by every way there is to it."""

from __future__ import annotations

import asyncio

import pytest

from osler.platform.context import Context
from osler.platform.errors import Gone, NotFound, VersionConflict
from osler.platform.store import Section
from osler.platform.testing.database import TestDatabase
from osler.platform.testing.resources import make_observation, make_patient

TABLES = ("resource", "resource_history", "idx_token", "idx_string", "idx_ident", "idx_date", "idx_quantity")


@pytest.fixture
async def theirs(ctx: Context) -> str:
    """The id of a patient of tenant alpha with a history, and of an observation."""
    written = await ctx.store.update(ctx, make_patient(identifier=[{"system": "urn:mrn", "value": "1"}]), "marie")
    await ctx.store.update(ctx, make_patient("Sklodowska"), "marie")
    await ctx.store.update(ctx, make_observation("marie"), "hba1c")
    return written.stored.id


async def test_reads_of_another_tenants_record_find_nothing(theirs: str, other: Context) -> None:
    store = other.store
    for attempt in (
        store.read(other, "Patient", theirs),
        store.vread(other, "Patient", theirs, "1"),
        store.history(other, "Patient", theirs),
        store.charts.fetch(other, theirs, [Section("Observation", 10)]),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert (await store.history(other, "Patient")).entries == []
    assert (await store.history(other)).entries == []
    assert await store.charts.cached(other, theirs, 1) is None


async def test_writes_to_another_tenants_record_make_or_refuse_ones_own(theirs: str, ctx: Context, other: Context) -> None:
    before = await ctx.store.read(ctx, "Patient", theirs)

    with pytest.raises(VersionConflict):
        await other.store.update(other, make_patient("Mallory"), theirs, if_match=2)
    with pytest.raises(VersionConflict):
        await other.store.delete(other, "Patient", theirs, if_match=2)
    nothing = await other.store.delete(other, "Patient", theirs)
    mine = await other.store.update(other, make_patient("Mallory"), theirs)
    await other.store.delete(other, "Patient", theirs)

    assert (nothing.outcome, mine.outcome, mine.stored.version) == ("unchanged", "created", 1)
    with pytest.raises(Gone):
        await other.store.read(other, "Patient", theirs)
    assert await ctx.store.read(ctx, "Patient", theirs) == before
    assert len((await ctx.store.history(ctx, "Patient", theirs)).entries) == 2


async def test_a_transaction_sees_and_changes_nothing_of_another_tenant(theirs: str, ctx: Context, other: Context) -> None:
    before = await ctx.store.read(ctx, "Patient", theirs)

    with pytest.raises(NotFound):
        async with other.transaction() as tx:
            await tx.read("Patient", theirs)
    async with other.transaction() as tx:
        written = await tx.update(make_patient("Mallory"), theirs)
        removed = await tx.delete("Observation", "hba1c")

    assert (written.outcome, written.stored.version, removed.outcome) == ("created", 1, "unchanged")
    assert await ctx.store.read(ctx, "Patient", theirs) == before
    assert (await ctx.store.read(ctx, "Observation", "hba1c")).version == 1


async def test_reads_of_two_tenants_at_once_never_mix(theirs: str, ctx: Context, other: Context) -> None:
    await other.store.update(other, make_patient("Mallory"), theirs)

    answers = await asyncio.gather(*[(each.store.read(each, "Patient", theirs)) for _ in range(40) for each in (ctx, other)])

    assert [b"Sklodowska" in answer.content for answer in answers] == [True, False] * 40


async def test_row_level_security_hides_other_tenants_without_a_predicate(theirs: str, database: TestDatabase) -> None:
    for tenant, seen in ((database.alpha, True), (database.beta, False), (None, False)):
        async with database.connection(tenant) as connection:
            for schema in ("patient", "encounter"):
                counts = {table: await connection.fetchval(f"select count(*) from {schema}.{table}") for table in TABLES}
                assert (counts["resource"] > 0) is seen, (tenant, schema, counts)
                assert (counts["idx_token"] > 0) is seen
            for table in ("kernel.patient_clock", "kernel.outbox", "audit.event"):
                assert (await connection.fetchval(f"select count(*) from {table}") > 0) is seen, (tenant, table)
