"""A FHIR server as a process of its own, for tests that kill it: `python server_process.py PORT`, its database login as JSON on stdin."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import uvicorn

from osler.app.services import SERVICES
from osler.gateway.fhir import fhir_face
from osler.platform.clock import SystemClock
from osler.platform.config import Settings
from osler.platform.context import Actor, Context, Tenant
from osler.platform.store import Store
from osler.platform.web import Request


async def no_bus(_ctx: Context, _command: Any) -> Any:
    raise AssertionError("REST sends no commands")


async def main(port: int, given: dict[str, Any]) -> None:
    store = await Store.open(given["login"], SERVICES)
    tenant = Tenant(given["tenant"], "alpha")

    async def authenticate(request: Request, _name: str) -> Context:
        return Context(tenant, Actor("client/test", "client", frozenset({"system"})), store, no_bus, SystemClock(), request_id=request.id)

    face = fhir_face(Settings(), authenticate, SERVICES, [service.name for service in SERVICES])
    await uvicorn.Server(uvicorn.Config(face, port=port, lifespan="off", log_config=None, access_log=False)).serve()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), json.load(sys.stdin)))
