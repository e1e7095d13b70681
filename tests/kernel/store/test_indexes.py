"""The search rows of a record are exactly those of its present version, whatever came before."""

from __future__ import annotations

import random
from typing import Any

import asyncpg

from osler.platform.context import Context
from osler.platform.fhir import Parsed, index, parse, rid
from osler.platform.store.rows import Indexed
from osler.platform.store.writing_sql import INDEXES
from osler.platform.testing.database import TestDatabase
from osler.platform.testing.resources import make_observation, make_patient

ROUNDS = 60


async def kept(owner: asyncpg.Connection, schema: str, number: int) -> Indexed | None:
    """What the sidecar tables hold of one record, each row once; None: nothing. Fails on doubled rows and on rows that disagree."""
    kinds, places = [], set()
    for table, columns in INDEXES:
        names = ", ".join(name for name, _ in columns)
        rows = [tuple(row) for row in await owner.fetch(f"select prid, d, {names} from {schema}.{table} where rid = $1", number)]
        assert len(rows) == len(set(rows)), table
        places |= {row[:2] for row in rows}
        kinds.append(frozenset(row[2:] for row in rows))
    assert len(places) <= 1
    return Indexed(*places.pop(), kinds) if places else None


def a_version(chance: random.Random, type_: str) -> Parsed:
    if type_ == "Patient":
        names = [
            {"family": chance.choice("ABC"), "given": chance.sample(["x", "y", "z"], chance.randrange(3)) or ["w"]}
        ] * chance.randrange(1, 3)
        telecom = [{"system": "phone", "value": str(chance.randrange(3))} for _ in range(chance.randrange(1, 4))]
        more: dict[str, Any] = {"name": names, "telecom": telecom, "birthDate": f"19{chance.randrange(60, 64)}-01-01"}
        more["identifier"] = [{"system": "urn:mrn", "value": str(chance.randrange(4))} for _ in range(chance.randrange(1, 3))]
        return make_patient(**more)
    day, status = chance.randrange(1, 4), chance.choice(["final", "amended"])
    return make_observation(chance.choice(["marie", "pierre"]), chance.randrange(3), effectiveDateTime=f"2024-05-0{day}", status=status)


async def test_after_any_sequence_of_writes_no_row_is_left_over_or_missing(ctx: Context, database: TestDatabase) -> None:
    chance = random.Random(7)
    records = [
        ("patient", "Patient", "p1"),
        ("patient", "Patient", "p2"),
        ("encounter", "Observation", "o1"),
        ("encounter", "Observation", "o2"),
    ]
    checked = 0

    async with database.owner() as owner:
        for turn in range(ROUNDS):
            schema, type_, id_ = chance.choice(records)
            version = None if chance.random() < 0.2 else a_version(chance, type_)
            if turn % 2:
                async with ctx.transaction() as tx:
                    for _ in range(chance.randrange(2)):
                        await tx.update(a_version(chance, type_), id_)
                    await (tx.update(version, id_) if version else tx.delete(type_, id_))
            else:
                await (ctx.store.update(ctx, version, id_) if version else ctx.store.delete(ctx, type_, id_))

            found = await kept(owner, schema, rid(type_, id_))

            if version is None:
                assert found is None
                continue
            wanted = Indexed.of(index(parse(version.body), type_, id_))
            assert found is not None
            assert (found.prid, found.d, tuple(found.kinds)) == (wanted.prid, wanted.d, tuple(wanted.kinds))
            checked += 1
    assert checked > ROUNDS / 2


async def test_every_write_moves_the_clock_of_each_patient_it_touches(ctx: Context, database: TestDatabase) -> None:
    async def clocks() -> dict[int, int]:
        async with database.owner() as owner:
            return {row["prid"]: row["ver"] for row in await owner.fetch("select prid, ver from kernel.patient_clock")}

    marie, pierre = rid("Patient", "marie"), rid("Patient", "pierre")
    await ctx.store.update(ctx, make_observation("marie"), "o")
    assert await clocks() == {marie: 1}
    await ctx.store.update(ctx, make_observation("pierre"), "o")
    assert await clocks() == {marie: 2, pierre: 1}
    await ctx.store.delete(ctx, "Observation", "o")
    assert await clocks() == {marie: 2, pierre: 2}
    async with ctx.transaction() as tx:
        await tx.create(make_observation("marie"))
        await tx.create(make_observation("marie"))
    assert await clocks() == {marie: 3, pierre: 2}
