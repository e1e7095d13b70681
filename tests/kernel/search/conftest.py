"""Records to search in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from osler.platform import fhir
from osler.platform.context import Context
from osler.platform.store.search import Page, parse_query
from osler.platform.testing.contexts import TestProcess, process_on
from osler.platform.testing.database import TestDatabase

Put = Callable[..., Awaitable[None]]


@pytest.fixture
async def running(database: TestDatabase) -> AsyncIterator[TestProcess]:
    async with process_on(database) as process:
        yield process


@pytest.fixture
def ctx(running: TestProcess) -> Context:
    return running.context(running.database.alpha)


@pytest.fixture
def other(running: TestProcess) -> Context:
    return running.context(running.database.beta)


async def put(ctx: Context, *resources: dict[str, Any]) -> None:
    for resource in resources:
        await ctx.store.update(ctx, fhir.parse(json.dumps(resource).encode()), resource["id"])


async def search(ctx: Context, text: str) -> Page:
    """`Patient?name=smith&gender=male`."""
    type_name, _, rest = text.partition("?")
    params = [(name, value) for name, _, value in (pair.partition("=") for pair in rest.split("&") if pair)]
    return await ctx.store.search(ctx, parse_query(type_name, params))


async def ids(ctx: Context, text: str) -> list[str]:
    return [stored.id for stored in (await search(ctx, text)).matches]


def patient(id: str, family: str = "Smith", **more: Any) -> dict[str, Any]:  # noqa: A002
    return {"resourceType": "Patient", "id": id, "name": [{"family": family}], **more}


def observation(id: str, patient: str = "p1", code: str = "8480-6", day: str = "2020-01-01", **more: Any) -> dict[str, Any]:  # noqa: A002
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": day,
        **more,
    }
