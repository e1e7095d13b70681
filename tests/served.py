"""The whole application over a real socket, as the fixture `server` gives it."""

from __future__ import annotations

from dataclasses import dataclass

from osler.app.runtime import Runtime
from osler.platform.testing.database import TestDatabase


@dataclass(frozen=True, slots=True)
class Served:
    """The whole application at `origin`, on the test's own database with the tenants `alpha` and `beta`."""

    origin: str
    runtime: Runtime
    database: TestDatabase
