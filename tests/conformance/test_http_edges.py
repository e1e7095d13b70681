"""HTTP at its edges: odd URLs, tricks with headers, callers who hang up, CORS, and what is said when we ourselves break."""

from __future__ import annotations

import asyncio
import json

import pytest
import structlog.testing

from osler.platform.config import Settings
from osler.platform.web import FHIR_JSON, Edge, Response


async def raw(port, request):
    """Send bytes as they are and read the answer until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head, body


def get(path, *headers, method="GET"):
    lines = [f"{method} {path} HTTP/1.1", "Authorization: Bearer alpha", "Connection: close", *headers]
    if not any(line.lower().startswith("host:") for line in headers):
        lines.insert(1, "Host: localhost")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@pytest.mark.parametrize(
    "query",
    ["family=%zz", "family=%", "family=%e", "family=%ff", "family=%C3", "%ff=x", "family=%00", "family=a%2", "_format=%zz"],
)
async def test_broken_escapes_in_a_query_are_400(clinic, query):
    status, _, body = await raw(clinic.port, get(f"/alpha/fhir/Patient?{query}"))

    assert status == 400
    assert json.loads(body)["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    "path", ["Patient/%zz", "Patient/%ff", "Patient/a%2fb", "Patient/..%2f1", "Patient/%00", "Pat%69ent/%2e%2e", "%zz"]
)
async def test_odd_escapes_in_a_path_find_nothing(clinic, path):
    status, _, body = await raw(clinic.port, get(f"/alpha/fhir/{path}"))

    assert status == 404
    assert json.loads(body)["resourceType"] == "OperationOutcome"


async def test_an_escaped_path_is_the_path(clinic, patient):
    made = await clinic.alpha.made(patient())

    status, _, _ = await raw(clinic.port, get(f"/alpha/fhir/Pat%69ent/{made['id']}"))

    assert status == 200


async def test_a_huge_query_string_is_414_and_the_server_lives(clinic):
    status, _, body = await raw(clinic.port, get("/alpha/fhir/Patient?family=" + "x" * 40_000))

    assert status == 414
    assert json.loads(body)["issue"][0]["code"] == "too-long"
    assert (await clinic.alpha.get("Patient?family=x")).status_code == 200


async def test_very_many_parameters_are_answered_or_refused_not_dropped(clinic):
    status, _, _ = await raw(clinic.port, get("/alpha/fhir/Patient?" + "&".join(["family=x"] * 2_000)))

    assert status in (200, 400)


@pytest.mark.parametrize("header", ["X-Forwarded-Host: evil.example", "Forwarded: host=evil.example", "X-Forwarded-Proto: https",
                                    "X-Original-URL: /beta/fhir/Patient", "X-HTTP-Method-Override: DELETE"])  # fmt: skip
async def test_headers_of_a_proxy_we_do_not_trust_change_nothing(clinic, header):
    status, _, body = await raw(clinic.port, get("/alpha/fhir/Patient?family=nobody", "Host: here.example:9", header))

    assert status == 200
    assert json.loads(body)["link"][0]["url"] == "http://here.example:9/alpha/fhir/Patient?family=nobody"


@pytest.mark.parametrize("host", ['evil.example"/><x', "evil.example/path", "a b", "evil.example\\", "", "x@evil.example"])
async def test_a_host_that_is_no_host_never_reaches_a_link(clinic, host):
    status, _, body = await raw(clinic.port, get("/alpha/fhir/Patient?family=nobody", f"Host: {host}"))

    assert status in (200, 400)
    assert b"evil" not in body


async def test_links_and_locations_are_of_the_public_address_when_one_is_set(module_database, patient, open_clinic):
    async with open_clinic(public_url="https://fhir.example/base/") as clinic:
        answer = await clinic.alpha.ask("POST", "Patient", patient())

        assert answer.headers["location"].startswith("https://fhir.example/base/alpha/fhir/Patient/")
        assert answer.headers["strict-transport-security"]
        assert (await clinic.alpha.get("Patient?_count=1")).json()["link"][0]["url"].startswith("https://fhir.example/base/alpha/fhir/")


async def test_a_trusted_proxy_says_how_we_are_reached(open_clinic):
    async with open_clinic(trust_forwarded=True) as clinic:
        headers = {"x_forwarded_host": "fhir.example", "x_forwarded_proto": "https"}
        answer = await clinic.alpha.get("Patient?_count=1", **headers)

        assert answer.json()["link"][0]["url"].startswith("https://fhir.example/alpha/fhir/Patient")


async def test_only_the_pages_named_in_the_settings_may_read_answers(open_clinic, clinic):
    async with open_clinic(cors_origins=("https://app.example",)) as opened:
        allowed = await opened.alpha.get("Patient?_count=1", origin="https://app.example")
        other = await opened.alpha.get("Patient?_count=1", origin="https://evil.example")
        asked = {"origin": "https://app.example", "access-control-request-method": "PUT", "access-control-request-headers": "if-match"}
        preflight = await opened.anyone.options(f"{opened.alpha.base}/Patient/1", headers=asked)
    unset = await clinic.alpha.get("Patient?_count=1", origin="https://app.example")

    assert allowed.headers["access-control-allow-origin"] == "https://app.example"
    assert "ETag" in allowed.headers["access-control-expose-headers"]
    assert "Origin" in allowed.headers.get_list("vary")
    assert preflight.status_code == 204
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    assert "If-Match" in preflight.headers["access-control-allow-headers"]
    for answer in (other, unset):
        assert "access-control-allow-origin" not in answer.headers
    for answer in (allowed, preflight):
        assert "access-control-allow-credentials" not in answer.headers


async def test_answers_forbid_caching_sniffing_and_framing(alpha):
    headers = (await alpha.get("Patient?_count=1")).headers

    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_an_announced_body_over_the_limit_is_refused_before_it_is_sent(clinic):
    request = get(
        "/alpha/fhir/Patient", "Content-Type: application/fhir+json", "Content-Length: 900000000", "Expect: 100-continue", method="POST"
    )

    status, head, _ = await raw(clinic.port, request)

    assert status == 413
    assert b"100 Continue" not in head


async def test_a_body_in_chunks_is_read_and_limited(clinic, patient):
    before = await clinic.alpha.versions()
    body = json.dumps(patient()).encode()
    headers = {"content-type": "application/fhir+json"}

    async def chunks():
        yield body[:9]
        yield body[9:]

    async def endless():
        for _ in range(40):
            yield b" " * 65536

    read = await clinic.alpha.http.post(f"{clinic.alpha.base}/Patient", content=chunks(), headers=headers)
    refused = await clinic.alpha.http.post(f"{clinic.alpha.base}/Patient", content=endless(), headers=headers)

    assert read.status_code == 201
    assert refused.status_code == 413
    assert await clinic.alpha.versions() == before + 1


async def test_a_caller_who_hangs_up_in_the_middle_of_a_body_writes_nothing(clinic):
    before = await clinic.alpha.versions()
    _, writer = await asyncio.open_connection("127.0.0.1", clinic.port)
    writer.write(get("/alpha/fhir/Patient", "Content-Type: application/fhir+json", "Content-Length: 900", method="POST") + b'{"resource')
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    assert await clinic.alpha.versions() == before
    assert (await clinic.alpha.get("Patient?_count=1")).status_code == 200


async def test_a_fault_of_ours_is_500_with_the_request_id_and_nothing_else(serve):
    secret = "Marie Curie 1867-11-07"

    async def breaks(_request):
        raise KeyError(secret)

    edge = Edge(Settings())

    async def app(scope, receive, send):
        await edge.serve(breaks, scope, receive, send)

    with structlog.testing.capture_logs() as logged:
        async with serve(app) as (_, port):
            status, head, body = await raw(port, get("/x", "X-Request-Id: request-1234"))

    assert status == 500
    assert json.loads(body)["issue"] == [
        {"severity": "error", "code": "exception", "diagnostics": "Something went wrong on our side; request id request-1234"}
    ]
    assert b"x-request-id: request-1234" in head
    (line,) = logged
    assert (line["event"], line["request_id"], type(line["exc_info"])) == ("unexpected error", "request-1234", KeyError)
    assert secret not in body.decode() + repr({key: value for key, value in line.items() if key != "exc_info"})


async def test_a_body_that_is_gzip_already_is_unpacked_for_whoever_cannot_read_it(serve):
    import gzip

    packed = gzip.compress(b'{"a":1}')

    async def cached(_request):
        return Response(200, packed, FHIR_JSON, gzipped=True)

    edge = Edge(Settings())

    async def app(scope, receive, send):
        await edge.serve(cached, scope, receive, send)

    async with serve(app) as (_, port):
        _, plain_head, plain = await raw(port, get("/x"))
        _, packed_head, sent = await raw(port, get("/x", "Accept-Encoding: gzip"))

    assert plain == b'{"a":1}'
    assert b"content-encoding" not in plain_head
    assert sent == packed
    assert b"content-encoding: gzip" in packed_head
