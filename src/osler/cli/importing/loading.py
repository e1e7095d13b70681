"""One Bundle into the store, in process, and what came of each of its entries."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec

from osler.cli.importing.containers import Chunk
from osler.gateway.fhir.bundle import process_bundle
from osler.platform.context import Context
from osler.platform.errors import Busy, Gone, Invalid, Issue, Malformed, NotFound, OslerError, VersionConflict
from osler.platform.fhir import parse, stamp

ENTRY = re.compile(r"Bundle\.entry\[(\d+)\](?:\.resource)?\.?")
MOST_ISSUES = 200
"""Of one file; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one entry or line. Names elements and ids, never a person."""

    place: int | None
    record: str
    code: str
    expression: str
    diagnostics: str


@dataclass(slots=True)
class Tally:
    """Every entry counts once: created, updated, or existing (an ifNoneExist that matched, or loaded before)."""

    created: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    existing: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def loaded(self) -> int:
        """Entries that are in the store now."""
        return self.created.total() + self.updated.total() + self.existing.total()

    def add(self, other: Tally) -> None:
        """Count another part's entries too."""
        self.created += other.created
        self.updated += other.updated
        self.existing += other.existing
        self.failed += other.failed
        self.troubles += other.troubles[: MOST_ISSUES - len(self.troubles)]


class EntryResponse(msgspec.Struct):
    """Bundle.entry.response of an answer."""

    status: str
    location: str | None = None
    outcome: dict[str, Any] | None = None


class AnswerEntry(msgspec.Struct):
    """Bundle.entry of an answer."""

    response: EntryResponse


class AnswerBundle(msgspec.Struct):
    """The answer to a batch or transaction."""

    entry: list[AnswerEntry] = []


_answer = msgspec.json.Decoder(AnswerBundle)


async def load(ctx: Context, chunk: Chunk, *, perhaps_done: bool = False) -> Tally:
    """Carry out one chunk. `perhaps_done`: it may have been in hand when an earlier run ended, so what is there is left alone."""
    tally = Tally()
    if perhaps_done:
        await leave_out_present(ctx, chunk, tally)
        if not chunk.entries:
            return tally
    try:
        answer = await process_bundle(ctx, chunk.body())
    except Busy:
        raise
    except OslerError as refusal:
        if isinstance(refusal, VersionConflict) and not chunk.ours and await carried_out_before(ctx, chunk):
            tally.existing.update(map(kind_of, chunk.entries))
        elif chunk.ours:
            count(tally, chunk, await process_bundle(ctx, chunk.body("batch")))
        else:
            tally.failed += len(chunk.entries)
            tally.troubles += [trouble(chunk, issue) for issue in refusal.outcome()]
        return tally
    count(tally, chunk, answer)
    return tally


async def carried_out_before(ctx: Context, chunk: Chunk) -> bool:
    """A transaction is there whole when the entry that marks it is there."""
    return chunk.mark is not None and await present(ctx, chunk.mark) is not None


async def present(ctx: Context, name: str) -> bytes | None:
    """The body of `Type/id` with its version's stamp, or None."""
    kind, _, id_ = name.partition("/")
    try:
        return (await ctx.store.read(ctx, kind, id_)).content
    except (NotFound, Gone):
        return None


async def leave_out_present(ctx: Context, chunk: Chunk, tally: Tally) -> None:
    """Drop the entries whose record stands in the store as the file has it."""
    standing = await asyncio.gather(*(stands(ctx, entry) for entry in chunk.entries))
    if not (chunk.ours or chunk.kind == "batch" or all(standing)):
        return
    tally.existing.update(kind_of(entry) for entry, stays in zip(chunk.entries, standing, strict=True) if stays)
    chunk.places = [place for place, stays in zip(chunk.places, standing, strict=True) if not stays]
    chunk.entries = [entry for entry, stays in zip(chunk.entries, standing, strict=True) if not stays]


async def stands(ctx: Context, entry: dict[str, Any]) -> bool:
    """Whether an update by id would change nothing."""
    request = entry.get("request") or {}
    if request.get("method") != "PUT" or "/" not in request.get("url", "") or "?" in request["url"] or "resource" not in entry:
        return False
    kind, _, id_ = request["url"].partition("/")
    try:
        stored = await ctx.store.read(ctx, kind, id_)
        return stamp(parse(bytes(entry["resource"])), id_, stored.version, stored.updated) == stored.content
    except (NotFound, Gone, Malformed, Invalid):
        return False


def kind_of(entry: dict[str, Any]) -> str:
    """The FHIR type an entry writes."""
    url = (entry.get("request") or {}).get("url", "")
    return str(re.split(r"[/?]", url.strip("/"), maxsplit=1)[0])


def count(tally: Tally, chunk: Chunk, answer: bytes) -> None:
    """Sort the entries by what came of them."""
    for number, (entry, answered) in enumerate(zip(chunk.entries, _answer.decode(answer).entry, strict=True)):
        status, request = answered.response.status[:3], entry.get("request") or {}
        if status == "201":
            tally.created[kind_of(entry)] += 1
        elif status[0] == "2":
            (tally.existing if request.get("method") == "POST" else tally.updated)[kind_of(entry)] += 1
        elif status == "412" and request.get("ifNoneMatch") == "*":
            tally.existing[kind_of(entry)] += 1
        else:
            tally.failed += 1
            for issue in (answered.response.outcome or {}).get("issue", [])[:5]:
                expression = (issue.get("expression") or [f"Bundle.entry[{number}]"])[0]
                tally.troubles.append(trouble(chunk, Issue(issue.get("code", ""), issue.get("diagnostics", ""), expression)))


def trouble(chunk: Chunk, issue: Issue) -> Trouble:
    """An issue of our Bundle as one of the file: its entry or line, and the element inside it."""
    found = ENTRY.match(issue.expression or "")
    number = int(found[1]) if found else None
    if number is None or number >= len(chunk.entries):
        place = chunk.places[0] if len(chunk.places) == 1 else None
        return Trouble(place, "", issue.code, issue.expression or "", issue.diagnostics)
    kind = kind_of(chunk.entries[number])
    inside = (issue.expression or "")[found.end() :] if found else ""
    expression = inside if inside.startswith(f"{kind}.") or not inside else f"{kind}.{inside}"
    return Trouble(chunk.places[number], kind, issue.code, expression, issue.diagnostics)
