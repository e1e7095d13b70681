"""The total of all records of a type is a sum kept by every write, and always the number a count finds."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.kernel.search.conftest import observation, patient, put, search

from osler.platform import fhir
from osler.platform.context import Context
from osler.platform.errors import OslerError


async def totals(ctx: Context, kind: str) -> tuple[int | None, int]:
    """What the server says, and how many records it shows."""
    page = await search(ctx, f"{kind}?_total=accurate&_count=1000")
    return page.total, len(page.matches)


def parsed(resource: dict[str, object]) -> fhir.Parsed:
    return fhir.parse(json.dumps(resource).encode())


async def test_creates_updates_and_deletions_are_counted(ctx: Context, other: Context) -> None:
    await put(ctx, patient("a"), patient("b"), patient("c"), observation("o", patient="a"))
    await put(ctx, patient("a", "Jones"))
    await ctx.store.delete(ctx, "Patient", "b")
    await ctx.store.delete(ctx, "Patient", "b")
    await put(other, patient("a"))

    assert await totals(ctx, "Patient") == (2, 2)
    assert await totals(ctx, "Observation") == (1, 1)
    assert await totals(ctx, "Condition") == (0, 0)
    await put(ctx, patient("b"))
    assert await totals(ctx, "Patient") == (3, 3)
    assert await totals(other, "Patient") == (1, 1)


async def test_a_transaction_counts_when_it_commits_and_only_then(ctx: Context) -> None:
    with pytest.raises(OslerError):
        async with ctx.transaction() as tx:
            await tx.create(parsed(patient("a")))
            await tx.flush()
            raise OslerError("no")
    assert await totals(ctx, "Patient") == (0, 0)

    async with ctx.transaction() as tx:
        for _ in range(3):
            await tx.create(parsed({"resourceType": "Patient"}))
    assert await totals(ctx, "Patient") == (3, 3)


async def test_writers_at_once_are_all_counted(ctx: Context) -> None:
    async def write(number: int) -> None:
        await ctx.store.update(ctx, parsed(patient(f"p{number}")), f"p{number}")
        if number % 3 == 0:
            await ctx.store.delete(ctx, "Patient", f"p{number}")

    await asyncio.gather(*[write(number) for number in range(60)])

    assert await totals(ctx, "Patient") == (40, 40)
