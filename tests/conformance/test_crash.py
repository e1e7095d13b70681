"""A transaction is all or nothing, with `kill -9` in the middle too."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

from osler.platform.testing.database import TestDatabase

SERVER = Path(__file__).with_name("server_process.py")
WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
RUNNING = "select count(*) from pg_stat_activity where datname = current_database() and usename like 'osler_run%'"
EVERYTHING = """select (select count(*) from encounter.resource) + (select count(*) from patient.resource)
  + (select count(*) from encounter.idx_token) + (select count(*) from patient.idx_string) + (select count(*) from kernel.outbox)"""


async def answering(port: int) -> None:
    """Return when the server takes connections."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


async def started(database: TestDatabase) -> tuple[asyncio.subprocess.Process, int]:
    """A server process over this database."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(sys.executable, "-P", str(SERVER), str(port), stdin=asyncio.subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(json.dumps({"login": database.login.arguments(), "tenant": database.alpha.key}).encode())
    process.stdin.close()
    await answering(port)
    return process, port


async def test_killing_the_server_in_the_middle_of_a_transaction_leaves_nothing(database):
    results = [{"resourceType": "Observation", "id": f"o{n}", "status": "final", "code": {"text": "x"}} for n in range(200)]
    people = [{"resourceType": "Patient", "id": f"p{n}", "name": [{"family": "Curie"}]} for n in range(20)]
    entries = [{"resource": one, "request": {"method": "POST", "url": one["resourceType"]}} for one in [*results, *people]]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    process, port = await started(database)

    async with database.owner() as owner, httpx.AsyncClient(timeout=30) as client:
        # The transaction writes the observations and then waits for the table of patients, which this lock holds shut.
        await owner.execute("begin; lock table patient.resource in exclusive mode")
        asked = asyncio.create_task(
            client.post(f"http://127.0.0.1:{port}/alpha/fhir", json=bundle, headers={"content-type": "application/fhir+json"})
        )
        watcher = await database.admin.connect()
        try:
            async with asyncio.timeout(30):
                while not await watcher.fetchval(WAITING):
                    await asyncio.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            with pytest.raises(httpx.HTTPError):
                await asked
            await owner.execute("rollback")
            async with asyncio.timeout(30):
                while await watcher.fetchval(RUNNING):
                    await asyncio.sleep(0.01)
            assert await watcher.fetchval(EVERYTHING) == 0
        finally:
            await watcher.close()
    await process.wait()

    again, port = await started(database)
    async with httpx.AsyncClient(timeout=30) as client:
        done = await client.post(f"http://127.0.0.1:{port}/alpha/fhir", json=bundle, headers={"content-type": "application/fhir+json"})
        assert done.status_code == 200
        assert len(done.json()["entry"]) == 220
    again.terminate()
    await again.wait()
