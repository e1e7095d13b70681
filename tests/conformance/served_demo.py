"""The whole application with demo patients in it, asked over HTTP by the demo's machine client, as any client of a peer would ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx

from osler.app.asgi import create_app
from osler.app.database import NAMES, Database
from osler.app.runtime import equipped
from osler.app.serving import bound, http_server
from osler.demo.clinic import Clinic
from osler.demo.special import SPECIAL
from osler.platform.config import Settings
from osler.platform.crypto import Passwords
from osler.platform.testing.database import TestDatabase
from osler.services.identity.workflows.ensure_demo import CLIENT, ensure_demo

AS_OF = date(2026, 11, 21)
AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class ServedDemo:
    """Where the FHIR base is, and what a client needs to be let in."""

    origin: str
    base: str
    token_url: str
    client_id: str
    secret: str
    http: httpx.AsyncClient


async def token(http: httpx.AsyncClient, url: str, secret: str) -> str:
    """A bearer token by client credentials."""
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": secret}
    answer = await http.post(url, data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


@asynccontextmanager
async def demo_served(database: TestDatabase, folder: Path, patients: frozenset[str]) -> AsyncIterator[ServedDemo]:
    """Serve tenant `alpha` with the clinic and these of its patients, loaded as transactions over HTTP."""
    settings = Settings(connections=4)
    with closing(bound("127.0.0.1", 0)) as listener:
        async with equipped(settings, Database(database.admin, database.login, database.secret, None), NAMES) as runtime:
            server = http_server(create_app(runtime), settings)
            running = asyncio.create_task(server.serve(sockets=[listener]))
            origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
            try:
                async with runtime.store.connections.lend(database.alpha.key) as session:
                    secret = await ensure_demo(session, database.alpha, folder, runtime.clock.now(), Passwords())
                token_url = f"{origin}/alpha/oauth/token"
                async with httpx.AsyncClient(timeout=60, headers={"accept": "application/fhir+json"}) as http:
                    http.headers["authorization"] = f"Bearer {await token(http, token_url, secret)}"
                    served = ServedDemo(origin, f"{origin}/alpha/fhir", token_url, CLIENT, secret, http)
                    await load(served, patients | {"clinic"})
                    yield served
            finally:
                server.should_exit = True
                await running


async def load(served: ServedDemo, groups: frozenset[str]) -> None:
    """Send the clinic, then its patients, as transaction Bundles."""
    clinic = Clinic(AS_OF, 1, len(SPECIAL))
    parts = iter([body for group, resources in clinic.groups(groups) for _, body, _ in clinic.split(group, resources)])

    async def send() -> None:
        for body in parts:
            answer = await served.http.post(served.base, content=body, headers={"content-type": "application/fhir+json"})
            assert answer.status_code == 200, answer.text[:2000]

    first = next(parts)
    answer = await served.http.post(served.base, content=first, headers={"content-type": "application/fhir+json"})
    assert answer.status_code == 200, answer.text[:2000]
    await asyncio.gather(*(send() for _ in range(AT_ONCE)))
