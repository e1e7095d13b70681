"""A real server on a free port over real PostgreSQL, with one signed-in client per tenant."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn

from osler.gateway.fhir import fhir_face
from osler.platform.clock import SystemClock
from osler.platform.config import Settings
from osler.platform.context import Actor, Context, Tenant
from osler.platform.errors import NotFound, Unauthenticated
from osler.platform.store import Store
from osler.platform.testing.database import TestDatabase
from osler.platform.web import Request

BODY_LIMIT = 512 * 1024
JSON = {"content-type": "application/fhir+json"}


async def no_bus(_ctx: Context, _command: Any) -> Any:
    raise AssertionError("REST sends no commands")


def doorkeeper(store: Store, tenants: tuple[Tenant, ...]) -> Callable[[Request, str], Awaitable[Context]]:
    """Each tenant's bearer token is its name; a role may follow after a slash."""
    known = {tenant.name: tenant for tenant in tenants}

    async def authenticate(request: Request, name: str) -> Context:
        token = (request.header(b"authorization") or "").removeprefix("Bearer ")
        holder, _, role = token.partition("/")
        if holder not in known:
            raise Unauthenticated("Sign in first")
        if holder != name:
            raise NotFound("There is no such tenant for you")
        actor = Actor("client/test", "client", frozenset({role or "system"}))
        return Context(known[name], actor, store, no_bus, SystemClock(), request_id=request.id)

    return authenticate


@dataclass(slots=True)
class Client:
    """A signed-in client of one tenant. Paths are relative to the tenant's FHIR base."""

    http: httpx.AsyncClient
    base: str
    numbers: itertools.count[int]

    async def ask(self, method: str, path: str = "", body: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if content is not None and "content-type" not in named:
            named |= JSON
        url = f"{self.base}/{path}" if path else self.base
        return await self.http.request(method, url, content=content, headers=named)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.ask("GET", path, **headers)

    async def made(self, resource: dict[str, Any]) -> dict[str, Any]:
        answer = await self.ask("POST", resource["resourceType"], resource)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def versions(self) -> int:
        """How many versions the tenant has in all: what a refusal must not change."""
        page = await self.get("_history?_count=1000")
        assert page.status_code == 200, page.text
        return len(page.json().get("entry", []))

    def unique(self, word: str = "n") -> str:
        return f"{word}{next(self.numbers)}"


@dataclass(slots=True)
class Clinic:
    """The server and its clients."""

    origin: str
    port: int
    alpha: Client
    beta: Client
    anyone: httpx.AsyncClient
    store: Store
    tenants: tuple[Tenant, Tenant]

    def context(self) -> Context:
        return Context(self.tenants[0], Actor("client/test", "client", frozenset({"system"})), self.store, no_bus, SystemClock())


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[tuple[str, int]]:
    """The app behind a real uvicorn on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http="httptools", log_config=None, lifespan="off", access_log=False, proxy_headers=False))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    port = listener.getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", port
    finally:
        server.should_exit = True
        await running
        listener.close()


@asynccontextmanager
async def clinic_over(database: TestDatabase, **settings: Any) -> AsyncIterator[Clinic]:
    store = await Store.open(database.login.arguments(), database.services)
    tenants = (database.alpha, database.beta)
    chosen = Settings(body_limit=BODY_LIMIT, **settings)
    running = [service.name for service in database.services]
    face = fhir_face(chosen, doorkeeper(store, tenants), database.services, running)
    try:
        async with (
            serving(face) as (origin, port),
            httpx.AsyncClient(timeout=30) as anyone,
            httpx.AsyncClient(headers={"authorization": "Bearer alpha"}, timeout=30) as one,
            httpx.AsyncClient(headers={"authorization": "Bearer beta"}, timeout=30) as two,
        ):
            numbers = itertools.count(1)
            alpha, beta = Client(one, f"{origin}/alpha/fhir", numbers), Client(two, f"{origin}/beta/fhir", numbers)
            yield Clinic(origin, port, alpha, beta, anyone, store, tenants)
    finally:
        await store.close()


@pytest.fixture(scope="module")
async def clinic(module_database: TestDatabase) -> AsyncIterator[Clinic]:
    """One server for the tests of a module."""
    async with clinic_over(module_database) as opened:
        yield opened


@pytest.fixture
def alpha(clinic: Clinic) -> Client:
    return clinic.alpha


@pytest.fixture
def beta(clinic: Clinic) -> Client:
    return clinic.beta


@pytest.fixture
def patient() -> Callable[..., dict[str, Any]]:
    """Builds a Patient."""

    def build(family: str = "Curie", **more: Any) -> dict[str, Any]:
        return {"resourceType": "Patient", "name": [{"family": family}], "birthDate": "1867-11-07"} | more

    return build


@pytest.fixture
def refused(clinic: Clinic) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Asks for something that must be refused with an OperationOutcome, and checks that nothing was written."""

    async def ask(
        status: int, method: str, path: str = "", body: Any = None, code: str | None = None, at: str | None = None, **headers: str
    ) -> dict[str, Any]:
        before = await clinic.alpha.versions()

        answer = await clinic.alpha.ask(method, path, body, **headers)

        assert answer.status_code == status, answer.text
        outcome: dict[str, Any] = answer.json()
        assert outcome["resourceType"] == "OperationOutcome"
        if code is not None:
            assert outcome["issue"][0]["code"] == code, outcome
        if at is not None:
            assert at in outcome["issue"][0].get("expression", []), outcome
        assert await clinic.alpha.versions() == before
        return outcome

    return ask


@pytest.fixture
def open_clinic(module_database: TestDatabase) -> Callable[..., Any]:
    """Opens another server over the same database with settings of its own."""
    return lambda **settings: clinic_over(module_database, **settings)


@pytest.fixture
def serve() -> Callable[[Any], Any]:
    """Serves any ASGI app."""
    return serving
