"""The fixtures every test may ask for. The root `conftest.py` names this plugin and gives `services`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from osler.platform.context import Context
from osler.platform.manifest import Service
from osler.platform.testing.contexts import TestProcess, process_on
from osler.platform.testing.database import TestDatabase, TestServer, open_folder, running_server, with_template


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark by which the database tests are run again on the oldest PostgreSQL we promise."""
    config.addinivalue_line("markers", "database: needs PostgreSQL; runs on both the embedded one and our floor")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test that reaches a database carries the mark `database`."""
    for item in items:
        if "postgres_server" in getattr(item, "fixturenames", ()):
            item.add_marker("database")


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Tests run on the loop that serves: asyncio on uvloop."""
    return ("asyncio", {"use_uvloop": True})


@pytest.fixture(scope="session")
def postgres_server(services: tuple[Service, ...]) -> Iterator[TestServer]:
    """One PostgreSQL for the whole session, with a migrated template database."""
    with open_folder() as folder, running_server(folder) as server:
        yield asyncio.run(with_template(server, services, folder / "data"))


@pytest.fixture
async def database(postgres_server: TestServer) -> AsyncIterator[TestDatabase]:
    """A fresh migrated database with the tenants `alpha` and `beta`."""
    async with postgres_server.database() as fresh:
        yield fresh


@pytest.fixture(scope="module")
async def module_database(postgres_server: TestServer) -> AsyncIterator[TestDatabase]:
    """The same for a whole module of tests that do not disturb each other."""
    async with postgres_server.database() as fresh:
        yield fresh


@pytest.fixture
async def process(database: TestDatabase) -> AsyncIterator[TestProcess]:
    """All services in one process, on a fresh database."""
    async with process_on(database) as running:
        yield running


@pytest.fixture
async def alpha(process: TestProcess) -> Context:
    """A physician of the tenant `alpha`."""
    return process.context(process.database.alpha)


@pytest.fixture
async def beta(process: TestProcess) -> Context:
    """A physician of the tenant `beta`."""
    return process.context(process.database.beta)
