"""The fixtures of every test, in `tests/` and inside the services."""

from __future__ import annotations

import pytest

from osler.app.services import SERVICES
from osler.platform.manifest import Service

pytest_plugins = ["osler.platform.testing.fixtures"]


@pytest.fixture(scope="session")
def services() -> tuple[Service, ...]:
    """All eleven services: what a default installation runs."""
    return SERVICES
