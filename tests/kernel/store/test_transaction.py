"""A transaction is all or nothing, over every schema, whatever happens in the middle."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from osler.app.services import SERVICES
from osler.platform.context import Context
from osler.platform.errors import Busy, Conflict, Forbidden, Gone, Invalid, NotFound
from osler.platform.fhir import Parsed
from osler.platform.fhir.r4 import Patient
from osler.platform.messages import Event
from osler.platform.store import Store
from osler.platform.testing.database import TestDatabase
from osler.platform.testing.resources import make_observation, make_patient

COUNTED = (
    "patient.resource",
    "patient.resource_history",
    "patient.idx_token",
    "patient.idx_string",
    "encounter.resource",
    "encounter.idx_token",
    "encounter.idx_quantity",
    "kernel.patient_clock",
    "kernel.outbox",
)


@dataclass(frozen=True, kw_only=True)
class PatientRegistered(Event):
    patient: str


async def counts(database: TestDatabase) -> dict[str, int]:
    async with database.owner() as owner:
        return {table: await owner.fetchval(f"select count(*) from {table}") for table in COUNTED}


async def test_what_a_transaction_wrote_is_there_afterwards_in_all_schemas(ctx: Context, database: TestDatabase) -> None:
    nudges: list[None] = []
    ctx.store.when_committed(lambda: nudges.append(None))
    await ctx.store.update(ctx, make_patient("old"), "old")
    nudges.clear()

    async with ctx.transaction() as tx:
        created = await tx.create(make_patient(), "marie")
        await tx.create(make_observation("marie"), "hba1c")
        updated = await tx.update(make_patient("new"), "old")
        again = await tx.update(make_patient("Sklodowska"), "marie")
        deleted = await tx.delete("Observation", "hba1c")
        tx.emit(PatientRegistered(patient="marie"))

    assert (created.outcome, updated.outcome, again.outcome, deleted.outcome) == ("created", "updated", "updated", "deleted")
    assert await ctx.store.read(ctx, "Patient", "marie") == again.stored
    assert await ctx.store.vread(ctx, "Patient", "marie", "1") == created.stored
    with pytest.raises(Gone):
        await ctx.store.read(ctx, "Observation", "hba1c")
    async with database.owner() as owner:
        rows = await owner.fetch(
            "select kind, id, version, op, payload from kernel.outbox where kind <> 'resource' or version > 1 order by seq"
        )
    assert [(row["id"], row["version"], row["op"]) for row in rows[:3]] == [("old", 2, b"u"), ("marie", 2, b"u"), ("hba1c", 2, b"d")]
    assert rows[3]["kind"].endswith(".PatientRegistered")
    assert rows[3]["payload"] == b'{"patient":"marie"}'
    assert len(nudges) == 1


async def test_structs_go_in_and_come_out(ctx: Context) -> None:
    async with ctx.transaction() as tx:
        made = await tx.create(make_patient().resource)
        read = await tx.read(Patient, made.id)
        read.gender = "female"
        changed = await tx.update(read)

    assert (made.meta.versionId, changed.meta.versionId, changed.gender) == ("1", "2", "female")


@pytest.mark.parametrize("wrong", [RuntimeError("a bug"), NotFound("a refusal"), KeyboardInterrupt()])
async def test_a_rollback_leaves_nothing(ctx: Context, database: TestDatabase, wrong: BaseException) -> None:
    await ctx.store.update(ctx, make_patient("old"), "old")
    before = await counts(database)

    with pytest.raises(type(wrong)):
        async with ctx.transaction() as tx:
            await tx.create(make_patient())
            await tx.update(make_patient("new"), "old")
            tx.emit(PatientRegistered(patient="x"))
            await tx.flush()
            raise wrong

    assert await counts(database) == before
    assert b"old" in (await ctx.store.read(ctx, "Patient", "old")).content


async def test_a_taken_id_undoes_all_the_other_entries(ctx: Context, database: TestDatabase) -> None:
    await ctx.store.update(ctx, make_patient(), "taken")
    before = await counts(database)

    with pytest.raises(Conflict):
        async with ctx.transaction() as tx:
            await tx.create(make_observation())
            await tx.create(make_patient(), "taken")

    assert await counts(database) == before


@pytest.mark.parametrize("moment", ["before the flush", "after the flush"])
async def test_a_backend_terminated_in_the_middle_leaves_nothing(ctx: Context, database: TestDatabase, moment: str) -> None:
    await ctx.store.update(ctx, make_patient("old"), "old")
    before = await counts(database)

    with pytest.raises(Busy):
        async with ctx.transaction() as tx:
            for n in range(20):
                await tx.create(make_observation(value=n))
            await tx.update(make_patient("new"), "old")
            if moment == "after the flush":
                await tx.flush()
            pid = (await tx.fetch("select pg_backend_pid()"))[0][0]
            async with database.owner() as owner:
                await owner.execute("reset role")
                await owner.fetchval("select pg_terminate_backend($1, 5000)", pid)

    assert await counts(database) == before
    async with ctx.transaction() as tx:
        await tx.create(make_patient())


async def test_the_owners_checks_run_for_every_caller(database: TestDatabase, ctx: Context) -> None:
    def check_named(parsed: Parsed) -> None:
        if parsed.resource.name[0].use == "official":
            raise Invalid("Patient.name is wrong")

    services = [replace(each, before_write={"Patient": (check_named,)}) if each.name == "patient" else each for each in SERVICES]
    store = await Store.open(database.login.arguments(), services)
    before = await counts(database)
    unwanted = make_patient(name=[{"use": "official", "family": "x"}])
    for attempt in (store.create(ctx, unwanted), store.update(ctx, unwanted, "p")):
        with pytest.raises(Invalid):
            await attempt
    for method in ("create", "update"):
        with pytest.raises(Invalid):
            async with store.transaction(ctx) as tx:
                await tx.create(make_observation())
                await getattr(tx, method)(unwanted, "p")
    await store.close()

    assert await counts(database) == before


async def test_a_process_writes_only_the_types_of_the_services_it_runs_and_reads_all(database: TestDatabase, ctx: Context) -> None:
    login = await database.login_of(["patient"])
    store = await Store.open(login.arguments(), SERVICES, running=["patient"])
    await ctx.store.update(ctx, make_observation(), "hba1c")

    written = await store.update(ctx, make_patient(), "marie")
    read = await store.read(ctx, "Observation", "hba1c")

    assert (written.stored.version, read.version) == (1, 1)
    assert (store.serves("Patient"), store.serves("Observation")) == (True, False)
    for attempt in (store.create(ctx, make_observation()), store.delete(ctx, "Observation", "hba1c")):
        with pytest.raises(Forbidden):
            await attempt
    await store.close()


async def test_a_large_transaction_is_written_in_bulk(ctx: Context, database: TestDatabase) -> None:
    async with ctx.transaction() as tx:
        await tx.load([("Observation", f"o{n}") for n in range(2500)])
        for n in range(2500):
            await tx.update(make_observation(value=n), f"o{n}")

    assert (await counts(database))["encounter.resource"] == 2500
    assert b'"value":1234' in (await ctx.store.read(ctx, "Observation", "o1234")).content
