"""What the import's tests share: the `osler` command on a test's database, and counting what is in the store."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec

from osler.cli.importing.journal import Journal
from osler.cli.importing.run import Import
from osler.cli.importing.sources import sources
from osler.platform.context import Actor, Context, Tenant
from osler.platform.fhir import TYPE_NAME
from osler.platform.testing.contexts import TestProcess
from osler.platform.testing.database import TestDatabase

OSLER = Path(sys.executable).with_name("osler")
IMPORTER = Actor("system/import", "system")


def context(process: TestProcess) -> Context:
    return process.context(process.database.alpha, IMPORTER)


def importing(process: TestProcess, journal: Path, *, resume: bool = False, go_on: bool = True) -> Import:
    return Import(context(process), Journal.open(journal, resume=resume), resume, go_on)


async def load(process: TestProcess, folder: Path, *paths: Path) -> Import:
    """Import these paths, or everything in the folder."""
    work = importing(process, folder.parent / "journal.jsonl")
    await work.run(sources(paths or [folder]))
    return work


async def stored(database: TestDatabase, tenant: Tenant) -> Counter[str]:
    """How many records of each type are in the store."""
    found: Counter[str] = Counter()
    async with database.owner() as owner:
        for service in database.services:
            rows = await owner.fetch(
                f"select rtype, count(*) from {service.name}.resource where tenant = $1 and not deleted group by rtype", tenant.key
            )
            found.update({TYPE_NAME[row["rtype"]]: row["count"] for row in rows})
    return found


async def versions(database: TestDatabase) -> int:
    """How many superseded versions there are."""
    async with database.owner() as owner:
        return sum([await owner.fetchval(f"select count(*) from {service.name}.resource_history") for service in database.services])


@dataclass(frozen=True, slots=True)
class Command:
    """`osler` in a process of its own, on the test's database."""

    database: TestDatabase
    data: Path

    def environment(self) -> dict[str, str]:
        admin = self.database.admin
        who = quote(admin.user, safe="") + (f":{quote(admin.password, safe='')}" if admin.password else "")
        url = f"postgresql://{who}@/{admin.database}?{urlsplit(admin.dsn).query}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OSLER_")}
        return kept | {"OSLER_DATABASE_URL": url, "OSLER_DATA": str(self.data), "OSLER_SECRET": self.database.secret.decode()}

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([OSLER, *words], env=self.environment(), capture_output=True, text=True, timeout=300)

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen([OSLER, *words], env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def patient(number: int, id_: bool = True) -> dict[str, object]:
    found: dict[str, object] = {"resourceType": "Patient", "id": f"pat-{number}"} if id_ else {"resourceType": "Patient"}
    return found | {"name": [{"family": f"Number{number}"}], "birthDate": "1980-01-01"}


def observation(number: int) -> dict[str, object]:
    """A result that has no id of its own."""
    code = {"coding": [{"system": "http://loinc.org", "code": "2345-7"}]}
    found: dict[str, object] = {"resourceType": "Observation", "status": "final", "code": code}
    return found | {"subject": {"reference": "Patient/pat-1"}, "valueQuantity": {"value": number, "unit": "mg/dL"}}


def text(resource: object) -> bytes:
    return msgspec.json.encode(resource)
