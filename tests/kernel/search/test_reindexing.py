"""Making search rows anew: complete, resumable, right while others write, and it takes out what belongs to nobody."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.kernel.search.conftest import ids, observation, patient, put

from osler.platform import fhir
from osler.platform.context import Context
from osler.platform.fhir import TYPE_CODE, search_parameters
from osler.platform.store import reindexing
from osler.platform.store.index_versions import UNKNOWN, fingerprint, stale
from osler.platform.store.writing_sql import INDEXES
from osler.platform.testing.contexts import TestProcess

SCHEMA = "encounter"


async def rows(process: TestProcess, *, tables: bool = True) -> dict[str, list[Any]]:
    """Every search row of the schema, in an order."""
    async with process.database.owner() as owner:
        found = {}
        for table, columns in INDEXES:
            names = ", ".join(("tenant", "prid", "d", "rid", *(name for name, _ in columns)))
            found[table] = sorted(map(repr, await owner.fetch(f"select {names} from {SCHEMA}.{table}")))
        found["words"] = sorted(map(repr, await owner.fetch(f"select rid, words from {SCHEMA}.resource where not deleted")))
        return found


async def spoil(process: TestProcess) -> None:
    """As an older release would have left it: rows missing, rows too many, no words."""
    async with process.database.owner() as owner:
        await owner.execute(f"delete from {SCHEMA}.idx_token where rid % 2 = 0")
        await owner.execute(f"delete from {SCHEMA}.idx_composite")
        await owner.execute(f"update {SCHEMA}.resource set words = null")
        await owner.execute(f"update {SCHEMA}.idx_quantity set base = null, blo = null, bhi = null")
        key = search_parameters("Observation")["status"].key
        await owner.execute(
            f"insert into {SCHEMA}.idx_token (tenant, key, val, prid, d, rid, sys) select tenant, {key}, 4711, prid, d, rid, 0 "
            f"from {SCHEMA}.resource limit 5"
        )


def seen(number: int) -> dict[str, Any]:
    quantity = {"value": number, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
    return observation(f"o{number:04}", patient=f"p{number % 7}", code=f"c{number % 5}", valueQuantity=quantity)


async def test_it_puts_every_row_back_and_takes_out_the_others(ctx: Context, running: TestProcess) -> None:
    await put(ctx, *(seen(number) for number in range(40)))
    before = await rows(running)
    await spoil(running)
    assert await rows(running) != before

    done = await reindexing.reindexing(ctx.store.kernel).run(ctx.tenant.key, "Observation")

    assert await rows(running) == before
    assert done.records == 40
    assert done.removed >= 5
    assert done.counted == sum(len(before[table]) for table, _ in INDEXES)
    again = await reindexing.reindexing(ctx.store.kernel).run(ctx.tenant.key, "Observation")
    assert (again.added, again.removed) == (0, 0)


async def test_records_without_a_date_and_open_periods_are_right_as_they_are(ctx: Context) -> None:
    await put(
        ctx,
        patient("a"),
        {name: value for name, value in observation("o", effectivePeriod={"start": "2020"}).items() if name != "effectiveDateTime"},
    )
    await put(ctx, {"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "AMB"}, "period": {"end": "2020"}})

    for kind in ("Patient", "Observation", "Encounter"):
        done = await reindexing.reindexing(ctx.store.kernel).run(ctx.tenant.key, kind)
        assert (done.records, done.added, done.removed) == (1, 0, 0)
        assert done.counted > 0


async def test_one_parameter_alone(ctx: Context, running: TestProcess) -> None:
    await put(ctx, *(seen(number) for number in range(10)))
    async with running.database.owner() as owner:
        await owner.execute(f"delete from {SCHEMA}.idx_token")
    code = search_parameters("Observation")["code"].key

    done = await reindexing.reindexing(ctx.store.kernel).run(ctx.tenant.key, "Observation", frozenset({code}), mark="code")

    assert done.added == 10
    assert len(await ids(ctx, "Observation?code=c1")) == 2
    assert await ids(ctx, "Observation?status=final") == []


async def test_cut_off_and_gone_on_with(ctx: Context, running: TestProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindexing, "BATCH", 10)
    await put(ctx, *(seen(number) for number in range(35)))
    before = await rows(running)
    await spoil(running)

    def stop_after_two(_: int, seen: list[int] = []) -> None:  # noqa: B006 - counts
        seen.append(1)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await reindexing.reindexing(ctx.store.kernel).run(ctx.tenant.key, "Observation", advance=stop_after_two)
    told: list[int] = []
    done = await reindexing.reindexing(ctx.store.kernel).run(ctx.tenant.key, "Observation", resume=True, advance=told.append)

    assert told[0] == 20  # what had been done
    assert done.records == 35
    assert await rows(running) == before


async def test_right_while_others_write(ctx: Context, running: TestProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindexing, "BATCH", 5)
    await put(ctx, *(seen(number) for number in range(60)))
    await spoil(running)
    over = asyncio.Event()

    async def others() -> None:
        turn = 0
        while not over.is_set():
            turn += 1
            changed = seen(turn % 60) | {"status": "amended", "valueQuantity": {"value": turn, "unit": "x"}}
            await put(ctx, changed, seen(100 + turn))
            await ctx.store.delete(ctx, "Observation", f"o{(turn * 7) % 60:04}")

    writing = [asyncio.create_task(others()) for _ in range(3)]
    for _ in range(3):
        await reindexing.reindexing(ctx.store.kernel).run(ctx.tenant.key, "Observation")
    over.set()
    await asyncio.gather(*writing)

    found = await rows(running)
    await reindexing.reindexing(ctx.store.kernel).run(ctx.tenant.key, "Observation")
    assert await rows(running) == found
    expected = 0
    async with running.database.owner() as owner:
        for row in await owner.fetch(f"select id, codec, content from {SCHEMA}.resource where not deleted"):
            body = ctx.store.kernel.codec.unpack(row["codec"], row["content"])
            expected += len(set(fhir.index(fhir.parse(body), "Observation", row["id"]).tokens))
    assert len(found["idx_token"]) == expected


async def test_another_tenants_rows_are_left_alone(ctx: Context, other: Context, running: TestProcess) -> None:
    await put(other, *(seen(number) for number in range(5)))
    before = await rows(running)

    await reindexing.reindexing(ctx.store.kernel).run(ctx.tenant.key, "Observation")

    assert await rows(running) == before


async def test_a_stale_index_is_known_until_it_is_made_anew(ctx: Context, running: TestProcess) -> None:
    names = [service.name for service in running.database.services]
    await put(ctx, seen(1), patient("p1"))
    async with running.database.owner() as owner:
        assert await stale(owner, names) == []
        await owner.execute("update kernel.index_version set fingerprint = $1 where rtype = $2", UNKNOWN, TYPE_CODE["Observation"])
        assert await stale(owner, names) == [(ctx.tenant.key, "Observation")]

        await reindexing.reindexing(ctx.store.kernel).run(ctx.tenant.key, "Observation")

        assert await stale(owner, names) == []
        made = await owner.fetchval("select fingerprint from kernel.index_version where tenant = $1", ctx.tenant.key)
        assert made == fingerprint("Observation")
