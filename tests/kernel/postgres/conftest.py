"""Data folders and other processes for the tests of the launcher."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from osler.platform.postgres import Server, launch
from osler.platform.postgres.postmaster import read_postmaster, state_of
from osler.platform.testing.database import open_folder

HOLDER = Path(__file__).with_name("holder.py")
BIN = os.environ.get("OSLER_TEST_POSTGRES_BIN", "")

collect_ignore = [] if os.geteuid() == 0 else ["test_as_root.py"]

Process = subprocess.Popen[str]


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as place:
        yield place


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[[], Server]]:
    """Starts (or joins) the server of `folder/data` in this process."""
    with ExitStack() as held:

        def run() -> Server:
            server = launch(folder / "data", binaries=Path(BIN) if BIN else None, say=lambda _: None)
            held.callback(stopped, server)
            return server

        yield run


def stopped(server: Server) -> None:
    """Release it if the test has not, and make sure that nothing is left running."""
    found = read_postmaster(server.places.cluster)
    if found is not None and state_of(found.pid, server.places.cluster) == "alive":
        server.release()


@pytest.fixture
def hold(folder: Path) -> Iterator[Callable[..., Process]]:
    """Starts another process that holds the server of `folder/data`, and waits for its answer."""
    running: list[Process] = []

    def run(*account: int, binaries: str = BIN, data: Path | None = None) -> Process:
        command = [sys.executable, str(HOLDER), str(data or folder / "data"), binaries, *map(str, account)]
        running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield run
    for process in running:
        with process:
            if process.poll() is None:
                process.kill()


def answer(process: Process) -> str:
    """What the other process says when it is ready or gives up."""
    assert process.stdout is not None
    for line in process.stdout:
        if not line.startswith("said"):
            return line.strip()
    return ""


async def ask(server: Server, query: str) -> object:
    connection = await server.login.connect()
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()
