"""The fixtures of every test, in `tests/` and inside the services."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import closing

import pytest
from tests.served import Served

from osler.app.asgi import create_app
from osler.app.database import NAMES, Database
from osler.app.runtime import equipped
from osler.app.services import SERVICES
from osler.app.serving import bound, http_server
from osler.platform.config import Settings
from osler.platform.manifest import Service
from osler.platform.testing.database import TestDatabase

pytest_plugins = ["osler.platform.testing.fixtures"]


Judge = Callable[[str, int, int], None]
"""Reports what an outside suite says of us: its name, how many of its cases agree, how many there are."""


@pytest.fixture
def judge(record_property: Callable[[str, object], None]) -> Judge:
    """Counts that the end of the run prints, whether the test passes or not; asserting them stays the test's own duty."""

    def report(suite: str, agree: int, cases: int) -> None:
        record_property("judge", f"{suite}: {agree:,} of {cases:,}")

    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The judges' counts, one a line."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    lines = [str(text) for report in reports for name, text in report.user_properties if name == "judge"]
    if lines:
        terminalreporter.section("Judges")
        for line in sorted(set(lines)):
            terminalreporter.write_line(line)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long sweeps run with `make test-full` only."""
    if os.environ.get("OSLER_TEST_PROFILE") == "full":
        return
    long = [item for item in items if item.get_closest_marker("full")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("full")]


@pytest.fixture(scope="session")
def services() -> tuple[Service, ...]:
    """All eleven services: what a default installation runs."""
    return SERVICES


@pytest.fixture
async def server(database: TestDatabase) -> AsyncIterator[Served]:
    """Osler as it is served, over a real socket."""
    settings = Settings(connections=4)
    with closing(bound("127.0.0.1", 0)) as listener:
        async with equipped(settings, Database(database.admin, database.login, database.secret, None), NAMES) as runtime:
            http = http_server(create_app(runtime), settings)
            running = asyncio.create_task(http.serve(sockets=[listener]))
            try:
                yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", runtime, database)
            finally:
                http.should_exit = True
                await running
