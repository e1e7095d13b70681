"""Making the search rows of records anew while others go on reading and writing: after a release that finds more in them,
and for a search parameter that a tenant has added.

A batch of records is read, its rows are computed, and in one transaction (which holds those records at the version that was read)
the rows that are not there are put in and the place is noted. A record that was written meanwhile is read again: whoever writes takes
the rows of its old version for present. A process that is killed loses a batch at most, and the next one goes on behind the last.

At the end the rows of each parameter are counted. Where there are more than the records account for, each row is looked at and what
belongs to no record is taken out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from osler.platform.fhir import TYPE_CODE, search_parameters
from osler.platform.fhir.dates import EARLIEST, LATEST
from osler.platform.fhir.words import word_vector
from osler.platform.store import reindexing_sql as sql
from osler.platform.store.codec import Codec
from osler.platform.store.connections import Connections, Session
from osler.platform.store.index_versions import STAMP, fingerprint
from osler.platform.store.owners import Owners
from osler.platform.store.rows import Indexed
from osler.platform.store.writing_sql import INDEXES

if TYPE_CHECKING:
    from osler.platform.store.store import Kernel

BATCH = 500
"""Records in one transaction: memory and the time others wait for one of them stay small."""
LOOKED_AT = 5000
"""Rows looked at together."""
DROPPED = 20_000
Index = Callable[[int, bytes, str, str], tuple[Indexed, list[tuple[int, str]]]]
"""(tenant, body, type, id) -> all search rows of a record, and its texts."""


@dataclass(slots=True)
class Done:
    """What a reindex of one type came to."""

    records: int = 0
    added: int = 0
    removed: int = 0
    counted: int = 0
    """Rows there are in the end, of the parameters asked for."""


@dataclass(slots=True)
class _Progress:
    after: str = ""
    done: int = 0
    expected: Counter[str] = field(default_factory=Counter)
    """`table:key` -> rows that the records account for."""


class Reindexing:
    """Goes over one type of one tenant."""

    def __init__(self, connections: Connections, owners: Owners, codec: Codec, index: Index) -> None:
        self._connections = connections
        self._owners = owners
        self._codec = codec
        self._index = index

    async def run(
        self,
        tenant: int,
        type_name: str,
        keys: frozenset[int] | None = None,
        *,
        resume: bool = False,
        mark: str = "",
        advance: Callable[[int], None] = lambda _: None,
    ) -> Done:
        """Reindex every record of a type; with `keys` the rows of these parameters only. `mark` names that choice, for `resume`."""
        work = _Work(self, tenant, type_name, keys, mark, advance)
        async with self._connections.lend(tenant) as session:
            await work.begin(session, resume)
        while await work.step():
            pass
        await work.verify()
        async with self._connections.lend(tenant) as session:
            if keys is None:
                await session.fetch(STAMP, tenant, [TYPE_CODE[type_name]], [fingerprint(type_name)])
            await session.fetch(sql.FORGET, tenant, TYPE_CODE[type_name], mark)
        return work.result

    async def drop(self, tenant: int, schema: str, keys: Sequence[int]) -> int:
        """Take out every row of parameters that are no more, a part at a time."""
        gone = 0
        for kind in range(len(INDEXES)):
            while True:
                async with self._connections.lend(tenant) as session:
                    rows = (await session.fetch(sql.drop(schema, kind), tenant, list(keys), DROPPED))[0]["rows"]
                gone += rows
                if rows < DROPPED:
                    break
        return gone


class _Work:
    """One type of one tenant under way."""

    def __init__(
        self, by: Reindexing, tenant: int, type_name: str, keys: frozenset[int] | None, mark: str, advance: Callable[[int], None]
    ) -> None:
        self._by = by
        self._tenant = tenant
        self._type = type_name
        self._rtype = TYPE_CODE[type_name]
        self._schema = by._owners.schema_of(type_name)
        self._keys = keys
        self._mark = mark
        self._advance = advance
        self._progress = _Progress()
        self._begun = EARLIEST
        self.result = Done()

    async def begin(self, session: Session, resume: bool) -> None:
        """At the beginning, or behind the last batch of a reindex that was cut off (since when, nobody knows what was written)."""
        self._begun = EARLIEST if resume else (await session.fetch(sql.NOW))[0]["now"]
        if not resume:
            await session.fetch(sql.FORGET, self._tenant, self._rtype, self._mark)
            return
        for row in await session.fetch(sql.BEGUN, self._tenant, self._rtype, self._mark, fingerprint(self._type)):
            self._progress = _Progress(row["after"], row["done"], Counter(json.loads(row["expected"])))
            self.result.records = row["done"]
            self._advance(row["done"])

    async def step(self) -> bool:
        """One batch. False when there is no record left."""
        connections, progress = self._by._connections, self._progress
        async with connections.lend(self._tenant) as session:
            found = await session.fetch(sql.batch(self._schema), self._tenant, self._rtype, progress.after, BATCH)
        if not found:
            return False
        last, size = found[-1]["id"], len(found)
        session = await connections.take(self._tenant)
        try:
            await session.execute("begin")
            late: Sequence[Any] = found
            while late:
                late = await self._put(session, late)
            progress.after, progress.done = last, progress.done + size
            values = (fingerprint(self._type), progress.after, progress.done, json.dumps(progress.expected))
            await session.fetch(sql.REACHED, self._tenant, self._rtype, self._mark, *values)
            await session.execute("commit")
        except BaseException:
            connections.drop(session)
            raise
        connections.give(session)
        self.result.records += size
        self._advance(size)
        return True

    async def _put(self, session: Session, found: Sequence[Any]) -> Sequence[Any]:
        """Put in what is missing of these records; answers those that were written while we computed, as they are now."""
        computed = [(row, *self._rows(row)) for row in found]
        held = await session.fetch(sql.hold(self._schema), self._tenant, [row["rid"] for row in found], [row["version"] for row in found])
        here = {row["rid"] for row in held}
        mine = [one for one in computed if one[0]["rid"] in here]
        moved = [one for one in mine if (one[0]["prid"], as_sent(one[0]["d"])) != (one[1].prid, one[1].d)]
        for kind in range(len(INDEXES)):
            old = [(row["prid"], row["d"], row["rid"], *values) for row, new, _ in moved for values in self._chosen(new, kind)]
            if old:
                self.result.removed += (await session.fetch(sql.remove(self._schema, kind), self._tenant, *zip(*old, strict=True)))[0][
                    "rows"
                ]
            rows = [(new.prid, new.d, row["rid"], *values) for row, new, _ in mine for values in self._chosen(new, kind)]
            if rows:
                self.result.added += (await session.fetch(sql.add(self._schema, kind), self._tenant, *zip(*rows, strict=True)))[0]["rows"]
            self._progress.expected.update(Counter(f"{kind}:{values[3]}" for values in rows))
        if mine and self._keys is None:
            columns = zip(*((row["rid"], new.prid, new.d, words) for row, new, words in mine), strict=True)
            await session.fetch(sql.move(self._schema), self._tenant, *columns)
        late = [row["rid"] for row in found if row["rid"] not in here]
        return await session.fetch(sql.some(self._schema), self._tenant, late, self._rtype) if late else []

    def _rows(self, row: Any) -> tuple[Indexed, str]:
        body = self._by._codec.unpack(row["codec"], row["content"])
        rows, texts = self._by._index(self._tenant, body, self._type, row["id"])
        return rows, word_vector(body, texts, self._tenant, self._rtype)

    def _chosen(self, rows: Indexed, kind: int) -> Iterable[tuple[Any, ...]]:
        keys = self._keys
        return rows.kinds[kind] if keys is None else (values for values in rows.kinds[kind] if values[0] in keys)

    async def verify(self) -> None:
        """Count the rows of each parameter; look at every row of those that have more than their records account for.

        Where records were written meanwhile a count tells nothing, so every row is looked at.
        """
        keys = [parameter.key for parameter in search_parameters(self._type).values()] if self._keys is None else list(self._keys)
        async with self._by._connections.lend(self._tenant) as session:
            busy = bool(await session.fetch(sql.written_since(self._schema), self._tenant, self._rtype, self._begun))
        for kind in range(len(INDEXES)):
            async with self._by._connections.lend(self._tenant) as session:
                found = await session.fetch(sql.count(self._schema, kind), self._tenant, keys)
            surplus = [row["key"] for row in found if busy or row["rows"] > self._progress.expected[f"{kind}:{row['key']}"]]
            removed = await self._look_at(kind, surplus) if surplus else 0
            self.result.removed += removed
            self.result.counted += sum(row["rows"] for row in found) - removed

    async def _look_at(self, kind: int, keys: Sequence[int]) -> int:
        """Take out the rows that belong to no record as it is now."""
        connections, removed = self._by._connections, 0
        reader = await connections.take(self._tenant)
        try:
            async with reader.raw.transaction():
                cursor = await reader.raw.cursor(sql.rows_of(self._schema, kind), self._tenant, list(keys))
                while rows := await cursor.fetch(LOOKED_AT):
                    left = [tuple(map(as_sent, row)) for row in rows]
                    while left:
                        gone, left = await self._without_owner(kind, left)
                        removed += gone
        except BaseException:
            connections.drop(reader)
            raise
        connections.give(reader)
        return removed

    async def _without_owner(self, kind: int, rows: Sequence[tuple[Any, ...]]) -> tuple[int, list[tuple[Any, ...]]]:
        """How many of these rows belonged to nobody and were taken out, and those of records that were written at this moment."""
        connections = self._by._connections
        session = await connections.take(self._tenant)
        try:
            await session.execute("begin")
            rids = sorted({row[2] for row in rows})
            found = await session.fetch(sql.some(self._schema), self._tenant, rids, self._rtype)
            held = await session.fetch(
                sql.hold(self._schema), self._tenant, [row["rid"] for row in found], [row["version"] for row in found]
            )
            here = {row["rid"] for row in held}
            written = {row["rid"] for row in found} - here
            owned: set[tuple[Any, ...]] = set()
            for row in found:
                if row["rid"] in here:
                    new, _ = self._rows(row)
                    owned |= {(new.prid, new.d, row["rid"], *values) for values in new.kinds[kind]}
            wrong = [row for row in rows if row not in owned and row[2] not in written]
            gone = (await session.fetch(sql.remove(self._schema, kind), self._tenant, *zip(*wrong, strict=True)))[0]["rows"] if wrong else 0
            await session.execute("commit")
        except BaseException:
            connections.drop(session)
            raise
        connections.give(session)
        return int(gone), [row for row in rows if row[2] in written]


def as_sent(value: Any) -> Any:
    """The ends of time come back from the database without a zone."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return LATEST if value.year == LATEST.year else EARLIEST
    return value


def reindexing(kernel: Kernel) -> Reindexing:
    """With a store's own equipment: each tenant's own parameters are indexed as well."""
    return Reindexing(kernel.connections, kernel.owners, kernel.codec, kernel.parameters.whole)
