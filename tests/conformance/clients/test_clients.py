"""Other people's FHIR clients work against us as they are: each script does what its users do every day."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from osler.platform.testing.database import TestDatabase
from tests.conformance.served_demo import ServedDemo, demo_served

HERE = Path(__file__).parent
NODE = HERE.parents[2] / "scripts" / "node.sh"
PATIENT = "complete-child"
STEPS = {"token", "read", "create", "search", "update", "transaction", "operation", "delete"}
CLIENTS: dict[str, tuple[str, ...]] = {
    "fhirclient": (sys.executable, "with_fhirclient.py"),
    "fhirpy": (sys.executable, "with_fhirpy.py"),
    "fhir-kit-client": (str(NODE), "node", "with_kit.mjs"),
    "fetch, as Medplum's client sends": (str(NODE), "node", "with_fetch.mjs"),
}


@pytest.fixture(scope="module")
async def demo(module_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServedDemo]:
    async with demo_served(module_database, Path(tmp_path_factory.mktemp("demo")), frozenset({PATIENT})) as served:
        yield served


@pytest.fixture(scope="module")
async def given(demo: ServedDemo) -> bytes:
    """What a script is told: where, who, and what it will find."""
    child = (await demo.http.get(f"{demo.base}/Patient/{PATIENT}")).json()
    vitals = (await demo.http.get(f"{demo.base}/Observation?patient={PATIENT}&category=vital-signs&_summary=count")).json()["total"]
    told = {"base": demo.base, "token_url": demo.token_url, "client_id": demo.client_id, "secret": demo.secret, "patient": PATIENT}
    told |= {"family": child["name"][0]["family"], "born": child["birthDate"][:4], "vitals": vitals}
    return json.dumps(told).encode()


async def steps(command: tuple[str, ...], given: bytes) -> tuple[set[str], str]:
    """Run one script; the steps it did, and what it complained of."""
    *words, script = command
    process = await asyncio.create_subprocess_exec(
        *words,
        str(HERE / script),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await asyncio.wait_for(process.communicate(given), 60)
    return (set(json.loads(said)) if process.returncode == 0 else set()), complaint.decode()


async def test_clients_of_others_do_their_work_unmodified(given: bytes, judge) -> None:
    ran = {name: await steps(command, given) for name, command in CLIENTS.items()}

    judge("Clients of others, unmodified", sum(done == STEPS for done, _ in ran.values()), len(CLIENTS))
    print("\n".join(f"{name}: {complaint}" for name, (_, complaint) in ran.items()))
    assert {name: complaint for name, (done, complaint) in ran.items() if done != STEPS} == {}
