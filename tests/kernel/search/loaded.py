"""A tenant with many records, quickly: Synthea patients through the API, then copies of them by COPY."""

from __future__ import annotations

import asyncio
import json

from bench.clones import multiply
from bench.suites import Synthea

from osler.gateway.fhir.bundle import process_bundle
from osler.platform.context import Actor, Context
from osler.platform.testing import shared_data
from osler.platform.testing.contexts import TestProcess

SYSTEM = Actor("system/import", "system")


async def load(ctx: Context, patients: int) -> None:
    """Hospitals, practitioners and the smallest patients of the shared data."""
    synthea = Synthea(shared_data("synthea"))
    smallest = sorted(synthea.patients, key=lambda path: path.stat().st_size)[:patients]
    for path in [*synthea.shared, *smallest]:
        _, body = synthea.read(path)
        answer = json.loads(await process_bundle(ctx, body))
        assert all(entry["response"]["status"].startswith(("200", "201")) for entry in answer["entry"]), path.name


async def copy(process: TestProcess, ctx: Context, times: int, first: int = 1) -> int:
    """Make the records `times` as many, and take statistics as autovacuum would."""
    schemas = {kind: service.name for service in process.database.services for kind in service.types}
    made = await multiply(process.database, process.store, ctx, schemas, times, first=first)
    async with process.database.owner() as owner:
        for schema in sorted(set(schemas.values())):
            for table in ("resource", "idx_token", "idx_string", "idx_ident", "idx_date", "idx_quantity", "idx_composite", "tally"):
                await owner.execute(f"vacuum (analyze) {schema}.{table}")
    await asyncio.sleep(0)
    return made
