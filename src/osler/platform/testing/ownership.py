"""The claim every service makes of its types: they can be written, live in its schema alone, and are invisible to another tenant."""

from __future__ import annotations

from osler.platform.context import Context
from osler.platform.errors import NotFound
from osler.platform.fhir import TYPE_CODE
from osler.platform.manifest import Service
from osler.platform.testing.contexts import TestProcess
from osler.platform.testing.minimal import minimal


async def check_ownership(process: TestProcess, service: Service, here: Context, elsewhere: Context) -> None:
    """Write one resource of each type the service owns, and look for it in every schema and from another tenant."""
    for type_name in service.types:
        written = await process.store.create(here, minimal(type_name))
        assert (await process.store.read(here, type_name, written.stored.id)).content == written.stored.content
        try:
            await process.store.read(elsewhere, type_name, written.stored.id)
        except NotFound:
            continue
        raise AssertionError(f"another tenant reads {type_name}")
    codes = sorted(TYPE_CODE[type_name] for type_name in service.types)
    async with process.database.owner() as owner:
        for other in process.database.services:
            rows = await owner.fetch(f"select rtype from {other.name}.resource order by rtype")
            assert [row["rtype"] for row in rows] == (codes if other.name == service.name else []), other.name
