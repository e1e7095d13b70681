"""The FHIR REST face: `/{tenant}/fhir/...` as a raw ASGI app, with the read of one record as its shortest way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress

from starlette.types import Receive, Scope, Send

from osler.gateway.fhir import binary
from osler.gateway.fhir.bundle import process_bundle
from osler.gateway.fhir.call import Answer, Call, etag, http_date
from osler.gateway.fhir.capability import Capabilities
from osler.gateway.fhir.incoming import incoming
from osler.gateway.fhir.media import FORMATS, check_content_type
from osler.gateway.fhir.operations import asks_operation, bodies
from osler.gateway.fhir.patching import PATCH_FORMATS
from osler.gateway.fhir.preferences import preferences
from osler.gateway.fhir.rendering import UTF_8, check_form, refusal_in_form, rendered
from osler.gateway.fhir.routing import Interaction, interaction
from osler.platform.access import may
from osler.platform.clock import SystemClock
from osler.platform.config import Settings
from osler.platform.context import Context
from osler.platform.errors import Forbidden, Issue, NotFound, Unauthenticated
from osler.platform.fhir import TYPE_CODE, search_parameters
from osler.platform.manifest import Service
from osler.platform.store.parameters import ParametersOf
from osler.platform.web import Authenticate, Edge, Request, Response, operation_outcome, pairs

FORM = frozenset({"application/x-www-form-urlencoded"})
FORM_LIMIT = 1024 * 1024
SPECIAL = frozenset({b"if-none-match", b"if-modified-since"})
PLAIN_ACCEPTS = frozenset({b"*/*", b"application/json", b"application/fhir+json", b""})
PLAIN_TYPES = frozenset(TYPE_CODE) - {"Binary", "OperationDefinition"}
"""A Binary is answered in forms of its own, and only to those who may read what it belongs to; some definitions are not stored."""


def fhir_face(settings: Settings, authenticate: Authenticate, services: Sequence[Service], running: Collection[str]) -> FhirFace:
    """The face of a process that knows all `services` and runs those named by `running`."""
    written_here = {kind for service in services if service.name in running for kind in service.types}
    return FhirFace(settings, authenticate, Capabilities(written_here.__contains__, SystemClock().now()))


class FhirFace:
    """Answers everything below a tenant's FHIR base URL."""

    def __init__(self, settings: Settings, authenticate: Authenticate, capabilities: Capabilities) -> None:
        self.edge = Edge(settings, refusal_in_form)
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
        if len(path) == 2 and request.method == "GET" and path[0] in PLAIN_TYPES and not request.scope["query_string"]:
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
        """The CapabilityStatement, which needs no sign-in; who has signed in sees what the tenant has added, too.

        https://hl7.org/fhir/R4/http.html#capabilities
        """
        wishes, _ = preferences(request.query(), request.header(b"accept"), None)
        parameters_of: ParametersOf = search_parameters
        with suppress(Unauthenticated, Forbidden, NotFound):
            ctx = await self.authenticate(request, tenant)
            parameters_of = await ctx.store.parameters.known(ctx.tenant.key)
        body = self.capabilities.statement(self.base(request, tenant), parameters_of)
        check_form(wishes)
        return await rendered(Response(200, body, wishes.mime + UTF_8), wishes)

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
            check_form(call)
            sent = await incoming(await request.body(), check_content_type(request.header(b"content-type")))
            with sent.placed():
                return await answered(call, Answer(200, await process_bundle(ctx, sent.body, call.base, call.wishes)))
        asked = interaction(ctx, call)
        check_form(call, asked)
        if call.method in ("POST", "PUT", "PATCH") and not call.by_form:
            return await self.sent(ctx, request, call, asked)
        answer = await asked(ctx, call)
        made = await answered(call, answer)
        if made.status == 200 and binary.asks_bytes(call.method, path, request.scope["query_string"], request.header(b"accept")):
            return binary.as_bytes(answer, request.header(b"accept"), made)
        return made

    async def sent(self, ctx: Context, request: Request, call: Call, asked: Interaction) -> Response:
        """An interaction that brings a body."""
        named = request.header(b"content-type")
        if call.path[0] == "Binary" and binary.sends_bytes(call.method, call.path, named, await request.body()):
            call.body = binary.wrapped(call, named or "", request.header(binary.CONTEXT), await request.body())
            return await answered(call, await asked(ctx, call))
        media = content_type(request, call)
        sent = await incoming(await request.body(), media, call.path[-1] == "$validate")
        call.content_type, call.body, call.faults, call.lines = sent.media, sent.body, sent.faults, sent.lines
        with sent.placed():
            return await answered(call, await asked(ctx, call))

    async def call(self, request: Request, tenant: str, path: list[str]) -> Call:
        """The request as a call."""
        query = request.query()
        searching = request.method == "POST" and path[-1:] == ["_search"]
        if searching:
            check_content_type(request.header(b"content-type") or "application/x-www-form-urlencoded", FORM)
            query += pairs(await request.body(min(FORM_LIMIT, request.limit)))
        accept = request.header(b"accept")
        if path[:1] == ["Binary"] and binary.asks_bytes(request.method, path, request.scope["query_string"], accept):
            accept = None
        wishes, remaining = preferences(query, accept, request.header(b"prefer"))
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


async def answered(call: Call, answer: Answer) -> Response:
    """An answer in the form asked for."""
    made = response(call, answer)
    return made if answer.plain else await rendered(made, call.wishes)


def response(call: Call, answer: Answer) -> Response:
    """An answer as HTTP: ETag, Last-Modified, Location, and the body that `Prefer: return` asks for."""
    headers = list(answer.headers)
    if answer.stored is not None:
        headers += [(b"etag", etag(answer.stored.version)), (b"last-modified", http_date(answer.stored.updated))]
    if answer.location is not None:
        headers.append((b"location", answer.location.encode()))
    status, body = answer.status, preferred_body(call, answer)
    if status == 200 and answer.wrote and not body and call.method == "DELETE":
        status = 204
    return Response(status, body, call.wishes.mime + UTF_8, headers)


def preferred_body(call: Call, answer: Answer) -> bytes:
    """What a write answers with: the new version, nothing, or an OperationOutcome. https://hl7.org/fhir/R4/http.html#ops"""
    if not answer.wrote:
        return answer.body
    if call.wishes.returns == "minimal":
        return b""
    if call.wishes.returns == "OperationOutcome" or not answer.body:
        return operation_outcome([Issue("informational", answer.outcome, severity="information"), *answer.issues])
    return answer.body
