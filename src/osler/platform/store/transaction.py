"""One database transaction over all schemas: all of it or nothing, written in bulk, audited and versioned."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, overload

import asyncpg

from osler.platform import fhir
from osler.platform.audit import Entry, columns
from osler.platform.audit.chain import Action
from osler.platform.context import Context
from osler.platform.errors import Conflict, NotFound, OslerError, VersionConflict
from osler.platform.events.codec import encode
from osler.platform.fhir import TYPE_CODE, Parsed
from osler.platform.fhir.r4 import Resource
from osler.platform.messages import Event
from osler.platform.store import reading_sql, rows, writing_sql
from osler.platform.store.connections import CONTENDED, LOST, Contended, Session
from osler.platform.store.ledger import translated
from osler.platform.store.parameters import ParametersOf
from osler.platform.store.reading import LEGAL_ID, gone, not_found
from osler.platform.store.records import Stored, Written
from osler.platform.store.rows import Indexed, Row
from osler.platform.store.search import Page, Query, shown_by
from osler.platform.store.writing import Made, Present, check_match, make, make_deletion, outcome_of, present

if TYPE_CHECKING:
    from osler.platform.store.store import Kernel

Struct = TypeVar("Struct", bound=Resource)
Name = tuple[str, str]
MOST_ROWS = 2000
"""Resources in one statement."""


class Transaction:
    """`async with ctx.transaction() as tx`. What it wrote is seen by its own reads and by nobody else before the end of the block."""

    def __init__(self, ctx: Context, kernel: Kernel) -> None:
        self._ctx = ctx
        self._kernel = kernel
        self._session: Session | None = None
        self._stack = AsyncExitStack()
        self._known: dict[Name, Present | None] = {}
        self._locked: set[Name] = set()
        self._dirty: set[Name] = set()
        self._new: dict[str, list[Row]] = {}
        self._put: dict[str, list[Row]] = {}
        self._written: list[Row] = []
        self._events: list[tuple[str, bytes]] = []
        self._seen: list[Entry] = []
        self._bound: list[Entry] = []

    async def __aenter__(self) -> Transaction:
        """Wait for a turn; the database hears of it with the first statement."""
        await self._stack.enter_async_context(self._kernel.connections.turn_for_transaction())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Commit, or after an error undo everything and record the refusal."""
        try:
            if error is None:
                try:
                    await self._commit()
                except BaseException as failure:
                    await self._undo(failure)
                    raise
            else:
                await self._undo(error)
        finally:
            self._release()
            await self._stack.aclose()

    @overload
    async def read(self, type: type[Struct], id: str, if_match: int | None = None) -> Struct: ...
    @overload
    async def read(self, type: str, id: str, if_match: int | None = None) -> Stored: ...
    async def read(self, type: Any, id: str, if_match: int | None = None) -> Any:  # noqa: A002 - FHIR's words
        """The record as this transaction sees it. A later update of it fails if somebody else changes it meanwhile.

        Raises `NotFound`, `Gone`, or `VersionConflict` when it is not at version `if_match`.
        """
        name = type if isinstance(type, str) else type.__name__
        await self.load([(name, id)], lock=False)
        found = self._known[name, id]
        self._note("R", name, id, found)
        if found is None:
            raise not_found(name, id)
        if found.deleted:
            raise gone(name, id)
        check_match(name, id, found, if_match)
        return found.stored if isinstance(type, str) else fhir.parse(found.stored.content, name).resource

    async def parameters(self) -> ParametersOf:
        """Each type's search parameters for this tenant."""
        return await self._kernel.parameters.known(self._ctx.tenant.key)

    async def search(self, query: Query) -> Page:
        """One page of a search that sees what this transaction has written."""
        await self.flush()
        page = await self._kernel.searcher.search_in(self._ctx, query, self.fetch)
        names, found = " ".join(query.names), shown_by(page)
        entry = Entry(self._ctx.clock.now(), 0, 0, TYPE_CODE[query.type], 200, "S", self._ctx.actor.id, "", self._ctx.request_id)
        self.note(entry._replace(detail=f"?{names} {found}".rstrip()))
        return page

    @overload
    async def create(self, resource: Struct, id: str | None = None) -> Struct: ...
    @overload
    async def create(self, resource: Parsed, id: str | None = None) -> Written: ...
    async def create(self, resource: Any, id: str | None = None) -> Any:  # noqa: A002 - FHIR's word
        """A new record, written with all others at the end. `id`: one that the caller has made with `fhir.new_id`."""
        parsed = resource if isinstance(resource, Parsed) else fhir.from_struct(resource)
        self._kernel.owners.check(parsed)
        await self._kernel.parameters.check(self._ctx, parsed, id or "")
        issues = await self._kernel.profiles.check(self._ctx, parsed)
        id_ = id or fhir.new_id(self._ctx.clock.now())
        if (parsed.type, id_) in self._dirty:
            raise Conflict(f"{parsed.type}/{id_} is written twice in one transaction")
        made = make(self._ctx, parsed, id_, self._kernel.codec, self._kernel.parameters)
        self._keep(made, self._new)
        return self._answer(Written(made.stored, "created", issues), resource)

    @overload
    async def update(self, resource: Struct, id: str | None = None, if_match: int | None = None) -> Struct: ...
    @overload
    async def update(self, resource: Parsed, id: str | None = None, if_match: int | None = None) -> Written: ...
    async def update(self, resource: Any, id: str | None = None, if_match: int | None = None) -> Any:  # noqa: A002
        """The next version of a record, or its first when there is none. Raises `VersionConflict`."""
        parsed = resource if isinstance(resource, Parsed) else fhir.from_struct(resource)
        self._kernel.owners.check(parsed)
        await self._kernel.parameters.check(self._ctx, parsed, id or parsed.id or "")
        issues = await self._kernel.profiles.check(self._ctx, parsed)
        id_ = id or parsed.id
        if not id_:
            raise NotFound(f"an update of {parsed.type} needs the record's id")
        before = await self._before_write(parsed.type, id_, if_match)
        made = make(self._ctx, parsed, id_, self._kernel.codec, self._kernel.parameters, before)
        self._keep(made, self._new if before is None else self._put)
        return self._answer(Written(made.stored, outcome_of(made, before), issues), resource)

    async def delete(self, type: str, id: str, if_match: int | None = None) -> Written:  # noqa: A002 - FHIR's words
        """Delete a record; nothing happens when it is not there."""
        self._kernel.owners.check_served(type)
        before = await self._before_write(type, id, if_match)
        if before is None or before.deleted:
            self._note("D", type, id, before, outcome=204)
            stored = before.stored if before else Stored(type, id, 0, self._ctx.clock.now(), True, b"", fhir.rid(type, id))
            return Written(stored, "unchanged")
        made = make_deletion(self._ctx, type, id, before)
        self._keep(made, self._put)
        return Written(made.stored, "deleted")

    async def load(self, names: Iterable[Name], *, lock: bool = True) -> None:
        """Fetch many records in one round trip per schema, and lock them unless told not to, so that later writes need none."""
        held = self._locked if lock else self._known.keys()
        wanted = {name for name in names if name not in held and name not in self._dirty}
        legal = {name for name in wanted if LEGAL_ID.fullmatch(name[1])}
        tenant = self._ctx.tenant.key
        await self._kernel.parameters.fresh(tenant)
        by_schema: dict[str, list[Name]] = {}
        for name in sorted(legal):
            by_schema.setdefault(self._kernel.owners.schema_of(name[0]), []).append(name)
        for schema, group in sorted(by_schema.items()):
            sql = reading_sql.current(schema, lock=lock)
            found = await self.fetch(sql, self._ctx.tenant.key, [TYPE_CODE[type_] for type_, _ in group], [id_ for _, id_ in group])
            here = {(fhir.TYPE_NAME[row["rtype"]], row["id"]): row for row in found}
            for name in group:
                now = present(here[name], name[0], self._kernel.codec, self._kernel.parameters, tenant) if name in here else None
                self._check_unchanged(name, now)
                self._known[name] = now
        for name in wanted - legal:
            self._known[name] = None
        if lock:
            self._locked |= wanted

    async def lock(self, *names: str) -> None:
        """Let nobody else who asks for one of these names go on before this transaction ends: for conditional create and the like."""
        keys = sorted(fhir.token_value(f"{self._ctx.tenant.key}/{name}") for name in set(names))
        await self.fetch("select pg_advisory_xact_lock(k) from unnest($1::int8[]) as k", keys)

    def emit(self, event: Event) -> None:
        """Say that this has happened, to those who subscribe: once this transaction is durable, and only then."""
        self._events.append(encode(event))

    async def fetch(self, sql: str, /, *arguments: Any) -> list[Any]:
        """Run one statement inside this transaction. Lost connections and lost races come out as `Busy`, taken ids as `Conflict`."""
        try:
            if self._session is None:
                self._session = await self._kernel.connections.take(self._ctx.tenant.key)
                await self._session.execute("begin")
            return await self._session.fetch(sql, *arguments)
        except (*LOST, asyncpg.PostgresError) as error:
            raise translated(error) from error

    def note(self, entry: Entry, *, binding: bool = False) -> None:
        """Something seen inside this transaction: recorded with it, and also when it comes to nothing.

        `binding`: something done that leaves no version behind: recorded in the same commit or not at all.
        """
        (self._bound if binding else self._seen).append(entry)

    async def flush(self) -> None:
        """Write what has been collected, so that a search sees it."""
        for schema in sorted(self._put.keys() | self._new.keys()):
            put = sorted(self._put.pop(schema, []), key=lambda row: row.columns[rows.RID])
            for start in range(0, len(put), MOST_ROWS):
                await self._flush_put(schema, put[start : start + MOST_ROWS])
            new = self._new.pop(schema, [])
            for start in range(0, len(new), MOST_ROWS):
                part = new[start : start + MOST_ROWS]
                tables, arrays = rows.inserting(part)
                sql = writing_sql.insert(schema, tables, settle=False)
                await self.fetch(sql, self._ctx.tenant.key, 0, 0, b"", *rows.resource_columns(part), *arrays)
        self._dirty.clear()

    async def _flush_put(self, schema: str, part: list[Row]) -> None:
        tables, changes = rows.replacing(part)
        arrays = (*rows.resource_columns(part), [row.expected for row in part], *changes)
        found = await self.fetch(writing_sql.replace(schema, tables, settle=False), self._ctx.tenant.key, 0, 0, b"", *arrays)
        if len(found[0]["replaced"]) != len(part):
            raise Contended("another request was changing the same records; please try again")

    async def _before_write(self, type: str, id: str, if_match: int | None) -> Present | None:  # noqa: A002 - FHIR's words
        if (type, id) in self._dirty:
            await self.flush()
        await self.load([(type, id)])
        before = self._known[type, id]
        check_match(type, id, before, if_match)
        return before

    def _check_unchanged(self, name: Name, now: Present | None) -> None:
        if name not in self._known:
            return
        was = self._known[name]
        if (was.version if was else 0) != (now.version if now else 0):
            raise VersionConflict(f"{name[0]}/{name[1]} was changed by another request after this one had read it")

    def _keep(self, made: Made, where: dict[str, list[Row]]) -> None:
        stored, row = made
        where.setdefault(self._kernel.owners.schema_of(stored.type), []).append(row)
        self._written.append(row)
        name = (stored.type, stored.id)
        kinds = Indexed(row.columns[rows.PRID], row.columns[rows.PLACE["d"]])
        content, own, tenant = stored.content, self._kernel.parameters, self._ctx.tenant.key

        def indexed() -> Indexed:
            return kinds if stored.deleted else own.indexed(tenant, content, stored.type, stored.id)

        self._known[name] = Present(stored.version, stored.deleted, row.prid, indexed, stored)
        self._dirty.add(name)
        self._locked.add(name)

    def _answer(self, written: Written, resource: Any) -> Any:
        if isinstance(resource, Parsed):
            return written
        return fhir.parse(written.stored.content, written.stored.type).resource

    def _note(self, action: Action, type: str, id: str, found: Present | None, outcome: int = 0) -> None:  # noqa: A002
        status = outcome or (404 if found is None else 410 if found.deleted else 200)
        prid = found.prid if found else 0
        legal = id if LEGAL_ID.fullmatch(id) else ""
        version = found.version if found else 0
        self._seen.append(
            Entry(self._ctx.clock.now(), prid, version, TYPE_CODE[type], status, action, self._ctx.actor.id, legal, self._ctx.request_id)
        )

    async def _commit(self) -> None:
        await self.flush()
        entries = self._seen + [audited(row) for row in self._written] + self._bound
        if not self._written and not self._events and not self._bound:
            if self._session is not None:
                await self._session.execute("commit")
            await self._kernel.ledger.record(self._ctx.tenant.key, entries)
            return
        await self._settle(entries or [self._entry("X", 200, "events")])
        if any(row.columns[0] == TYPE_CODE["SearchParameter"] for row in self._written):
            self._kernel.parameters.changed(self._ctx.tenant.key)
        self._kernel.committed()

    async def _settle(self, entries: list[Entry]) -> None:
        tenant, ledger = self._ctx.tenant.key, self._kernel.ledger
        stream = await ledger.idle_stream(tenant, self._ctx.clock.now())
        durable = False
        try:
            arrays = (rows.patients(self._written), *rows.outbox(self._ctx, self._written, self._events), *columns(entries))
            found = await self.fetch(writing_sql.settle(), tenant, stream.id, stream.seq, stream.head, *arrays)
            assert self._session is not None
            try:
                await self._session.execute("commit")
            except (*LOST, asyncpg.PostgresError) as error:
                raise translated(error) from error
            durable = True
        finally:
            if durable:
                stream.extend(len(entries), found[0]["head"])
                ledger.streams.give(tenant, stream)
            else:
                ledger.streams.end(tenant, stream)

    async def _undo(self, error: BaseException) -> None:
        session, self._session = self._session, None
        if session is not None:
            try:
                await session.execute("rollback")
            except (*LOST, *CONTENDED, asyncpg.PostgresError):
                self._kernel.connections.drop(session)
            else:
                self._kernel.connections.give(session)
        entries = list(self._seen)
        if isinstance(error, OslerError):
            entries.append(self._entry("X", error.status, "transaction refused"))
        await self._kernel.ledger.record(self._ctx.tenant.key, entries)

    def _entry(self, action: Action, outcome: int, detail: str) -> Entry:
        return Entry(self._ctx.clock.now(), 0, 0, 0, outcome, action, self._ctx.actor.id, "", self._ctx.request_id, detail)

    def _release(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._kernel.connections.give(session)


def audited(row: Row) -> Entry:
    """The audit row of a version written."""
    rtype, _, version, _, prid, _, updated, _, id_, author, *_ = row.columns
    action: dict[str, Action] = {"c": "C", "u": "U", "d": "D"}
    return Entry(updated, prid, version, rtype, row.outcome, action[row.op], author, id_, row.request_id)
