"""One process or two is a start-up choice: the same command gives the same answer, and each process serves its own types alone."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from osler.app.services import SERVICES
from osler.platform.testing.database import open_folder

OSLER = Path(sys.executable).with_name("osler")
REST = ",".join(service.name for service in SERVICES if service.name != "encounter")
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Process:
    """One `osler serve`, and the token it is asked with."""

    base: str

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(f"{self.base}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read() or b"null")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(data: Path, port: int, *arguments: str, peers: str = "") -> Iterator[Process]:
    environment = os.environ | {"OSLER_DATA": str(data), "OSLER_PORT": str(port), "OSLER_DEMO_PATIENTS": "0"}
    environment |= {"OSLER_PEERS": peers} if peers else {}
    with (data.parent / f"{port}.log").open("wb") as log:
        server = subprocess.Popen([OSLER, "serve", *arguments], env=environment, stdout=log, stderr=log)
    try:
        wait_until_ready(server, port, data.parent / f"{port}.log")
        yield Process(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(30)


def wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5).close()
        except OSError:
            continue
        return
    pytest.fail(f"the server did not start:\n{log.read_text()[-3000:]}")


def token_for(process: Process, data: Path) -> str:
    secret = (data / "demo-client.secret").read_text().strip()
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": secret}).encode()
    with urllib.request.urlopen(f"{process.base}/demo/oauth/token", form) as answer:
        token: str = json.load(answer)["access_token"]
        return token


@dataclass(frozen=True, slots=True)
class Deployment:
    one: Process
    encounter: Process
    rest: Process
    token: str


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with ExitStack() as stack:
        folder = stack.enter_context(open_folder())
        data, ports = folder / "data", [free_port() for _ in range(3)]
        one = stack.enter_context(serving(data, ports[0], "--demo"))
        encounter = stack.enter_context(serving(data, ports[1], "--only", "encounter"))
        rest = stack.enter_context(serving(data, ports[2], "--only", REST, peers=f"encounter={encounter.base}"))
        yield Deployment(one, encounter, rest, token_for(one, data))


def release(process: Process, token: str, accession: str, **more: Any) -> tuple[int, Any]:
    order = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": "K"},
    }
    status, placed = process.ask("POST", "/demo/fhir/ServiceRequest", order | more, token)
    assert status == 201
    result = {
        "resourceType": "Observation",
        "identifier": [{"system": "urn:example:lab", "value": f"{accession}-1"}],
        "status": "final",
        "code": {"text": "Potassium"},
        "subject": {"reference": "Patient/p1"},
        "valueQuantity": {"value": 4.1, "unit": "mmol/L"},
    }
    command = {"order": placed["id"], "system": "urn:example:lab", "accession": accession, "status": "final", "observations": [result]}
    return process.ask("POST", "/demo/orders/results", command, token)


def without_ids(report: Any) -> Any:
    return {key: value for key, value in report.items() if key not in ("id", "meta", "identifier", "issued", "basedOn", "result")}


def test_a_command_that_crosses_by_http_gives_the_answer_it_gives_in_one_process(deployment: Deployment) -> None:
    together = release(deployment.one, deployment.token, "A-1")
    apart = release(deployment.rest, deployment.token, "A-2")

    assert (together[0], apart[0]) == (200, 200), (together, apart)
    assert without_ids(together[1]) == without_ids(apart[1])
    filed = apart[1]["result"][0]["reference"]
    assert deployment.encounter.ask("GET", f"/demo/fhir/{filed}", token=deployment.token)[1]["valueQuantity"]["value"] == 4.1


def test_a_refusal_crosses_by_http_with_the_same_status_and_issue(deployment: Deployment) -> None:
    together = release(deployment.one, deployment.token, "A-3", status="revoked")
    apart = release(deployment.rest, deployment.token, "A-4", status="revoked")

    assert (together[0], apart[0]) == (409, 409)
    assert together[1]["issue"][0]["code"] == apart[1]["issue"][0]["code"] == "conflict"


def test_a_process_writes_the_types_of_its_own_services_alone(deployment: Deployment) -> None:
    patient = {"resourceType": "Patient", "name": [{"family": "Curie"}]}

    assert deployment.rest.ask("POST", "/demo/fhir/Patient", patient, deployment.token)[0] == 201
    assert deployment.encounter.ask("POST", "/demo/fhir/Patient", patient, deployment.token)[0] == 404


def test_each_process_claims_only_what_it_serves(deployment: Deployment) -> None:
    def types(process: Process) -> set[str]:
        return {one["type"] for one in process.ask("GET", "/demo/fhir/metadata")[1]["rest"][0]["resource"]}

    alone, others = types(deployment.encounter), types(deployment.rest)

    assert "Observation" in alone
    assert "Patient" not in alone
    assert alone.isdisjoint(others)
    assert alone | others == types(deployment.one)


@pytest.mark.parametrize("seal", ["", "x.y", "e30=.0000"])
def test_a_command_that_no_process_of_ours_signed_is_refused(deployment: Deployment, seal: str) -> None:
    request = urllib.request.Request(
        f"{deployment.encounter.base}/internal/commands/encounter.FileResult", b"{}", {"X-Osler-Peer": seal}, method="POST"
    )

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)

    refused.value.close()
    assert refused.value.code == 401
