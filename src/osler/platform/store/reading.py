"""Read and version read: concurrent ones share a statement, and each is audited in the commit that reads it."""

from __future__ import annotations

import re
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from osler.platform.audit import Entry
from osler.platform.context import Context
from osler.platform.errors import Gone, NotFound
from osler.platform.fhir import TYPE_CODE, TYPE_NAME, rid
from osler.platform.store import reading_sql
from osler.platform.store.codec import Codec
from osler.platform.store.lanes import Lane
from osler.platform.store.ledger import Ledger
from osler.platform.store.owners import Owners
from osler.platform.store.records import Stored

LEGAL_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
"""https://hl7.org/fhir/R4/datatypes.html#id"""
OUR_VERSION = re.compile(r"[1-9][0-9]{0,8}")
"""A version id we give; `01` is none, though it is the same number."""


class Asked(NamedTuple):
    """One read under way."""

    rtype: int
    id: str
    actor: str
    request_id: str
    at: datetime


def not_found(type: str, id: str) -> NotFound:  # noqa: A002 - FHIR's words
    """There is no such record: never was, or it is another tenant's."""
    return NotFound(f"{type}/{id} is not known")


def gone(type: str, id: str) -> Gone:  # noqa: A002 - FHIR's words
    """The record was deleted."""
    return Gone(f"{type}/{id} has been deleted")


class Reader:
    """The read lanes: one per tenant and schema, one batch in flight in each."""

    def __init__(self, ledger: Ledger, owners: Owners, codec: Codec) -> None:
        self._ledger = ledger
        self._owners = owners
        self._codec = codec
        self._lanes: dict[tuple[int, str], Lane[Asked, Stored]] = {}

    async def read(self, ctx: Context, type: str, id: str) -> Stored:  # noqa: A002 - FHIR's words
        """The present version. Raises `NotFound` or `Gone`; either is audited before it is raised."""
        tenant = ctx.tenant.key
        schema = self._owners.schema_of(type)
        if LEGAL_ID.fullmatch(id) is None:
            entry = Entry(ctx.clock.now(), 0, 0, TYPE_CODE[type], 404, "R", ctx.actor.id, "", ctx.request_id)
            raise await self._ledger.refuse(tenant, entry, not_found(type, "that id"))
        lane = self._lanes.get((tenant, schema))
        if lane is None:
            lane = self._lanes[tenant, schema] = self._lane(tenant, schema)
        return await lane.ask(Asked(TYPE_CODE[type], id, ctx.actor.id, ctx.request_id, ctx.clock.now()))

    def _lane(self, tenant: int, schema: str) -> Lane[Asked, Stored]:
        sql = reading_sql.read(schema)
        ledger, unpack = self._ledger, self._codec.unpack

        async def send(jobs: list[Asked]) -> list[Stored | Exception]:
            rtypes, ids, actors, requests, times = zip(*jobs, strict=True)
            rows = await ledger.run(tenant, times[-1], len(jobs), sql, times[-1], "R", rtypes, ids, actors, requests)
            rows.sort(key=itemgetter(0))
            answers: list[Stored | Exception] = []
            for job, (_, version, updated, deleted, codec, content, number, _) in zip(jobs, rows, strict=True):
                type_ = TYPE_NAME[job.rtype]
                if version is None:
                    answers.append(not_found(type_, job.id))
                elif deleted:
                    answers.append(gone(type_, job.id))
                else:
                    answers.append(Stored(type_, job.id, version, updated, False, unpack(codec, content), number))
            return answers

        return Lane(send)

    async def vread(self, ctx: Context, type: str, id: str, version: str) -> Stored:  # noqa: A002 - FHIR's words
        """One version, present or superseded. Raises `NotFound`, or `Gone` for the version that is the deletion."""
        schema = self._owners.schema_of(type)
        id = id if LEGAL_ID.fullmatch(id) else ""  # noqa: A001 - no record has an empty id
        number = int(version) if OUR_VERSION.fullmatch(version) else 0
        at = ctx.clock.now()
        what = (TYPE_CODE[type], id, number, rid(type, id))
        rows = await self._ledger.run(ctx.tenant.key, at, 1, reading_sql.vread(schema), at, "V", ctx.actor.id, ctx.request_id, *what)
        row = rows[0]
        if row["version"] is None:
            raise NotFound(f"{type}/{id} has no version {number or 'of that name'}")
        if row["deleted"]:
            raise gone(type, id)
        return stored(row, self._codec)


def stored(row: Any, codec: Codec) -> Stored:
    """A row with the columns of `reading_sql.COLUMNS` as a version."""
    rtype, id_, version, updated, deleted, number, content, rid_, *_ = row
    return Stored(TYPE_NAME[rtype], id_, version, updated, deleted, codec.unpack(number, content), rid_)
