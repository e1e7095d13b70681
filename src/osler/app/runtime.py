"""What a process holds while it runs: its database, its store, its tenants, its bus; and how a request's Context is made of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from osler.app.database import Database, Say, open_database
from osler.app.services import SERVICES, chosen
from osler.app.workers import Duties
from osler.platform.bus import Bus
from osler.platform.clock import Clock, SystemClock
from osler.platform.config import Settings
from osler.platform.context import Actor, Context, Tenant
from osler.platform.errors import NotFound
from osler.platform.events import CHANNEL, Waker
from osler.platform.store import Store

NAMED = "select key, name, demo from kernel.tenant where name = $1"
KEYED = "select key, name, demo from kernel.tenant where key = $1"
IS_DEMO = "select demo from kernel.tenant where key = $1"
KEYS = "select key from kernel.tenant order by key"
NO_TENANT = 0


@dataclass(slots=True)
class Tenants:
    """The tenants by the name in the URL and by key. A tenant is never renamed, so what was found once stays true."""

    store: Store
    _by_name: dict[str, Tenant] = field(default_factory=dict)
    _by_key: dict[int, Tenant] = field(default_factory=dict)

    async def named(self, name: str) -> Tenant:
        """The tenant of this name. Raises `NotFound`."""
        found = self._by_name.get(name)
        if found is None and "\0" in name:
            raise NotFound("There is no such tenant")  # PostgreSQL has no text with a NUL in it
        return found if found is not None else await self._find(NAMED, name)

    async def keyed(self, key: int) -> Tenant:
        """The tenant with this number. Raises `NotFound`."""
        found = self._by_key.get(key)
        return found if found is not None else await self._find(KEYED, key)

    async def keys(self) -> list[int]:
        """The numbers of all tenants."""
        async with self.store.connections.lend(NO_TENANT) as session:
            return [row["key"] for row in await session.fetch(KEYS)]

    async def has_demo(self) -> bool:
        """Whether there is a demo tenant to send a visitor to."""
        try:
            await self.named("demo")
        except NotFound:
            return False
        return True

    async def is_demo(self, tenant: Tenant) -> bool:
        """Whether this tenant is a demonstration with published passwords."""
        async with self.store.connections.lend(NO_TENANT) as session:
            rows = await session.fetch(IS_DEMO, tenant.key)
        return bool(rows and rows[0]["demo"])

    async def _find(self, query: str, value: str | int) -> Tenant:
        async with self.store.connections.lend(NO_TENANT) as session:
            rows = await session.fetch(query, value)
        if not rows:
            raise NotFound("There is no such tenant")
        found = Tenant(rows[0]["key"], rows[0]["name"])
        self._by_name[found.name] = self._by_key[found.key] = found
        return found


@dataclass(slots=True)
class Runtime:
    """One process's whole equipment; closed by whoever opened it."""

    settings: Settings
    running: tuple[str, ...]
    database: Database
    store: Store
    tenants: Tenants
    bus: Bus
    waker: Waker
    clock: Clock

    def context(self, tenant: Tenant, actor: Actor, request_id: str = "", purpose: str = "TREAT") -> Context:
        """The Context of one request."""
        return Context(tenant, actor, self.store, self.bus, self.clock, purpose, request_id)

    async def context_named(self, tenant: str, actor: Actor, purpose: str, request_id: str) -> Context:
        """The Context of a command that another process sends."""
        return self.context(await self.tenants.named(tenant), actor, request_id, purpose)

    async def context_keyed(self, tenant: int, actor: str, request_id: str) -> Context:
        """The Context of an event's delivery or a job: the process acts, and the log names whose change it follows."""
        return self.context(await self.tenants.keyed(tenant), Actor(actor, "system"), request_id)

    async def context_of_system(self, tenant: str, process: str) -> Context:
        """The Context of a command line such as `system/import`."""
        return self.context(await self.tenants.named(tenant), Actor(f"system/{process}", "system"))

    def duties(self) -> Duties:
        """What the workers of this process need."""
        return Duties(self.running, self.context_keyed, self.tenants.keys, self.clock, self.waker)


@asynccontextmanager
async def open_runtime(settings: Settings, say: Say = print, clock: Clock | None = None) -> AsyncIterator[Runtime]:
    """Start or join the database, bring it up to date, and equip a process for the services that the settings name."""
    running = tuple(service.name for service in chosen(settings.only))
    async with open_database(settings, running, say) as database, equipped(settings, database, running, clock) as runtime:
        yield runtime


@asynccontextmanager
async def equipped(settings: Settings, database: Database, running: Sequence[str], clock: Clock | None = None) -> AsyncIterator[Runtime]:
    """A process's equipment on a database that is up to date."""
    store = await Store.open(database.login.arguments(), SERVICES, running, settings.connections, database.secret)
    bus = Bus.of(SERVICES, running, settings.peers, database.secret)

    async def tell_others() -> None:
        async with store.connections.lend(NO_TENANT) as session:
            await session.execute(f"notify {CHANNEL}")

    waker = Waker(tell_others)
    store.when_committed(waker.wake)
    try:
        yield Runtime(settings, tuple(running), database, store, Tenants(store), bus, waker, clock or SystemClock())
    finally:
        waker.close()
        await asyncio.gather(bus.close(), store.close())
