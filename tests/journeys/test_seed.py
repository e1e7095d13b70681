"""`osler seed`: the demo clinic goes in whole, once, and never among real patients."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from tests.journeys.importing import Command, stored, versions

from osler.demo.clinic import Clinic
from osler.demo.seeding import seed_clinic
from osler.demo.special import SPECIAL
from osler.platform.context import Actor
from osler.platform.fhir import TYPE_CODE
from osler.platform.testing.contexts import TestProcess
from osler.platform.testing.database import TestDatabase

pytestmark = pytest.mark.database
CLINIC = Clinic(date(2026, 11, 21), seed=1, patients=len(SPECIAL) + 4)
PATIENTS = "select count(*) from patient.resource where rtype = $1"
SEEDER = Actor("system/seed", "system")


def generated(clinic: Clinic) -> Counter[str]:
    return Counter(resource["resourceType"] for _, resources in clinic.groups() for resource in resources)


async def test_the_store_holds_what_the_generator_makes_and_a_second_run_does_nothing(process: TestProcess) -> None:
    ctx = process.context(process.database.alpha, SEEDER)

    first = await seed_clinic(ctx, CLINIC)
    again = await seed_clinic(ctx, CLINIC)

    print(f"\n{first.resources:,} resources in {first.seconds:.1f} s, {first.resources / first.seconds:,.0f}/s")
    assert (first.patients, again.patients, again.resources) == (CLINIC.patients, 0, 0)
    assert await stored(process.database, process.database.alpha) == generated(CLINIC)
    assert await versions(process.database) == 0


async def test_more_patients_are_added_and_a_deleted_one_is_not_brought_back(process: TestProcess) -> None:
    ctx = process.context(process.database.alpha, SEEDER)
    await seed_clinic(ctx, CLINIC)
    await ctx.store.delete(ctx, "Patient", "no-visits")

    more = await seed_clinic(ctx, Clinic(CLINIC.as_of, CLINIC.seed, CLINIC.patients + 3))

    assert more.patients == 3
    assert (await stored(process.database, process.database.alpha))["Patient"] == CLINIC.patients + 3 - 1


async def test_a_killed_seed_is_finished_by_the_next_one(database: TestDatabase, tmp_path: Path) -> None:
    osler = Command(database, tmp_path / "data")
    words = ("seed", "--tenant", "made-up", "--patients", "24")

    running = osler.start(*words)
    async with database.owner() as owner:
        while not await owner.fetchval(PATIENTS, TYPE_CODE["Patient"]):
            assert running.poll() is None, running.communicate()[0]
        running.kill()
        running.communicate()
        key = await owner.fetchval("select key from kernel.tenant where name = 'made-up'")
        partly = await owner.fetchval("select count(*) from encounter.resource where tenant = $1", key)
    finished = osler.run(*words)
    again = osler.run(*words)

    async with database.owner() as owner:
        patients = await owner.fetchval(PATIENTS, TYPE_CODE["Patient"])
        encounters = await owner.fetchval("select count(*) from encounter.resource where tenant = $1", key)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert 0 < partly < encounters
    assert patients == 24
    assert again.stdout.strip() == "Tenant made-up has them all already"


async def test_made_up_patients_do_not_go_among_real_ones(database: TestDatabase, tmp_path: Path) -> None:
    refused = Command(database, tmp_path / "data").run("seed", "--tenant", "alpha")

    assert refused.returncode == 1
    assert "alpha is not a demo tenant" in refused.stderr
    assert await stored(database, database.alpha) == Counter()


async def test_files_are_the_same_bytes_for_the_same_day_and_seed(database: TestDatabase, tmp_path: Path) -> None:
    osler = Command(database, tmp_path / "data")
    digests = []
    for name in ("one", "two"):
        osler.run("seed", "--out", tmp_path / name, "--patients", "20", "--as-of", "2026-02-03")
        digests.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / name).iterdir()})

    assert digests[0] == digests[1]
    assert {"Patient.ndjson", "Observation.ndjson", "Organization.ndjson"} <= digests[0].keys()


async def test_the_files_can_be_imported_again(database: TestDatabase, tmp_path: Path) -> None:
    osler = Command(database, tmp_path / "data")
    osler.run("seed", "--out", tmp_path / "files", "--patients", "20", "--as-of", "2026-11-21")

    done = osler.run("import", tmp_path / "files", "--tenant", "alpha")

    assert done.returncode == 0, done.stdout
    assert await stored(database, database.alpha) == generated(Clinic(date(2026, 11, 21), 1, 20))
