"""The ASGI application of a process: one look at the path, then the face that answers there."""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg
import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from osler.app.runtime import NO_TENANT, Runtime
from osler.app.services import SERVICES
from osler.app.spa import WebApp
from osler.gateway.fhir import fhir_face
from osler.gateway.graphql import graphql_face
from osler.platform.bus import HEADER, PATH, CommandDoor
from osler.platform.errors import Busy, MethodNotAllowed, NotFound
from osler.platform.manifest import Route
from osler.platform.telemetry import MEDIA_TYPE, exposition, measured, traced
from osler.platform.web import JSON, Edge, Handler, Request, Response
from osler.services.identity.api import Door, Reception
from osler.services.identity.workflows.recognise import Recognition

COMMAND_LIMIT = 4 * 1024 * 1024
"""Bytes of a command: whoever is not one of us makes us hold no more before the seal is checked."""


class Front:
    """Everything that is not FHIR or GraphQL: sign-in, the web app, health, metrics, and commands from other processes."""

    def __init__(self, runtime: Runtime, reception: Reception) -> None:
        self.runtime = runtime
        self.reception = reception
        own = {(route.method, route.path): self.signed_in(route) for one in SERVICES if one.name in runtime.running for route in one.routes}
        self.doors: Mapping[tuple[str, str], Door] = {**reception.doors(), ("GET", "/auth/tenant"): self.tenant, **own}
        self.app = WebApp()
        self.commands = CommandDoor(runtime.bus, runtime.clock, runtime.context_named)
        self.fixed: Mapping[str, Handler] = {
            "/": self.home,
            "/health/live": self.live,
            "/health/ready": self.ready,
            "/metrics": self.metrics,
        }

    async def answer(self, request: Request) -> Response:
        """Answer one request; refusals are raised."""
        fixed = self.fixed.get(request.path)
        if fixed is not None:
            return await fixed(request)
        if request.path.startswith(PATH + "/"):
            return await self.command(request)
        tenant, _, rest = request.path[1:].partition("/")
        face = rest.partition("/")[0]
        if face == "app":
            return await self.web_app(request, tenant, rest)
        door = self.doors.get((request.method, f"/{rest}"))
        if door is None:
            allow = tuple(method for method, path in self.doors if path == f"/{rest}")
            if allow:
                raise MethodNotAllowed("Not by this method", allow=allow)
            raise NotFound("There is nothing at this address")
        return await door(request, tenant)

    def signed_in(self, route: Route) -> Door:
        """A service's own route as a door that only somebody who has signed in may use."""

        async def door(request: Request, tenant: str) -> Response:
            return await route.answer(await self.reception.authenticate(request, tenant), request)

        return door

    async def home(self, request: Request) -> Response:
        """A visitor of a demo goes to its app; elsewhere one has to know the tenant's name."""
        if not await self.runtime.tenants.has_demo():
            raise NotFound("The app of a tenant is at /{tenant}/app/")
        return Response(307, headers=[(b"location", b"/demo/app/")])

    async def web_app(self, request: Request, tenant: str, rest: str) -> Response:
        """The web app, for a tenant that exists."""
        await self.runtime.tenants.named(tenant)
        if rest == "app":
            return Response(308, headers=[(b"location", f"/{tenant}/app/".encode())])
        return await self.app.answer(request)

    async def tenant(self, request: Request, name: str) -> Response:
        """GET /{tenant}/auth/tenant: what may be said at the door, before anybody has signed in."""
        tenant = await self.runtime.tenants.named(name)
        return Response(200, orjson.dumps({"name": tenant.name, "demo": await self.runtime.tenants.is_demo(tenant)}), JSON)

    async def live(self, request: Request) -> Response:
        """The process answers."""
        return Response(200, orjson.dumps({"status": "live", "service": "osler"}), JSON)

    async def ready(self, request: Request) -> Response:
        """The process can do its work: the database answers. Raises `Busy` when it does not."""
        try:
            async with self.runtime.store.connections.lend(NO_TENANT) as session:
                await session.fetch("select 1")
        except (OSError, asyncpg.PostgresError) as failure:
            raise Busy("The database does not answer") from failure
        return Response(200, orjson.dumps({"status": "ready", "services": self.runtime.running}), JSON)

    async def metrics(self, request: Request) -> Response:
        """Counts and times for Prometheus."""
        return Response(200, exposition(), MEDIA_TYPE.encode())

    async def command(self, request: Request) -> Response:
        """A command that another process of this deployment sends to a service we run."""
        seal = request.header(HEADER.encode()) or ""
        status, body = await self.commands.receive(request.path.removeprefix(PATH + "/"), seal, await request.body(COMMAND_LIMIT))
        return Response(status, body, JSON)


def create_app(runtime: Runtime) -> ASGIApp:
    """The application on a process's equipment, counted, and traced when a collector is named."""
    recognition = Recognition(lambda: runtime.store.connections)
    always_https = (runtime.settings.public_url or "").startswith("https:")
    reception = Reception(runtime.tenants.named, runtime.context, recognition, runtime.clock, always_https)
    fhir = fhir_face(runtime.settings, reception.authenticate, SERVICES, runtime.running)
    graphql = graphql_face(runtime.settings, reception.authenticate, SERVICES)
    front = Front(runtime, reception)
    edge = Edge(runtime.settings)

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await silent(scope, receive, send)
            return
        parts = scope["path"].split("/", 3)
        face = parts[2] if len(parts) > 2 else ""
        if face == "fhir":
            await fhir(scope, receive, send)
        elif face == "graphql":
            await graphql(scope, receive, send)
        else:
            await edge.serve(front.answer, scope, receive, send)

    return traced(measured(dispatch), runtime.settings.otlp_endpoint)


async def silent(scope: Scope, receive: Receive, send: Send) -> None:
    """Start-up and shutdown are done by whoever opened the runtime; web sockets are not spoken here."""
    if scope["type"] != "lifespan":
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
