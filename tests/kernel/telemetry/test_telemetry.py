"""Metrics and traces say how the server does and never of whom; tracing that is off runs no code."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from osler.platform import telemetry


async def answers_404(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def ends(scope: Any, _receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await answers_404(scope, _receive, send)


async def request(app: telemetry.Asgi, method: str, path: str, headers: list[tuple[bytes, bytes]] | None = None) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    await app({"type": "http", "method": method, "path": path, "headers": headers or []}, receive, send)
    return sent


async def test_requests_are_counted_by_face_method_and_status_without_tenant_or_id() -> None:
    app = telemetry.measured(answers_404)
    before = telemetry.exposition().decode()

    await request(app, "GET", "/clinic-of-jane/fhir/Patient/p-4711")
    await request(app, "BREW", "/x/unknown/y")

    text = telemetry.exposition().decode()
    assert before.count("jane") == text.count("jane") == text.count("4711") == text.count("BREW") == 0
    assert 'osler_requests_total{face="fhir",method="GET",status="404"}' in text
    assert 'osler_requests_total{face="other",method="other",status="404"}' in text


def test_without_a_collector_the_app_is_not_wrapped() -> None:
    assert telemetry.traced(answers_404, None) is answers_404


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    bodies: list[bytes] = []

    class Collect(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Collect)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", bodies
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_configured_collector_gets_one_span_a_request_that_names_no_record(collector: tuple[str, list[bytes]]) -> None:
    endpoint, bodies = collector
    app = telemetry.traced(ends, endpoint)
    parent = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    await request(app, "GET", "/demo/fhir/Patient/p-4711", [(b"traceparent", parent)])

    async def nothing(*_: Any) -> Any:
        return None

    await app({"type": "lifespan"}, nothing, nothing)

    sent = b"".join(bodies)
    assert b"GET /{tenant}/fhir/Patient" in sent
    assert bytes.fromhex("0af7651916cd43dd8448eb211c80319c") in sent
    assert b"4711" not in sent
