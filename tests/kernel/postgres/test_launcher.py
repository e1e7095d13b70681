"""The embedded server: safe by default, shared by processes, and nothing acknowledged is ever lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.kernel.postgres.conftest import BIN, Process, answer, ask

from osler.platform.postgres import PostgresTrouble, Server, launch
from osler.platform.postgres.postmaster import read_postmaster, state_of
from osler.platform.testing.waiting import until

pytestmark = pytest.mark.database
Start = Callable[[], Server]
Hold = Callable[..., Process]


async def test_the_server_is_durable_checks_its_pages_and_listens_to_nobody_outside(start: Start) -> None:
    server = start()

    shown = {}
    for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums", "listen_addresses", "password_encryption", "jit"):
        shown[name] = await ask(server, f"show {name}")
    assert shown == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "password_encryption": "scram-sha-256",
        "jit": "off",
    }
    rules = (server.places.cluster / "pg_hba.conf").read_text().splitlines()
    assert {line.split()[-1] for line in rules if line and not line.startswith("#")} == {"scram-sha-256"}
    assert await ask(server, "select lower('ÉÄ')") == "éä"
    assert await ask(server, "select 'Z' < 'a'") is True


async def test_files_of_the_database_are_closed_to_everybody_else(start: Start, folder: Path) -> None:
    server = start()

    assert server.places.cluster.stat().st_mode & 0o077 == 0
    assert (folder / "data" / "secret").stat().st_mode & 0o177 == 0
    assert (folder / "data" / "run").stat().st_mode & 0o077 == 0


async def test_the_server_never_runs_as_root_and_owns_its_files(start: Start) -> None:
    server = start()

    found = read_postmaster(server.places.cluster)
    assert found is not None
    assert Path(f"/proc/{found.pid}").stat().st_uid != 0
    assert server.places.cluster.stat().st_uid == Path(f"/proc/{found.pid}").stat().st_uid


async def test_a_second_process_joins_and_the_last_one_to_leave_stops_the_server(start: Start, hold: Hold) -> None:
    first = hold()
    assert answer(first) == "ready False"

    second = start()
    first.communicate("")

    assert second.joined
    assert await ask(second, "select 1") == 1
    found = read_postmaster(second.places.cluster)
    assert found is not None
    second.release()
    until(lambda: state_of(found.pid, second.places.cluster) in ("gone", "zombie"), "the server to stop")
    assert read_postmaster(second.places.cluster) is None


async def test_a_server_whose_owner_was_killed_is_joined_and_stopped_by_the_next(start: Start, hold: Hold) -> None:
    owner = hold()
    assert answer(owner) == "ready False"
    owner.kill()
    owner.wait()

    heir = start()

    assert heir.joined
    assert await ask(heir, "select 1") == 1
    heir.release()
    assert read_postmaster(heir.places.cluster) is None


async def test_killing_the_owner_and_the_server_loses_nothing_that_was_acknowledged(start: Start, hold: Hold) -> None:
    owner = hold()
    assert answer(owner) == "ready False"
    beside = start()
    connection = await beside.login.connect()
    await connection.execute("create table written (n int primary key)")
    acknowledged = 0
    for number in range(500):
        await connection.execute(f"insert into written values ({number})")
        acknowledged += 1
    found = read_postmaster(beside.places.cluster)
    assert found is not None

    owner.kill()
    os.kill(found.pid, signal.SIGKILL)
    connection.terminate()
    until(lambda: state_of(found.pid, beside.places.cluster) != "alive", "the server to be dead")

    again = start()
    assert not again.joined
    assert await ask(again, "select count(*) from written") == acknowledged


async def test_a_server_that_was_killed_and_not_reaped_does_not_block_the_next_start(start: Start, hold: Hold, folder: Path) -> None:
    parent = hold()
    assert answer(parent) == "ready False"
    cluster = folder / "data" / "postgres"
    found = read_postmaster(cluster)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    until(lambda: state_of(found.pid, cluster) == "zombie", "the zombie")

    again = start()

    assert not again.joined
    assert await ask(again, "select 1") == 1


async def test_a_number_that_another_program_got_does_not_block_the_start(start: Start) -> None:
    server = start()
    cluster = server.places.cluster
    server.release()
    (cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster}\n1\n5432\n{server.places.data / 'run'}\n\n0 0\nready   \n")

    again = start()

    assert not again.joined
    assert await ask(again, "select 1") == 1


async def test_an_initdb_that_was_cut_off_is_done_again(start: Start, folder: Path) -> None:
    (folder / "data").mkdir(mode=0o711)
    half = folder / "data" / "postgres.making"
    half.mkdir()
    (half / "PG_VERSION").write_text("18")

    assert await ask(start(), "select 1") == 1


async def test_a_path_too_long_for_a_socket_gets_a_short_one(folder: Path) -> None:
    said: list[str] = []
    data = folder / ("long" * 25) / "data"
    server = launch(data, binaries=Path(BIN) if BIN else None, say=said.append)
    try:
        assert await ask(server, "select 1") == 1
        assert [line for line in said if "too long for a socket" in line]
        found = read_postmaster(server.places.cluster)
    finally:
        server.release()
    assert found is not None
    assert not Path(found.socket_folder).exists()


def test_the_cluster_of_another_version_is_refused_by_name(start: Start) -> None:
    server = start()
    server.release()
    (server.places.cluster / "PG_VERSION").write_text("12\n")

    with pytest.raises(PostgresTrouble, match=r"made by PostgreSQL 12, here is only .*OSLER_POSTGRES_BIN"):
        start()


def test_a_start_that_fails_says_why(start: Start) -> None:
    server = start()
    server.release()
    local = server.places.cluster / "local.conf"
    local.write_text("shared_buffers = 'much'\n")

    with pytest.raises(PostgresTrouble, match=r"the database did not start: .*shared_buffers"):
        start()
