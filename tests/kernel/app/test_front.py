"""What answers beside FHIR and GraphQL: health, metrics, the way into the app, and its files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.served import Served

from osler.app.spa import WebApp
from osler.platform.config import Settings
from osler.platform.store.tenants import create_tenant
from osler.platform.web import Edge


@pytest.fixture
async def http(server: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.origin) as client:
        yield client


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The web app's files from a folder that looks like a build."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<head><script src="./assets/main-1a2b.js"></script></head>')
    (tmp_path / "assets" / "main-1a2b.js").write_text("x" * 5000)
    (tmp_path.parent / "outside.txt").write_text("secret")
    edge, web = Edge(Settings()), WebApp(tmp_path)

    async def serve(scope: object, receive: object, send: object) -> None:
        await edge.serve(web.answer, scope, receive, send)  # type: ignore[arg-type]

    async with httpx.AsyncClient(transport=httpx.ASGITransport(serve), base_url="http://osler") as client:
        yield client


async def test_health_says_live_and_ready_and_which_services_run(http: httpx.AsyncClient) -> None:
    live, ready = await http.get("/health/live"), await http.get("/health/ready")

    assert live.json() == {"status": "live", "service": "osler"}
    assert ready.json()["status"] == "ready"
    assert len(ready.json()["services"]) == 11


async def test_metrics_count_requests_and_name_no_tenant(http: httpx.AsyncClient) -> None:
    await http.get("/alpha/fhir/Patient/1")

    metrics = await http.get("/metrics")

    assert 'osler_requests_total{face="fhir",method="GET",status="401"}' in metrics.text
    assert "alpha" not in metrics.text


async def test_a_visitor_is_sent_to_the_demo_only_where_there_is_one(server: Served, http: httpx.AsyncClient) -> None:
    before = await http.get("/")
    async with server.database.owner() as owner:
        await create_tenant(owner, "demo", demo=True)
    after = await http.get("/")

    assert before.status_code == 404
    assert (after.status_code, after.headers["location"]) == (307, "/demo/app/")


@pytest.mark.parametrize("path", ["/nowhere", "/alpha", "/alpha/nothing", "/gamma/app/", "/gamma/auth/me", "/internal/commands"])
async def test_an_address_without_anything_is_an_operation_outcome(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)

    assert answer.status_code == 404
    assert answer.json()["issue"][0]["code"] == "not-found"
    assert answer.headers["x-request-id"]


async def test_a_door_says_by_which_method_it_opens(http: httpx.AsyncClient) -> None:
    answer = await http.get("/alpha/auth/sign-in")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_command_not_signed_by_a_process_of_ours_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/internal/commands/encounter.FileResult", json={}, headers={"x-osler-peer": "bm90aGluZw==.0"})

    assert answer.status_code == 401


async def test_the_app_without_its_slash_is_sent_on(http: httpx.AsyncClient) -> None:
    answer = await http.get("/alpha/app")

    assert (answer.status_code, answer.headers["location"]) == (308, "/alpha/app/")


@pytest.mark.parametrize("path", ["/alpha/app/", "/alpha/app/patients/heavy", "/alpha/app/patients/heavy/results"])
async def test_every_path_of_the_app_is_its_page_with_the_tenants_files(app: httpx.AsyncClient, path: str) -> None:
    page = await app.get(path)

    assert page.text == '<head><script src="/alpha/app/assets/main-1a2b.js"></script></head>'
    assert page.headers["cache-control"] == "no-cache"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert len(page.headers.get_list("content-security-policy")) == 1


async def test_a_file_with_its_hash_in_its_name_is_kept_for_ever_and_sent_packed(app: httpx.AsyncClient) -> None:
    file = await app.get("/alpha/app/assets/main-1a2b.js")
    plain = await app.get("/alpha/app/assets/main-1a2b.js", headers={"accept-encoding": "identity"})

    assert file.text == plain.text == "x" * 5000
    assert file.headers["content-encoding"] == "gzip"
    assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert file.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["assets/gone.js", "..%2Foutside.txt", "assets/..%2F..%2Foutside.txt", "%2Fetc%2Fhosts.txt"])
async def test_nothing_outside_the_apps_folder_is_served(app: httpx.AsyncClient, path: str) -> None:
    answer = await app.get(f"/alpha/app/{path}")

    assert "secret" not in answer.text
    assert answer.status_code == 404 or answer.text.startswith("<head>")
