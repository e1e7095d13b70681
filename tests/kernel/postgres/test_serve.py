"""`osler serve` as a person runs it: one process that brings its database along and takes it away again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.kernel.postgres.conftest import BIN

from osler.platform.postgres.postmaster import read_postmaster, state_of
from osler.platform.testing.waiting import until

pytestmark = pytest.mark.database
OSLER = Path(sys.executable).with_name("osler")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass(slots=True)
class Osler:
    """The `osler` command on a data folder."""

    data: Path
    patients: int = 0
    port: int = field(default_factory=free_port)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        chosen = {"OSLER_DATA": str(self.data), "OSLER_PORT": str(self.port), "OSLER_POSTGRES_BIN": BIN}
        chosen["OSLER_DEMO_PATIENTS"] = str(self.patients)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OSLER_")}
        return kept | {name: value for name, value in chosen.items() if value}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([OSLER, *words], env=self.environment(), capture_output=True, text=True, timeout=120)

    def serve(self, *words: str) -> subprocess.Popen[str]:
        """Start it and wait until it is ready."""
        process = subprocess.Popen(
            [OSLER, "serve", *words], env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.started.append(process)
        until(lambda: self.get("/health/ready") or process.poll() is not None, "the server", 120)
        assert process.poll() is None, process.communicate()[0]
        return process

    def get(self, path: str) -> bytes | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.read()
        except (urllib.error.HTTPError, OSError):
            return None

    def token(self) -> str:
        secret = (self.data / "demo-client.secret").read_text().strip()
        form = f"grant_type=client_credentials&client_id=demo-client&client_secret={secret}".encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/demo/oauth/token", form) as answer:
            return str(json.load(answer)["access_token"])

    def fhir(self, method: str, path: str, token: str, body: object = None) -> dict[str, object]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/demo/fhir/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, object] = json.load(answer)
            return found


@pytest.fixture
def osler(folder: Path) -> Iterator[Osler]:
    (folder / "data").mkdir(mode=0o711)
    command = Osler(folder / "data")
    yield command
    for process in command.started:
        with process:
            if process.poll() is None:
                process.terminate()
                process.communicate(timeout=60)


def server_is_gone(data: Path) -> bool:
    found = read_postmaster(data / "postgres")
    return found is None or state_of(found.pid, data / "postgres") in ("gone", "zombie")


@pytest.mark.parametrize("order", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_everything_that_was_started(osler: Osler, order: signal.Signals) -> None:
    process = osler.serve()

    process.send_signal(order)

    assert "Stopping" in process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert server_is_gone(osler.data)
    assert osler.get("/health/live") is None


def test_a_demo_is_made_once_and_found_again(osler: Osler) -> None:
    osler.patients = 17
    first = osler.serve("--demo")
    token = osler.token()
    before = osler.fhir("GET", "Patient/heavy", token)
    first.send_signal(signal.SIGINT)
    said = first.communicate(timeout=60)[0]

    second = osler.serve("--demo")
    after = osler.fhir("GET", "Patient/heavy", osler.token())
    second.send_signal(signal.SIGINT)
    said_again = second.communicate(timeout=60)[0]

    assert "17 demo patients" in said
    assert "password osler-demo-2026!" in said
    assert "demo patients" not in said_again
    assert before == after
    assert (osler.data / "demo-client.secret").stat().st_mode & 0o077 == 0


def test_kill_9_and_a_new_start_lose_no_record(osler: Osler) -> None:
    killed = osler.serve("--demo")
    token = osler.token()
    made = [osler.fhir("POST", "Patient", token, {"resourceType": "Patient", "active": True})["id"] for _ in range(30)]
    found = read_postmaster(osler.data / "postgres")
    assert found is not None

    os.kill(found.pid, signal.SIGKILL)
    killed.kill()
    killed.communicate()
    osler.serve("--demo")

    token = osler.token()
    assert [osler.fhir("GET", f"Patient/{one}", token)["id"] for one in made] == made


def test_a_second_osler_shares_the_database_and_the_first_may_leave(osler: Osler) -> None:
    first = osler.serve("--demo")
    made = osler.fhir("POST", "Patient", osler.token(), {"resourceType": "Patient"})
    second = Osler(osler.data)
    try:
        joined = second.serve()
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)

        assert first.returncode == 0
        assert second.fhir("GET", f"Patient/{made['id']}", second.token()) == made
        joined.send_signal(signal.SIGINT)
        joined.communicate(timeout=60)
        assert server_is_gone(osler.data)
    finally:
        for process in second.started:
            if process.poll() is None:
                process.kill()
                process.communicate()


def test_a_port_that_is_taken_is_said_before_anything_is_started(osler: Osler) -> None:
    with socket.create_server(("127.0.0.1", osler.port)):
        refused = osler.run("serve")

    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        f"osler: port {osler.port} is taken by another program: stop it, or choose another with --port or OSLER_PORT"
    )
    assert list(osler.data.iterdir()) == []


def test_a_demo_does_not_go_into_a_database_with_real_tenants(osler: Osler) -> None:
    assert osler.run("tenant", "create", "north").returncode == 0

    refused = osler.run("serve", "--demo")

    assert refused.returncode == 1
    assert "the tenant north, which is not a demonstration" in refused.stderr
    assert osler.run("tenant", "list").stdout.split() == ["north"]
    assert server_is_gone(osler.data)


def test_the_commands_of_an_operator_answer_in_one_line_each(osler: Osler) -> None:
    once, again = osler.run("migrate"), osler.run("migrate")
    made, taken, broken = osler.run("tenant", "create", "east"), osler.run("tenant", "create", "east"), osler.run("tenant", "create", "Ö")

    assert (once.returncode, again.returncode) == (0, 0)
    assert again.stdout == "The database is up to date\n"
    assert made.stdout == "Tenant east is there: /east/fhir, /east/graphql, /east/app/\n"
    assert (taken.returncode, taken.stderr) == (1, "osler: tenant east exists already\n")
    assert broken.returncode == 1


def test_a_process_of_two_services_serves_those_alone(osler: Osler) -> None:
    osler.serve("--demo").send_signal(signal.SIGINT)
    osler.started[0].communicate(timeout=60)

    osler.serve("--only", "patient,identity")

    token = osler.token()
    assert osler.get("/health/ready") == b'{"status":"ready","services":["patient","identity"]}'
    assert osler.fhir("POST", "Patient", token, {"resourceType": "Patient"})["resourceType"] == "Patient"
    for ask in (
        lambda: osler.fhir("GET", "Observation?_count=1", token),
        lambda: osler.fhir("GET", "Observation/x", token),
        lambda: osler.fhir("POST", "Observation", token, {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask()
        with refused.value:
            assert refused.value.code == 404
            assert b"does not serve Observation" in refused.value.read()


def test_a_service_that_does_not_exist_is_named(osler: Osler) -> None:
    refused = osler.run("serve", "--only", "pharmacy")

    assert refused.returncode == 1
    assert "there is no service 'pharmacy'; the services are" in refused.stderr
