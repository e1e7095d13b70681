"""A running store with all services on its bus, and someone of each tenant to ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from osler.platform.bus import Bus
from osler.platform.clock import Clock, SystemClock
from osler.platform.context import Actor, Context, Tenant
from osler.platform.store import Store
from osler.platform.testing.database import TestDatabase

PHYSICIAN = Actor("user/00000000-0000-0000-0000-000000000001", "user", frozenset({"physician"}))


@dataclass(frozen=True, slots=True)
class TestProcess:
    """What a process has: its store, its bus, and Contexts for who asks."""

    __test__ = False

    database: TestDatabase
    store: Store
    bus: Bus

    def context(self, tenant: Tenant, actor: Actor = PHYSICIAN, clock: Clock | None = None) -> Context:
        """Somebody of a tenant."""
        return Context(tenant, actor, self.store, self.bus, clock or SystemClock(), request_id="req-1")


@asynccontextmanager
async def process_on(database: TestDatabase) -> AsyncIterator[TestProcess]:
    """A process that runs all services."""
    names = [service.name for service in database.services]
    store = await Store.open(database.login.arguments(), database.services)
    try:
        yield TestProcess(database, store, Bus.of(database.services, names, None, database.secret))
    finally:
        await store.close()
