"""The fixtures of every test, in `tests/` and inside the services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
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
