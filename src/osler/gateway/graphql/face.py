"""The GraphQL face: `POST /{tenant}/graphql`. Charts come from the version-checked cache when the query asks for nothing else."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from graphql import execute_sync
from starlette.types import Receive, Scope, Send

from osler.gateway.graphql.limits import MOST_COST
from osler.gateway.graphql.plan import Operation, Plan, Planner, Root, field_plans
from osler.gateway.graphql.refusals import QueryRefused, refused, told
from osler.gateway.graphql.schema import merged_schema
from osler.gateway.graphql.selection import resolved
from osler.platform.access import may, shape
from osler.platform.config import Settings
from osler.platform.context import Context
from osler.platform.errors import Gone, Malformed, MethodNotAllowed, NotFound, OslerError, Unauthenticated, UnsupportedMediaType
from osler.platform.manifest import Service
from osler.platform.readplan import Call, Chart, Record
from osler.platform.web import JSON, Authenticate, Edge, Request, Response

BODY_LIMIT = 256 * 1024
CHARTS_REMEMBERED = 50_000
KEPT_AT_ONCE = 16
PACKING = 4
"""gzip level of a kept chart: packed once, sent often."""
ENCODER = msgspec.json.Encoder(decimal_format="string")


class Body(msgspec.Struct):
    """What a GraphQL client sends: https://graphql.github.io/graphql-over-http/draft/#sec-Request"""

    query: str
    operationName: str | None = None  # noqa: N815 - GraphQL's spelling
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


BODY = msgspec.json.Decoder(Body)


def graphql_face(settings: Settings, authenticate: Authenticate, services: Sequence[Service]) -> GraphQLFace:
    """The face of a process, over the schema of these services."""
    return GraphQLFace(settings, authenticate, Planner(merged_schema(services), field_plans(services)))


class GraphQLFace:
    """Answers the app API."""

    def __init__(self, settings: Settings, authenticate: Authenticate, planner: Planner) -> None:
        self.edge = Edge(settings)
        self.authenticate = authenticate
        self.planner = planner
        self.kept: OrderedDict[tuple[int, str, int], None] = OrderedDict()
        self.keeping: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        await self.edge.serve(self.answer, scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """The answer to one request; refusals are GraphQL errors, too, with the status that fits."""
        try:
            _, tenant, _, *rest = request.path.split("/")
            if rest not in ([], [""]):
                raise NotFound("There is nothing at this address")
            if request.method != "POST":
                raise MethodNotAllowed("The app API is asked by POST", allow=("POST",))
            ctx = await self.authenticate(request, tenant)
            return await self.execute(ctx, request, await asked(request))
        except OslerError as refusal:
            headers = [(b"www-authenticate", b'Bearer realm="osler"')] if isinstance(refusal, Unauthenticated) else []
            return Response(refusal.status, ENCODER.encode({"errors": told(refusal)}), JSON, headers)

    async def execute(self, ctx: Context, request: Request, body: Body) -> Response:
        """Carry out one operation."""
        operation = self.planner.operation(body.query, body.operationName)
        if operation.introspects:
            return self.introspect(operation, body.variables or {})
        variables = operation.variables(self.planner.schema, body.variables or {})
        plan = self.planner.plan(operation, variables)
        if plan.chart is not None:
            return await self.chart(ctx, request, plan.chart, body, variables)
        return Response(200, ENCODER.encode(await self.carry_out(ctx, plan, variables)), JSON)

    async def carry_out(self, ctx: Context, plan: Plan, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Every root field in turn; one that is refused is null beside its error, and the others are answered."""
        check_cost(plan.roots, variables)
        data: dict[str, Any] = {}
        errors: list[dict[str, Any]] = []
        for root in plan.roots:
            try:
                data[root.key] = await self.root(ctx, root, variables, errors)
            except QueryRefused as refusal:
                errors += [{**error, "path": [root.key]} for error in refusal.errors]
                data[root.key] = None
            except OslerError as refusal:
                errors += told(refusal, [root.key])
                data[root.key] = None
        answer: dict[str, Any] = {"data": None if any(data[each.key] is None and required(each) for each in plan.roots) else data}
        if errors:
            answer["errors"] = errors
        return answer

    async def root(self, ctx: Context, root: Root, variables: Mapping[str, Any], errors: list[dict[str, Any]]) -> Any:
        """The value of one root field."""
        plan, arguments = root.plan, resolved(root.field.arguments, variables)
        if root.chart is not None:
            chart, problems, _ = await root.chart.answer(ctx, arguments["patient"], root.chart.wanted(variables), root.key)
            errors += problems
            return chart
        if isinstance(plan, Call):
            await check_role(ctx, plan.interaction, plan.type, root)
            found = await plan.workflow(ctx, **arguments)
            return found if root.pick is None or found is None else root.pick(found)
        if isinstance(plan, Record):
            await check_role(ctx, "read", plan.type, root)
            try:
                stored = await ctx.store.read(ctx, plan.type, arguments["id"])
            except (NotFound, Gone):
                return None
            return root.record(stored.content) if root.record else None
        return self.planner.schema.query_type.name if self.planner.schema.query_type else ""

    async def chart(self, ctx: Context, request: Request, root: Root, body: Body, variables: Mapping[str, Any]) -> Response:
        """One chart: unchanged since the caller's copy (304), from the cache, or live. Each of them is audited before it is answered."""
        assert root.chart is not None
        wanted = root.chart.wanted(variables)
        if root.chart.cost(wanted) > MOST_COST:
            raise too_costly()
        patient: str = resolved(root.field.arguments, variables)["patient"]
        fresh = b"no-cache" in request.headers.get(b"cache-control", b"")
        query = key_of(ctx, body)
        place = (ctx.tenant.key, patient, query)
        have = clock_of(request.headers.get(b"if-none-match"), query)
        if not fresh and (have is not None or place in self.kept) and may(ctx.actor, "read", "Patient"):
            cached = await ctx.store.charts.cached(ctx, patient, query, have)
            if cached is not None and cached.clock == have:
                return Response(304, headers=[etag(query, have)])
            if cached is not None and cached.gz is not None:
                return Response(200, cached.gz, JSON, [etag(query, cached.clock)], gzipped=True)
        chart, errors, clock = await root.chart.answer(ctx, patient, wanted, root.key)
        answer = {"data": {root.key: chart}} | ({"errors": errors} if errors else {})
        encoded = ENCODER.encode(answer)
        if not clock:
            return Response(200, encoded, JSON)
        if fresh or len(self.keeping) >= KEPT_AT_ONCE:
            return Response(200, encoded, JSON, [etag(query, clock)])
        packed = gzip.compress(encoded, PACKING, mtime=0)
        self.keep(ctx, place, clock, packed)
        return Response(200, packed, JSON, [etag(query, clock)], gzipped=True)

    def keep(self, ctx: Context, place: tuple[int, str, int], clock: int, packed: bytes) -> None:
        """Store a packed answer after it has been sent; it is served only while the patient's clock stands where it stood."""
        self.kept[place] = None
        self.kept.move_to_end(place)
        if len(self.kept) > CHARTS_REMEMBERED:
            self.kept.popitem(last=False)
        task = asyncio.get_running_loop().create_task(ctx.store.charts.keep(ctx, place[1], place[2], clock, packed))
        self.keeping.add(task)
        task.add_done_callback(self.done)

    def done(self, task: asyncio.Task[None]) -> None:
        """A copy has been kept, or could not be: the next view is answered live."""
        self.keeping.discard(task)
        if not task.cancelled():
            task.exception()

    def introspect(self, operation: Operation, variables: Mapping[str, Any]) -> Response:
        """The schema about itself, by graphql-core's own execution."""
        name = operation.node.name.value if operation.node.name else None
        result = execute_sync(self.planner.schema, operation.document, variable_values=dict(variables), operation_name=name)
        if result.errors:
            raise refused(result.errors)
        return Response(200, ENCODER.encode({"data": result.data}), JSON)


async def asked(request: Request) -> Body:
    """The request's body. Raises `UnsupportedMediaType` or `Malformed`."""
    if request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
        raise UnsupportedMediaType("Send the query as application/json")
    try:
        return BODY.decode(await request.body(BODY_LIMIT))
    except msgspec.ValidationError:
        raise Malformed("Send {query, operationName, variables} as one JSON object") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Malformed("The body is not valid JSON") from None
    except RecursionError:
        raise Malformed("The JSON is nested too deeply") from None


async def check_role(ctx: Context, interaction: str, kind: str, root: Root) -> None:
    """Refuse a root field that the actor's role does not include; audited."""
    if not may(ctx.actor, interaction, kind):
        await ctx.store.note(ctx, 403, f"GraphQL {root.field.name} refused")
        raise QueryRefused(f"Your role does not include {interaction} of {kind}", "forbidden")


def check_cost(roots: Sequence[Root], variables: Mapping[str, Any]) -> None:
    """Refuse an operation whose root fields together cost too much."""
    cost = 0
    for root in roots:
        if root.chart is not None:
            cost += root.chart.cost(root.chart.wanted(variables))
        elif isinstance(root.plan, Call):
            size = root.field.below.size if root.field.below else 1
            cost += root.plan.rows(resolved(root.field.arguments, variables)) * size
    if cost > MOST_COST:
        raise too_costly()


def too_costly() -> QueryRefused:
    """The refusal of a query over the limit of cost."""
    return QueryRefused("The query asks for too many fields of too many records; ask for fewer rows at a time", "too-costly")


def required(root: Root) -> bool:
    """Whether the schema promises this root field, so that its absence empties the whole answer."""
    return not isinstance(root.plan, Chart | Record)


def key_of(ctx: Context, body: Body) -> int:
    """The number under which an answer is kept: the query, its variables, and which types the actor may see."""
    said_so = msgspec.json.encode([body.query, body.operationName, body.variables, str(shape(ctx.actor))], order="sorted")
    return int.from_bytes(blake2b(said_so, digest_size=8).digest(), "big", signed=True)


def etag(query: int, clock: int | None) -> tuple[bytes, bytes]:
    """The validator of a chart: this query, at this tick of the patient's clock."""
    return b"etag", b'W/"%x.%x"' % (query & 0xFFFFFFFFFFFFFFFF, clock or 0)


def clock_of(header: bytes | None, query: int) -> int | None:
    """The clock of the copy the caller has, when it is a copy of this query's answer."""
    if header is None:
        return None
    begin, _, clock = header.strip().removeprefix(b"W/").strip(b'"').partition(b".")
    try:
        return int(clock, 16) if int(begin, 16) == query & 0xFFFFFFFFFFFFFFFF else None
    except ValueError:
        return None
