"""batch: every entry is a request of its own; one that fails leaves the others alone. https://hl7.org/fhir/R4/http.html#batch"""

from __future__ import annotations

import asyncio

from osler.gateway.fhir.entries import Entry, at, refused, response
from osler.gateway.fhir.routing import perform
from osler.platform.context import Context
from osler.platform.errors import Forbidden, Malformed, OslerError
from osler.platform.web import unforeseen

AT_ONCE = 16
"""Entries under way at the same time: enough to share the store's statements, few enough to leave room for others."""


async def batch(ctx: Context, entries: list[Entry | Malformed]) -> list[bytes]:
    """The answers, in the order of the entries; done in the order DELETE, POST, PUT and PATCH, GET."""
    answers = [refused(entry) if isinstance(entry, Malformed) else b"" for entry in entries]
    asked = [entry for entry in entries if isinstance(entry, Entry)]
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(entry: Entry) -> None:
        async with gate:
            answers[entry.index] = await answered(ctx, entry)

    for turn in range(4):
        await asyncio.gather(*(one(entry) for entry in asked if entry.turn == turn))
    return answers


async def answered(ctx: Context, entry: Entry) -> bytes:
    """One entry's answer, be it a refusal."""
    try:
        return response(entry.call, await perform(ctx, entry.call))
    except Forbidden as error:
        await ctx.store.note(ctx, 403, f"{entry.call.method} of {entry.call.path[0]} refused")
        return refused(at(entry.place, error))
    except OslerError as error:
        return refused(at(entry.place, error))
    except Exception as error:  # noqa: BLE001 - a fault of ours in one entry must not take the others' answers away
        return refused(unforeseen(ctx.request_id, error))
