"""The store as a process holds it: one door to every record, which tenants, versions, audits and indexes without being asked."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from osler.platform.audit import Entry
from osler.platform.context import Context
from osler.platform.fhir import Parsed
from osler.platform.manifest import Service
from osler.platform.store.chart import Charts
from osler.platform.store.codec import Codec
from osler.platform.store.connections import Connections, Contended
from osler.platform.store.everything import Gatherer
from osler.platform.store.history import Historian
from osler.platform.store.labels import Labels
from osler.platform.store.ledger import Ledger
from osler.platform.store.owners import Owners
from osler.platform.store.parameters import Parameters
from osler.platform.store.profiles import Profiles
from osler.platform.store.reading import Reader
from osler.platform.store.records import HistoryPage, Stored, Written
from osler.platform.store.sealing import Seals
from osler.platform.store.search import Page, Query, Searcher
from osler.platform.store.transaction import Transaction
from osler.platform.store.writing import Writer

Answer = TypeVar("Answer")
ATTEMPTS = 5


def nobody() -> None:
    """Nobody waits for commits."""


@dataclass(slots=True)
class Kernel:
    """What every part of the store works with."""

    connections: Connections
    ledger: Ledger
    owners: Owners
    codec: Codec
    searcher: Searcher
    seals: Seals
    profiles: Profiles
    parameters: Parameters
    on_commit: Callable[[], None] = nobody

    def committed(self) -> None:
        """A write has become durable: there may be something in the outbox."""
        self.on_commit()


class Store:
    """One per process. `charts` serves the chart, `everything` whole records, `connections` the few queries that are not about records."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.connections = kernel.connections
        self.charts = Charts(kernel.ledger, kernel.owners, kernel.codec)
        self.everything = Gatherer(kernel.ledger, kernel.owners, kernel.codec)
        self.labels = Labels(kernel.ledger, kernel.owners, kernel.codec)
        self.seals = kernel.seals
        self.profiles = kernel.profiles
        self.parameters = kernel.parameters
        self._reader = Reader(kernel.ledger, kernel.owners, kernel.codec)
        self._historian = Historian(kernel.ledger, kernel.owners, kernel.codec)
        self._writer = Writer(kernel.ledger, kernel.owners, kernel.codec, kernel.profiles, kernel.parameters, kernel.committed)

    @classmethod
    async def open(
        cls,
        login: dict[str, Any],
        services: Sequence[Service],
        running: Iterable[str] | None = None,
        connections: int = 8,
        secret: bytes | None = None,
    ) -> Store:
        """Sign in. `login`: what `asyncpg.connect` takes; `services`: all manifests; `running`: the names of those this process runs.

        `secret`: the deployment's, with which any of its processes can follow a page link of another; None: links end with this process.
        """
        held = Connections(login, connections)
        process = f"process-{secrets.token_hex(6)}"
        owners, codec = Owners(services, running), Codec()
        key = secret or secrets.token_bytes(32)
        searcher = Searcher(owners.schema_of, codec, key)
        profiles, own = Profiles(held, owners, codec), Parameters(held, owners, codec)
        store = cls(Kernel(held, Ledger(held, process), owners, codec, searcher, Seals(key), profiles, own))
        held.give(await held.open_one())
        return store

    async def close(self) -> None:
        """Close the connections."""
        await self.connections.close()

    def serves(self, type: str) -> bool:  # noqa: A002 - FHIR's word
        """This process may write this type."""
        return self.kernel.owners.serves(type)

    def schema_of(self, type: str) -> str:  # noqa: A002 - FHIR's word
        """The schema, hence the service, that owns this type. Raises `NotFound`."""
        return self.kernel.owners.schema_of(type)

    def when_committed(self, nudge: Callable[[], None]) -> None:
        """Call `nudge` after each commit that wrote something, so that the outbox need not be watched."""
        self.kernel.on_commit = nudge

    async def read(self, ctx: Context, type: str, id: str) -> Stored:  # noqa: A002 - FHIR's words
        """The present version of a record. Raises `NotFound` or `Gone`."""
        return await self._reader.read(ctx, type, id)

    async def vread(self, ctx: Context, type: str, id: str, version: str) -> Stored:  # noqa: A002 - FHIR's words
        """One version of a record. Raises `NotFound`, or `Gone` for a version that is a deletion."""
        return await self._reader.vread(ctx, type, id, version)

    async def history(
        self,
        ctx: Context,
        type: str | None = None,  # noqa: A002 - FHIR's words
        id: str | None = None,  # noqa: A002
        since: datetime | None = None,
        at: tuple[datetime, datetime] | None = None,
        count: int | None = None,
        cursor: str | None = None,
    ) -> HistoryPage:
        """Versions, newest first: of a record, a type or everything. https://hl7.org/fhir/R4/http.html#history"""
        return await self._historian.history(ctx, type, id, since, at, count, cursor)

    async def search(self, ctx: Context, query: Query) -> Page:
        """One page of a search. Raises `Malformed` for a cursor that is not ours."""
        return await self.kernel.searcher.search(ctx, query, self.kernel.ledger)

    async def create(self, ctx: Context, parsed: Parsed, id: str | None = None) -> Written:  # noqa: A002 - FHIR's word
        """Write a new record. Raises `Conflict` when `id` is taken."""
        return await self._writer.create(ctx, parsed, id)

    async def update(
        self,
        ctx: Context,
        parsed: Parsed,
        id: str,  # noqa: A002 - FHIR's word
        if_match: int | None = None,
        if_none_match_any: bool = False,
    ) -> Written:
        """Write the next version of a record, or its first. Raises `VersionConflict`."""
        return await self._writer.update(ctx, parsed, id, if_match, if_none_match_any)

    async def delete(self, ctx: Context, type: str, id: str, if_match: int | None = None) -> Written:  # noqa: A002 - FHIR's words
        """Delete a record; its history stays. Raises `VersionConflict`."""
        return await self._writer.delete(ctx, type, id, if_match)

    def transaction(self, ctx: Context) -> Transaction:
        """`async with store.transaction(ctx) as tx`: all of it or nothing, over all schemas."""
        return Transaction(ctx, self.kernel)

    async def conditional(self, ctx: Context, lock_key: str, work: Callable[[Transaction], Awaitable[Answer]]) -> Answer:
        """Run `work` in a transaction while nobody else runs one under the same key; once more when it lost a race."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.transaction(ctx) as tx:
                    await tx.lock(lock_key)
                    return await work(tx)
            except Contended:
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def note(self, ctx: Context, outcome: int, detail: str) -> None:
        """Record something that is not about a record, such as a sign-in; return when it is durable."""
        entry = Entry(ctx.clock.now(), 0, 0, 0, outcome, "X", ctx.actor.id, "", ctx.request_id, detail)
        await self.kernel.ledger.record(ctx.tenant.key, [entry])
