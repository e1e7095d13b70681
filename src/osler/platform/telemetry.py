"""Metrics for Prometheus, and OpenTelemetry traces when a collector is configured; without one no tracing code runs."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

REGISTRY = CollectorRegistry()
OUTBOX_DELIVERED = Counter("osler_events_delivered", "Events handed to a handler", ("handler",), registry=REGISTRY)
OUTBOX_FAILED = Counter("osler_events_failed", "Deliveries that failed and will be tried again", ("handler",), registry=REGISTRY)
DEAD_LETTERS = Counter("osler_dead_letters", "Events given up on, waiting for `osler events retry`", registry=REGISTRY)

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FACES = frozenset(("fhir", "graphql", "app", "auth", "oauth"))


BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Requests(Collector):
    """Counts and times of requests, kept as plain numbers: one event loop counts, and a request has no time for locks."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int], int] = {}
        self._times: dict[str, list[int]] = {face: [0] * (len(BOUNDS) + 1) for face in (*FACES, "other")}
        self._seconds: dict[str, float] = dict.fromkeys(self._times, 0.0)

    def note(self, face: str, method: str, status: int, seconds: float) -> None:
        """One request has been answered."""
        kind = (face, method, status)
        self._counts[kind] = self._counts.get(kind, 0) + 1
        self._times[face][bisect_left(BOUNDS, seconds)] += 1
        self._seconds[face] += seconds

    def collect(self) -> Iterable[Metric]:
        """What Prometheus asks for."""
        counted = CounterMetricFamily("osler_requests", "Requests answered", labels=("face", "method", "status"))
        for (face, method, status), count in self._counts.items():
            counted.add_metric((face, method, str(status)), count)
        timed = HistogramMetricFamily("osler_request_seconds", "Time from request to answer", labels=("face",))
        bounds = [*map(str, map(float, BOUNDS)), "+Inf"]
        for face, times in self._times.items():
            timed.add_metric((face,), list(zip(bounds, accumulate(times), strict=True)), self._seconds[face])
        return (counted, timed)


REQUESTS = Requests()
REGISTRY.register(REQUESTS)


def exposition() -> bytes:
    """The text that `/metrics` answers with: counts and times, never a tenant's or a patient's id."""
    return generate_latest(REGISTRY)


def measured(app: Asgi) -> Asgi:
    """Count and time every HTTP request by face (`fhir`, `graphql`, …), method and status."""

    async def measure(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        parts = scope["path"].split("/", 3)
        face = parts[2] if len(parts) > 2 and parts[2] in FACES else "other"
        status = 500

        async def watch(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        begun = time.perf_counter()
        try:
            await app(scope, receive, watch)
        finally:
            method = scope["method"] if scope["method"] in METHODS else "other"
            REQUESTS.note(face, method, status, time.perf_counter() - begun)

    return measure


METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def traced(app: Asgi, endpoint: str | None) -> Asgi:
    """Wrap the app in a span per request, sent to the collector at `endpoint`; without an endpoint the app itself comes back."""
    if endpoint is None:
        return app
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    provider = TracerProvider(resource=Resource.create({"service.name": "osler"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")))
    tracer = provider.get_tracer("osler")
    propagator = TraceContextTextMapPropagator()

    async def trace_request(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            try:
                await app(scope, receive, send)
            finally:
                provider.shutdown()
            return
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        parent = propagator.extract({key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]})
        # The route without ids: a resource id in a span name would be PHI and would defeat grouping.
        parts = scope["path"].split("/", 4)
        route = "/".join(["", "{tenant}", *parts[2:4]]) if len(parts) > 2 else scope["path"]
        with tracer.start_as_current_span(f"{scope['method']} {route}", context=parent, kind=trace.SpanKind.SERVER) as span:

            async def watch(message: MutableMapping[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                await send(message)

            await app(scope, receive, watch)

    return trace_request
