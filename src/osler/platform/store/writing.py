"""Create, update and delete outside a transaction: each is one statement and one commit; concurrent creates share both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import asyncpg

from osler.platform import fhir
from osler.platform.audit import Entry
from osler.platform.audit.chain import Action
from osler.platform.context import Context
from osler.platform.errors import Conflict, Issue, OslerError, VersionConflict
from osler.platform.fhir import TYPE_CODE, Parsed
from osler.platform.fhir.words import word_vector
from osler.platform.store import reading_sql, rows, writing_sql
from osler.platform.store.codec import Codec
from osler.platform.store.connections import Contended
from osler.platform.store.labelling import check_labels_kept
from osler.platform.store.lanes import Gate, Lane
from osler.platform.store.ledger import AS_REPLACED, Ledger, translated
from osler.platform.store.owners import Owners
from osler.platform.store.parameters import Parameters
from osler.platform.store.profiles import Profiles
from osler.platform.store.recent import Recent
from osler.platform.store.records import Outcome, Stored, Written
from osler.platform.store.rows import Indexed, Row

RETRIES = 20


class Present(NamedTuple):
    """What a record is before a write: its version, and its search rows as a thing to compute when they are needed."""

    version: int
    deleted: bool
    prid: int
    indexed: Callable[[], Indexed]
    stored: Stored


class Made(NamedTuple):
    """A version ready to be written."""

    stored: Stored
    row: Row


def make(ctx: Context, parsed: Parsed, id: str, codec: Codec, own: Parameters, before: Present | None = None) -> Made:  # noqa: A002 - FHIR's word
    """The next version of a record, stamped, packed and with the search rows that come and go."""
    if before:
        check_labels_kept(ctx, parsed, before.stored.content)
    type_, at = parsed.type, ctx.clock.now()
    version = before.version + 1 if before else 1
    body = fhir.stamp(parsed, id, version, at)
    found = own.index(ctx.tenant.key, parsed, id)
    new = Indexed.of(found)
    words = word_vector(parsed.body, found.texts, ctx.tenant.key, TYPE_CODE[type_])
    number, content = codec.pack(body)
    rid = fhir.rid(type_, id)
    columns = (TYPE_CODE[type_], number, version, rid, new.prid, new.d, at, False, id, ctx.actor.id, content, words)
    row = Row(columns, "u" if before and not before.deleted else "c", ctx.request_id, new.kinds)
    row.now = new
    if before:
        supersede(row, new, before)
    return Made(Stored(type_, id, version, at, False, body, rid), row)


def make_deletion(ctx: Context, type: str, id: str, before: Present) -> Made:  # noqa: A002 - FHIR's words
    """The version that says the record is deleted: no content, no search rows."""
    at, version, rid, was = ctx.clock.now(), before.version + 1, before.stored.rid, before.indexed()
    columns = (TYPE_CODE[type], 0, version, rid, was.prid, was.d, at, True, id, ctx.actor.id, None, None)
    row = Row(columns, "d", ctx.request_id, ())
    supersede(row, Indexed(was.prid, was.d), before)
    return Made(Stored(type, id, version, at, True, b"", rid), row)


def supersede(row: Row, new: Indexed, before: Present) -> None:
    """Let the row replace what was before: only the difference of their search rows is written."""
    was = before.indexed()
    row.expected = before.version
    row.was = was
    row.new = new.without(was)
    row.gone = was.without(new)


def present(found: asyncpg.Record, type: str, codec: Codec, own: Parameters, tenant: int) -> Present:  # noqa: A002 - FHIR's word
    """A row of `reading_sql.current`."""
    body = codec.unpack(found["codec"], found["content"])
    stored = Stored(type, found["id"], found["version"], found["updated"], found["deleted"], body, found["rid"])

    def indexed() -> Indexed:
        return Indexed(found["prid"], found["d"]) if stored.deleted else own.indexed(tenant, body, type, stored.id)

    return Present(stored.version, stored.deleted, found["prid"], indexed, stored)


def check_match(type: str, id: str, before: Present | None, if_match: int | None) -> None:  # noqa: A002 - FHIR's words
    """`If-Match` must name the present version. https://hl7.org/fhir/R4/http.html#concurrency"""
    if if_match is None:
        return
    if before is None or before.deleted:
        raise VersionConflict(f"{type}/{id} has no version {if_match}: there is no such record now")
    if before.version != if_match:
        raise VersionConflict(f"{type}/{id} is at version {before.version}, not {if_match}")


class Writer:
    """The create lanes, one per tenant and schema, and the single statements of update and delete."""

    def __init__(
        self, ledger: Ledger, owners: Owners, codec: Codec, profiles: Profiles, own: Parameters, committed: Callable[[], None]
    ) -> None:
        self._ledger = ledger
        self._owners = owners
        self._profiles = profiles
        self._own = own
        self._codec = codec
        self._committed = committed
        self._creating: dict[tuple[int, str], Lane[Made, bool]] = {}
        self._replacing: dict[tuple[int, str], Lane[Made, bool]] = {}
        self._finding: dict[tuple[int, str], Lane[tuple[int, str], asyncpg.Record | None]] = {}
        self._latches: dict[tuple[int, int], tuple[asyncio.Lock, list[None]]] = {}
        self._recent: Recent[Present] = Recent()
        self._gate = Gate()

    async def create(self, ctx: Context, parsed: Parsed, id: str | None = None) -> Written:  # noqa: A002 - FHIR's word
        """A new record; without `id` the server gives one. Raises `Conflict` when the id is taken."""
        issues = await self._check(ctx, parsed, "C", id or "")
        made = make(ctx, parsed, id or fhir.new_id(ctx.clock.now()), self._codec, self._own)
        await self._insert(ctx, made)
        return Written(made.stored, "created", issues)

    async def update(self, ctx: Context, parsed: Parsed, id: str, if_match: int | None, if_none_match_any: bool) -> Written:  # noqa: A002
        """The next version of a record, or its first. Without `if_match` the last writer wins, each with a version of its own."""
        issues = await self._check(ctx, parsed, "U", id)
        type_ = parsed.type
        async with self._alone(ctx.tenant.key, fhir.rid(type_, id)):
            for attempt in range(RETRIES):
                before = await self._present(ctx, type_, id, if_match, known=not attempt and not if_none_match_any)
                try:
                    check_match(type_, id, before, if_match)
                    if if_none_match_any and before is not None and not before.deleted:
                        raise VersionConflict(f"{type_}/{id} exists already")
                except VersionConflict as error:
                    raise await self._refused(ctx, "U", type_, id, error) from None
                made = make(ctx, parsed, id, self._codec, self._own, before)
                if before is None:
                    try:
                        await self._insert(ctx, made)
                    except Conflict:
                        continue
                    return Written(made.stored, "created", issues)
                if await self._replace(ctx, made):
                    return Written(made.stored, outcome_of(made, before), issues)
        raise Contended(f"{type_}/{id} is being changed by many at once; please try again")

    async def delete(self, ctx: Context, type: str, id: str, if_match: int | None) -> Written:  # noqa: A002 - FHIR's words
        """Delete a record; its history stays. Deleting what is not there changes nothing and is no error."""
        try:
            self._owners.check_served(type)
        except OslerError as error:
            raise await self._refused(ctx, "D", type, id, error) from None
        async with self._alone(ctx.tenant.key, fhir.rid(type, id)):
            for attempt in range(RETRIES):
                before = await self._present(ctx, type, id, if_match, known=not attempt)
                try:
                    check_match(type, id, before, if_match)
                except VersionConflict as error:
                    raise await self._refused(ctx, "D", type, id, error) from None
                if before is None or before.deleted:
                    return await self._nothing_to_delete(ctx, type, id, before)
                made = make_deletion(ctx, type, id, before)
                if await self._replace(ctx, made):
                    return Written(made.stored, "deleted")
        raise Contended(f"{type}/{id} is being changed by many at once; please try again")

    async def _check(self, ctx: Context, parsed: Parsed, action: Action, id: str) -> tuple[Issue, ...]:  # noqa: A002 - FHIR's word
        try:
            self._owners.check(parsed)
            await self._own.check(ctx, parsed, id)
            return await self._profiles.check(ctx, parsed)
        except OslerError as error:
            raise await self._refused(ctx, action, parsed.type, id, error) from None

    async def _refused(self, ctx: Context, action: Action, type: str, id: str, error: OslerError) -> OslerError:  # noqa: A002
        entry = Entry(ctx.clock.now(), 0, 0, TYPE_CODE.get(type, 0), error.status, action, ctx.actor.id, id, ctx.request_id)
        return await self._ledger.refuse(ctx.tenant.key, entry, error)

    async def _nothing_to_delete(self, ctx: Context, type: str, id: str, before: Present | None) -> Written:  # noqa: A002
        at = ctx.clock.now()
        stored = before.stored if before else Stored(type, id, 0, at, True, b"", fhir.rid(type, id))
        entry = Entry(at, 0, stored.version, TYPE_CODE[type], 204, "D", ctx.actor.id, id, ctx.request_id)
        await self._ledger.record(ctx.tenant.key, [entry])
        return Written(stored, "unchanged")

    async def _present(self, ctx: Context, type: str, id: str, if_match: int | None, *, known: bool) -> Present | None:  # noqa: A002
        """The present version: as this process wrote it last, or (also when that would be a ground for refusal) as it is read now."""
        tenant, schema = ctx.tenant.key, self._owners.schema_of(type)
        # Where a tenant has parameters of its own, what was written last may have other search rows by now.
        own = (await self._own.fresh(tenant)).own
        held = self._recent.get(tenant, fhir.rid(type, id)) if known and not own else None
        if held is not None and if_match in (None, held.version):
            return held
        lane = self._finding.get((tenant, schema))
        if lane is None:
            lane = self._finding[tenant, schema] = self._finder(tenant, reading_sql.current(schema))
        found = await lane.ask((TYPE_CODE[type], id))
        return None if found is None else present(found, type, self._codec, self._own, tenant)

    def _finder(self, tenant: int, sql: str) -> Lane[tuple[int, str], asyncpg.Record | None]:
        async def send(jobs: list[tuple[int, str]]) -> list[asyncpg.Record | Exception | None]:
            async with self._ledger.connections.lend(tenant) as session:
                found = await session.fetch(sql, tenant, *zip(*set(jobs), strict=True))
            by_name = {(row["rtype"], row["id"]): row for row in found}
            return [by_name.get(job) for job in jobs]

        return Lane(send)

    async def _insert(self, ctx: Context, made: Made) -> None:
        tenant, schema = ctx.tenant.key, self._owners.schema_of(made.stored.type)
        lane = self._creating.get((tenant, schema))
        if lane is None:
            lane = self._creating[tenant, schema] = self._creator(tenant, schema)
        await lane.ask(made)

    def _creator(self, tenant: int, schema: str) -> Lane[Made, bool]:
        async def commit(jobs: list[Made]) -> list[bool | Exception]:
            batch = [job.row for job in jobs]
            tables, arrays = rows.inserting(batch)
            sql = writing_sql.insert(schema, tables, settle=True)
            every = (*rows.resource_columns(batch), *arrays, rows.patients(batch))
            await self._ledger.run(tenant, jobs[-1].stored.updated, len(batch), sql, *every)
            self._remember(tenant, jobs)
            return [True] * len(batch)

        return Lane(singly_after_failure(commit), gate=self._gate)

    async def _replace(self, ctx: Context, made: Made) -> bool:
        tenant, schema = ctx.tenant.key, self._owners.schema_of(made.stored.type)
        lane = self._replacing.get((tenant, schema))
        if lane is None:
            lane = self._replacing[tenant, schema] = self._replacer(tenant, schema)
        return await lane.ask(made)

    def _replacer(self, tenant: int, schema: str) -> Lane[Made, bool]:
        async def commit(jobs: list[Made]) -> list[bool | Exception]:
            batch = [job.row for job in jobs]
            tables, changes = rows.replacing(batch)
            sql = writing_sql.replace(schema, tables, settle=True)
            every = (*rows.resource_columns(batch), [row.expected for row in batch], *changes, rows.patients(batch))
            found = await self._ledger.run(tenant, jobs[-1].stored.updated, AS_REPLACED, sql, *every)
            replaced = set(found[0]["replaced"])
            for job in jobs:
                if job.stored.rid not in replaced:
                    self._recent.forget(tenant, job.stored.rid)
            if replaced:
                self._remember(tenant, [job for job in jobs if job.stored.rid in replaced])
            return [job.stored.rid in replaced for job in jobs]

        return Lane(singly_after_failure(commit), gate=self._gate)

    def _remember(self, tenant: int, jobs: list[Made]) -> None:
        """These are durable: the workers hear of them, and the next writer of one knows where it stands."""
        for stored, row in jobs:
            if stored.type == "SearchParameter":
                self._own.changed(tenant)
            if (now := row.now) is None:
                self._recent.forget(tenant, stored.rid)
                continue
            held = Present(stored.version, False, row.prid, lambda now=now: now, stored)  # type: ignore[misc]  # bound for each
            self._recent.keep(tenant, stored.rid, held, len(stored.content))
        self._committed()

    @asynccontextmanager
    async def _alone(self, tenant: int, rid: int) -> AsyncIterator[None]:
        """Writers of one record in this process go one after the other: they would only make each other retry."""
        lock, users = self._latches.setdefault((tenant, rid), (asyncio.Lock(), []))
        users.append(None)
        try:
            async with lock:
                yield
        finally:
            users.pop()
            if not users:
                self._latches.pop((tenant, rid), None)


Commit = Callable[[list[Made]], Awaitable[list[bool | Exception]]]
OWN_FAULT = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.ProgramLimitExceededError)
"""What one resource of a batch may do to the others in it."""


def singly_after_failure(commit: Commit) -> Commit:
    """Write the batch in one commit; when one of them spoils it, each in a commit of its own."""

    async def send(jobs: list[Made]) -> list[bool | Exception]:
        try:
            return await commit(jobs)
        except OWN_FAULT as error:
            if len(jobs) == 1:
                return [translated(error)]
            return [(await send([job]))[0] for job in jobs]

    return send


def outcome_of(made: Made, before: Present | None) -> Outcome:
    """A record that was not there, or no longer, has been created."""
    return "updated" if before is not None and not before.deleted else "created"
