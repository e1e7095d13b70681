"""What was, version by version, newest first: of one record, of a type, of the whole tenant. https://hl7.org/fhir/R4/http.html#history"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

import msgspec

from osler.platform.context import Context
from osler.platform.errors import Malformed
from osler.platform.fhir import TYPE_CODE, rid
from osler.platform.store import reading_sql
from osler.platform.store.codec import Codec
from osler.platform.store.ledger import Ledger
from osler.platform.store.owners import Owners
from osler.platform.store.reading import LEGAL_ID, not_found, stored
from osler.platform.store.records import HistoryPage

EVER = datetime(1, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
PAGE = 50
LARGEST_PAGE = 1000
Place = tuple[datetime, int, int]
"""Where a page ends: updated, rid and version of its last entry."""


class Historian:
    """Pages of versions, deletions among them, audited with what they showed."""

    def __init__(self, ledger: Ledger, owners: Owners, codec: Codec) -> None:
        self._ledger = ledger
        self._owners = owners
        self._codec = codec

    async def history(
        self,
        ctx: Context,
        type: str | None,  # noqa: A002 - FHIR's words
        id: str | None,  # noqa: A002
        since: datetime | None = None,
        at: tuple[datetime, datetime] | None = None,
        count: int | None = None,
        cursor: str | None = None,
    ) -> HistoryPage:
        """One page. `at` [from, before): what was current at some time in it. Raises `NotFound` for a record that never was."""
        schemas = ((self._owners.schema_of(type), ()),) if type else self._owners.schemas
        size = PAGE if count is None else max(1, min(count, LARGEST_PAGE))
        low, high = at or (since or EVER, NEVER)
        scope = "instance" if id is not None else "type" if type else "system"
        if id is not None and LEGAL_ID.fullmatch(id) is None:
            id = ""  # noqa: A001 - no record has an empty id
        after = read_cursor(cursor) if cursor else None
        now = ctx.clock.now()
        rtype = TYPE_CODE[type] if type else None
        number = rid(type, id) if type and id is not None else None
        sql = reading_sql.history(schemas, scope, after=after is not None, at=at is not None)
        arguments = (now, "H", ctx.actor.id, ctx.request_id, rtype, id, low, high, size + 1, number, *(after or ()))
        rows = await self._ledger.run(ctx.tenant.key, now, 1, sql, *arguments)
        if rows[0]["outcome"] == 404:
            raise not_found(type or "", id or "")
        entries = [stored(row, self._codec) for row in rows if row["version"] is not None]
        if len(entries) <= size:
            return HistoryPage(entries, None)
        last = entries[size - 1]
        return HistoryPage(entries[:size], write_cursor((last.updated, last.rid, last.version)))


def write_cursor(place: Place) -> str:
    """The end of a page as an opaque word."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).decode().rstrip("=")


def read_cursor(cursor: str) -> Place:
    """The place a cursor names. Raises `Malformed` for one we did not write."""
    try:
        place: Place = msgspec.msgpack.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=Place)
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise damaged() from error
    if place[0].tzinfo is None or abs(place[1]) >= 2**63 or not 0 <= place[2] < 2**31:
        raise damaged()
    return place


def damaged() -> Malformed:
    """A cursor we did not write."""
    return Malformed("the page link of this history is damaged")
