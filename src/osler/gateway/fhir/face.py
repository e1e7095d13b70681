"""The FHIR REST face: `/{tenant}/fhir/...` as a raw ASGI app, with the read of one record as its shortest way."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from starlette.types import Receive, Scope, Send

from osler.gateway.fhir.bundle import process_bundle
from osler.gateway.fhir.call import Answer, Call, etag, http_date
from osler.gateway.fhir.capability import Capabilities
from osler.gateway.fhir.operations import asks_operation, bodies
from osler.gateway.fhir.patching import PATCH_FORMATS
from osler.gateway.fhir.preferences import FORMATS, check_content_type, preferences
from osler.gateway.fhir.routing import interaction
from osler.gateway.fhir.tree import indented
from osler.platform.access import may
from osler.platform.clock import SystemClock
from osler.platform.config import Settings
from osler.platform.context import Context
from osler.platform.errors import Forbidden, Issue
from osler.platform.fhir import TYPE_CODE
from osler.platform.manifest import Service
from osler.platform.web import Authenticate, Edge, Request, Response, operation_outcome, pairs

FORM = frozenset({"application/x-www-form-urlencoded"})
FORM_LIMIT = 1024 * 1024
SPECIAL = frozenset({b"if-none-match", b"if-modified-since"})
PLAIN_ACCEPTS = frozenset({b"*/*", b"application/json", b"application/fhir+json", b""})


def fhir_face(settings: Settings, authenticate: Authenticate, services: Sequence[Service], running: Collection[str]) -> FhirFace:
    """The face of a process that knows all `services` and runs those named by `running`."""
    written_here = {kind for service in services if service.name in running for kind in service.types}
    return FhirFace(settings, authenticate, Capabilities(written_here.__contains__, SystemClock().now()))


class FhirFace:
    """Answers everything below a tenant's FHIR base URL."""

    def __init__(self, settings: Settings, authenticate: Authenticate, capabilities: Capabilities) -> None:
        self.edge = Edge(settings)
        self.authenticate = authenticate
        self.capabilities = capabilities
        self.public_url = settings.public_url
        self.forwarded = settings.trust_forwarded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        await self.edge.serve(self.answer, scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """The answer to one request; refusals are raised."""
        _, tenant, _, *path = request.path.split("/")
        if len(path) == 2 and request.method == "GET" and path[0] in TYPE_CODE and not request.scope["query_string"]:
            headers = request.headers
            if headers.get(b"accept", b"") in PLAIN_ACCEPTS and SPECIAL.isdisjoint(headers) and path[1][:1] not in ("_", "$", ""):
                return await self.read(request, tenant, path[0], path[1])
        if path and not path[-1]:
            path.pop()
        if path == ["metadata"] and request.method in ("GET", "HEAD"):
            return await self.metadata(request, tenant)
        return await self.interact(request, tenant, path)

    async def read(self, request: Request, tenant: str, kind: str, name: str) -> Response:
        """A plain read, which is most of what an EHR is asked: no parameters, no preconditions, stored bytes out."""
        ctx = await self.authenticate(request, tenant)
        if not may(ctx.actor, "read", kind) or not ctx.store.serves(kind):
            return await self.interact(request, tenant, [kind, name])
        stored = await ctx.store.read(ctx, kind, name)
        return Response(200, stored.content, headers=[(b"etag", etag(stored.version)), (b"last-modified", http_date(stored.updated))])

    async def metadata(self, request: Request, tenant: str) -> Response:
        """The CapabilityStatement, which needs no sign-in. https://hl7.org/fhir/R4/http.html#capabilities"""
        wishes, _ = preferences(request.query(), request.header(b"accept"), None)
        body = self.capabilities.statement(self.base(request, tenant))
        return Response(200, indented(body) if wishes.pretty else body)

    async def interact(self, request: Request, tenant: str, path: list[str]) -> Response:
        """Any interaction: who asks, what is asked, do it, and put the answer in the form asked for."""
        ctx = await self.authenticate(request, tenant)
        try:
            return await self.admitted(ctx, request, tenant, path)
        except Forbidden:
            # Nothing reached the store, so nothing has recorded that somebody tried.
            kind = path[0] if path and path[0] in TYPE_CODE else "the system"
            await ctx.store.note(ctx, 403, f"{request.method} of {kind} refused")
            raise

    async def admitted(self, ctx: Context, request: Request, tenant: str, path: list[str]) -> Response:
        """The interaction of somebody we know."""
        call = await self.call(request, tenant, path)
        if not path and call.method == "POST":
            check_content_type(request.header(b"content-type"))
            return response(call, Answer(200, await process_bundle(ctx, await request.body(), call.base, call.wishes)))
        asked = interaction(ctx, call)
        if call.method in ("POST", "PUT", "PATCH") and not call.by_form:
            call.content_type = content_type(request, call)
            call.body = await request.body()
        return response(call, await asked(ctx, call))

    async def call(self, request: Request, tenant: str, path: list[str]) -> Call:
        """The request as a call."""
        query = request.query()
        searching = request.method == "POST" and path[-1:] == ["_search"]
        if searching:
            check_content_type(request.header(b"content-type") or "application/x-www-form-urlencoded", FORM)
            query += pairs(await request.body(min(FORM_LIMIT, request.limit)))
        wishes, remaining = preferences(query, request.header(b"accept"), request.header(b"prefer"))
        return Call(
            request.method,
            path,
            remaining,
            self.base(request, tenant),
            request.header(b"if-match"),
            request.header(b"if-none-match"),
            request.header(b"if-none-exist"),
            request.header(b"if-modified-since"),
            wishes,
            by_form=searching,
        )

    def base(self, request: Request, tenant: str) -> str:
        """The FHIR base URL as the caller knows it."""
        return f"{request.origin(self.public_url, self.forwarded)}/{tenant}/fhir"


def content_type(request: Request, call: Call) -> str:
    """The media type of the body; an operation may be called with no body at all. Raises `UnsupportedMediaType`."""
    sent = request.header(b"content-type")
    if sent is None and asks_operation(call.path):
        return call.content_type
    return check_content_type(sent, PATCH_FORMATS if call.method == "PATCH" else FORMATS | bodies(call.path))


def response(call: Call, answer: Answer) -> Response:
    """An answer as HTTP: ETag, Last-Modified, Location, and the body that `Prefer: return` and `_pretty` ask for."""
    headers = list(answer.headers)
    if answer.stored is not None:
        headers += [(b"etag", etag(answer.stored.version)), (b"last-modified", http_date(answer.stored.updated))]
    if answer.location is not None:
        headers.append((b"location", answer.location.encode()))
    status, body = answer.status, preferred_body(call, answer)
    if status == 200 and answer.wrote and not body and call.method == "DELETE":
        status = 204
    return Response(status, indented(body) if call.wishes.pretty and body else body, call.wishes.mime + b"; charset=utf-8", headers)


def preferred_body(call: Call, answer: Answer) -> bytes:
    """What a write answers with: the new version, nothing, or an OperationOutcome. https://hl7.org/fhir/R4/http.html#ops"""
    if not answer.wrote:
        return answer.body
    if call.wishes.returns == "minimal":
        return b""
    if call.wishes.returns == "OperationOutcome" or not answer.body:
        return operation_outcome([Issue("informational", answer.outcome, severity="information")])
    return answer.body
