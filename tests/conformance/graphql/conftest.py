"""The app API and the sign-in doors behind a real server, over real PostgreSQL, with the demo's users in both tenants."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from osler.gateway.graphql import GraphQLFace, graphql_face
from osler.platform import fhir
from osler.platform.clock import FixedClock, SystemClock
from osler.platform.config import Settings
from osler.platform.context import Actor, Context, Tenant
from osler.platform.crypto import Passwords
from osler.platform.errors import NotFound
from osler.platform.store import Store
from osler.platform.testing.database import TestDatabase
from osler.platform.web import Edge, Request, Response
from osler.services.identity.api import Reception
from osler.services.identity.workflows.ensure_demo import PASSWORD, ensure_demo
from osler.services.identity.workflows.recognise import Recognition

SIGNED_IN = "X-Osler-Request"


async def no_bus(_ctx: Context, _command: Any) -> Any:
    raise AssertionError("reading sends no commands")


@dataclass(slots=True)
class House:
    """The server, its tenants, and the secrets of their machine clients."""

    origin: str
    store: Store
    clock: FixedClock
    alpha: Tenant
    beta: Tenant
    face: GraphQLFace
    reception: Reception
    secrets: dict[str, str]
    database: TestDatabase
    browsers: dict[tuple[str, str], httpx.AsyncClient] = field(default_factory=dict)

    def context(self, tenant: Tenant | None = None) -> Context:
        """A process of ours, which may write anything."""
        return Context(tenant or self.alpha, Actor("system/test", "system"), self.store, no_bus, self.clock)

    async def write(self, *resources: dict[str, Any] | bytes, tenant: Tenant | None = None) -> None:
        """Put resources under their own ids."""
        ctx = self.context(tenant)
        for resource in resources:
            parsed = fhir.parse(resource if isinstance(resource, bytes) else json.dumps(resource).encode())
            await self.store.update(ctx, parsed, parsed.id or "")

    async def browser(self, username: str, tenant: str = "alpha") -> httpx.AsyncClient:
        """A browser in which this user has signed in."""
        found = self.browsers.get((tenant, username))
        if found is None:
            found = self.browsers[tenant, username] = httpx.AsyncClient(
                base_url=f"{self.origin}/{tenant}", headers={SIGNED_IN: "1"}, timeout=30
            )
            answer = await found.post("/auth/sign-in", json={"username": username, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
        return found

    async def ask(self, query: str, as_: str = "physician", tenant: str = "alpha", **variables: Any) -> dict[str, Any]:
        """Carry out a query as a user and answer the whole body."""
        answer = await self.send(query, as_, tenant, variables)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(
        self, query: str, as_: str = "physician", tenant: str = "alpha", variables: dict[str, Any] | None = None, **headers: str
    ) -> httpx.Response:
        """The same, answering the response as it came."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await (await self.browser(as_, tenant)).post("/graphql", json={"query": query, "variables": variables or {}}, headers=named)

    async def audit(self, where: str, *arguments: Any) -> list[Any]:
        """Rows of tenant alpha's audit log."""
        async with self.database.connection(self.alpha) as connection:
            return await connection.fetch(
                f"select * from audit.event where tenant = {self.alpha.key} and {where} order by at, seq", *arguments
            )


@asynccontextmanager
async def house_over(database: TestDatabase, folder: Path) -> AsyncIterator[House]:
    store = await Store.open(database.login.arguments(), database.services)
    clock = FixedClock(SystemClock().now())
    tenants = {tenant.name: tenant for tenant in (database.alpha, database.beta)}

    async def named(name: str) -> Tenant:
        if name not in tenants:
            raise NotFound("There is no such tenant")
        return tenants[name]

    def context(tenant: Tenant, actor: Actor, request_id: str) -> Context:
        return Context(tenant, actor, store, no_bus, clock, request_id=request_id)

    secrets = {}
    for tenant in tenants.values():
        (folder / tenant.name).mkdir()
        async with store.connections.lend(tenant.key) as session:
            secrets[tenant.name] = await ensure_demo(session, tenant, folder / tenant.name, clock.now(), Passwords())
    settings = Settings()
    reception = Reception(named, context, Recognition(lambda: store.connections), clock)
    face = graphql_face(settings, reception.authenticate, database.services)
    edge, doors = Edge(settings), reception.doors()

    async def at_the_door(request: Request) -> Response:
        _, tenant, path = request.path.split("/", 2)
        return await doors[request.method, f"/{path}"](request, tenant)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if "/graphql" in scope["path"]:
            await face(scope, receive, send)
        else:
            await edge.serve(at_the_door, scope, receive, send)

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http="httptools", log_config=None, lifespan="off", access_log=False))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    house = House(f"http://127.0.0.1:{listener.getsockname()[1]}", store, clock, *tenants.values(), face, reception, secrets, database)
    try:
        yield house
    finally:
        for browser in house.browsers.values():
            await browser.aclose()
        server.should_exit = True
        await running
        listener.close()
        await asyncio.gather(*face.keeping)
        await store.close()


@pytest.fixture(scope="module")
async def house(module_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One server for a module's tests; its clock stands still until a test moves it."""
    async with house_over(module_database, tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture
async def fresh_house(database: TestDatabase, tmp_path: Path) -> AsyncIterator[House]:
    """A server of its own for one test."""
    async with house_over(database, tmp_path) as opened:
        yield opened


@pytest.fixture
def minute() -> timedelta:
    return timedelta(minutes=1)
