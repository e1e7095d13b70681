"""Migrations: each file once, all of it or nothing, never changed afterwards, and two at once do it once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from osler.app.services import SERVICES
from osler.platform.manifest import Service
from osler.platform.postgres import Login, PostgresTrouble
from osler.platform.store.migrate import MigrationChanged, all_migrations, ensure_database, migrate, owner, run
from osler.platform.testing.database import TestServer

NAMES = [service.name for service in SERVICES]


@pytest.fixture
async def empty(postgres_server: TestServer) -> AsyncIterator[Login]:
    """A database in which nothing has run."""
    name = f"empty_{next(postgres_server.numbers)}"
    yield await ensure_database(postgres_server.server.login, name)
    await postgres_server.command(f"drop database {name} with (force)")


async def tables(login: Login) -> set[str]:
    connection = await login.connect()
    try:
        rows = await connection.fetch("select schemaname || '.' || tablename from pg_tables where schemaname !~ '^(pg_|information)'")
        return {row[0] for row in rows}
    finally:
        await connection.close()


def service(folder: Path, **files: str) -> Service:
    (folder / "migrations").mkdir(exist_ok=True)
    for name, sql in files.items():
        (folder / "migrations" / f"{name}.sql").write_text(sql)
    return Service(name="patient", types=("Patient",), folder=folder)


async def own(login: Login, one: Service) -> int:
    """Run the service's own files only."""
    return await run(login, NAMES, [each for each in all_migrations([one]) if each.scope == one.name], say=lambda _: None)


async def test_all_schemas_are_made_once_and_a_second_run_does_nothing(empty: Login) -> None:
    said: list[str] = []

    first = await migrate(empty, SERVICES, say=said.append)
    second = await migrate(empty, SERVICES, say=said.append)

    made = await tables(empty)
    assert {f"{name}.resource" for name in NAMES} <= made
    assert {"kernel.tenant", "kernel.outbox", "audit.event"} <= made
    assert (first, second) == (len(all_migrations(SERVICES)), 0)
    assert said == [f"Database brought up to date: {first} migrations"]


async def test_two_processes_that_start_at_once_migrate_once(empty: Login) -> None:
    counts = await asyncio.gather(*(migrate(empty, SERVICES, say=lambda _: None) for _ in range(3)))

    assert sorted(counts) == [0, 0, len(all_migrations(SERVICES))]


async def test_a_file_that_has_run_may_not_change(empty: Login, tmp_path: Path) -> None:
    await migrate(empty, SERVICES, say=lambda _: None)
    one = service(tmp_path, **{"0901_pre_add_list": "create table patient.list (tenant int4)"})
    await own(empty, one)

    service(tmp_path, **{"0901_pre_add_list": "create table patient.list (tenant int8)"})

    with pytest.raises(MigrationChanged, match=r"patient/0901_pre_add_list.sql has run and was changed"):
        await own(empty, one)


async def test_a_file_that_fails_leaves_nothing_behind_and_runs_again_when_it_is_right(empty: Login, tmp_path: Path) -> None:
    await migrate(empty, SERVICES, say=lambda _: None)
    one = service(tmp_path, **{"0901_pre_good": "create table patient.good (tenant int4)",
                               "0902_pre_bad": "create table patient.half (tenant int4); select 1/0"})  # fmt: skip

    with pytest.raises(PostgresTrouble, match=r"patient/0902_pre_bad.sql failed: division by zero"):
        await own(empty, one)
    made = await tables(empty)
    service(tmp_path, **{"0902_pre_bad": "create table patient.half (tenant int4)"})
    again = await own(empty, one)

    assert "patient.good" in made
    assert "patient.half" not in made
    assert again == 1
    assert "patient.half" in await tables(empty)


async def test_post_files_wait_until_they_are_asked_for(empty: Login, tmp_path: Path) -> None:
    await migrate(empty, SERVICES, say=lambda _: None)
    one = service(tmp_path, **{"0901_pre_new": "create table patient.new (tenant int4)", "0902_post_old": "drop table patient.new"})
    mine = [each for each in all_migrations([one]) if each.scope == "patient"]

    await run(empty, NAMES, [each for each in mine if each.phase == "pre"], say=lambda _: None)
    between = await tables(empty)
    await run(empty, NAMES, mine, say=lambda _: None)

    assert "patient.new" in between
    assert "patient.new" not in await tables(empty)


async def test_an_index_may_be_built_beside_the_running_system(empty: Login, tmp_path: Path) -> None:
    await migrate(empty, SERVICES, say=lambda _: None)
    build = "-- concurrently\ncreate index concurrently resource_author on patient.resource (tenant, author)"

    assert await own(empty, service(tmp_path, **{"0901_pre_index_author": build})) == 1
    assert await own(empty, service(tmp_path)) == 0


@pytest.mark.parametrize("name", ["1_pre_short", "0001_during_wrong_phase", "0001-pre-dashes"])
def test_a_file_that_breaks_the_naming_rule_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PostgresTrouble, match=r"must be named 0001_pre_what_it_does.sql"):
        all_migrations([service(tmp_path, **{name: "select 1"})])


def test_two_files_with_one_number_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PostgresTrouble, match="with a number of its own"):
        all_migrations([service(tmp_path, **{"0001_pre_a": "select 1", "0001_pre_b": "select 1"})])


async def test_everything_belongs_to_the_owner_who_cannot_sign_in(empty: Login) -> None:
    await migrate(empty, SERVICES, say=lambda _: None)

    async with owner(empty, NAMES) as connection:
        owners = await connection.fetch(
            "select distinct pg_get_userbyid(relowner) from pg_class c join pg_namespace n on n.oid = relnamespace"
            " where n.nspname = any($1::text[])",
            [*NAMES, "kernel", "audit"],
        )
        rights = await connection.fetchrow("select rolcanlogin, rolsuper, rolbypassrls from pg_roles where rolname = 'osler_owner'")
    assert [row[0] for row in owners] == ["osler_owner"]
    assert tuple(rights) == (False, False, False)
