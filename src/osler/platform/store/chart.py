"""One patient's record for the chart: live in one round trip over all schemas, or a kept copy that is valid only at the patient's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter

import msgspec

from osler.platform.context import Context
from osler.platform.fhir import TYPE_CODE, rid
from osler.platform.store import chart_sql
from osler.platform.store.codec import Codec
from osler.platform.store.lanes import Lane
from osler.platform.store.ledger import Ledger
from osler.platform.store.owners import Owners
from osler.platform.store.reading import LEGAL_ID, gone, not_found

PATIENT = "Patient"
Wanted = tuple[int, int, int | None, str, str, str, datetime]
"""A cached chart asked for: prid, query, the clock the caller has, the patient's id, actor, request id, when."""


class Section(msgspec.Struct, frozen=True):
    """The newest `limit` records of one type in the patient's record; with `token` (key, value) only those a search row marks so.

    `after`: only beyond this (d, rid), the `place` of a record before. `total`: count them all, too.
    """

    type: str
    limit: int
    token: tuple[int, int] | None = None
    after: tuple[datetime, int] | None = None
    total: bool = False


class Shown(msgspec.Struct, frozen=True):
    """One section's records as JSON, newest first; `places` runs beside them; `total` when it was asked for."""

    bodies: list[bytes]
    places: list[tuple[datetime, int]]
    total: int | None


class PatientRecord(msgspec.Struct, frozen=True):
    """The patient, the clock this was true at, and the sections in the order asked."""

    patient: bytes
    clock: int
    sections: list[Shown]


class CachedChart(msgspec.Struct, frozen=True):
    """The patient's clock; `gz` is the kept answer when it was made at that clock and the caller has not got it already."""

    clock: int
    gz: bytes | None


class Charts:
    """What `store.charts` offers. Every access is audited in the statement that makes it."""

    def __init__(self, ledger: Ledger, owners: Owners, codec: Codec) -> None:
        self._ledger = ledger
        self._owners = owners
        self._codec = codec
        self._lanes: dict[int, Lane[Wanted, CachedChart | None]] = {}

    async def fetch(self, ctx: Context, patient: str, sections: Sequence[Section]) -> PatientRecord:
        """The patient of this id and all sections, as they were at one moment. Raises `NotFound` or `Gone`."""
        at, tenant = ctx.clock.now(), ctx.tenant.key
        patient = patient if LEGAL_ID.fullmatch(patient) else ""
        shapes = tuple((self._owners.schema_of(each.type), each.token is not None, each.after is not None, each.total) for each in sections)
        given: list[object] = []
        for each in sections:
            given += [TYPE_CODE[each.type], each.limit, *(each.token or ()), *(each.after or ())]
        sql = chart_sql.sections(self._owners.schema_of(PATIENT), shapes)
        who = (ctx.actor.id, ctx.request_id, rid(PATIENT, patient), TYPE_CODE[PATIENT], patient)
        rows = await self._ledger.run(tenant, at, 1, sql, at, "G", *who, *given)
        rows.sort(key=itemgetter(0))  # by section; stable, so each stays newest first
        section, codec, content, number, _, clock, _ = rows[0]
        if section != 0:
            raise not_found(PATIENT, patient)
        if content is None:
            raise gone(PATIENT, patient)
        unpack = self._codec.unpack
        own = unpack(codec, content)
        bodies: list[list[bytes]] = [[] for _ in range(len(sections) + 1)]
        places: list[list[tuple[datetime, int]]] = [[] for _ in range(len(sections) + 1)]
        totals: list[int | None] = [None] * (len(sections) + 1)
        for section, codec, content, number, d, total, _ in rows[1:]:
            if number is None:
                totals[section] = total
            else:
                bodies[section].append(unpack(codec, content))
                places[section].append((d, number))
        return PatientRecord(own, clock or 0, list(map(Shown, bodies[1:], places[1:], totals[1:])))

    async def cached(self, ctx: Context, patient: str, query: int, have: int | None = None) -> CachedChart | None:
        """The kept answer to a query (its hash) about a patient. None: there is no such patient. `have`: the clock the caller knows."""
        tenant = ctx.tenant.key
        patient = patient if LEGAL_ID.fullmatch(patient) else ""
        lane = self._lanes.get(tenant)
        if lane is None:
            lane = self._lanes[tenant] = self._lane(tenant)
        return await lane.ask((rid(PATIENT, patient), query, have, patient, ctx.actor.id, ctx.request_id, ctx.clock.now()))

    def _lane(self, tenant: int) -> Lane[Wanted, CachedChart | None]:
        async def send(jobs: list[Wanted]) -> list[CachedChart | Exception | None]:
            *columns, times = zip(*jobs, strict=True)
            given = (times[-1], "G", TYPE_CODE[PATIENT], *columns)
            rows = await self._ledger.run(tenant, times[-1], len(jobs), chart_sql.CACHED, *given)
            rows.sort(key=itemgetter(0))
            return [None if clock is None else CachedChart(clock, gz) for _, clock, gz, _ in rows]

        return Lane(send)

    async def keep(self, ctx: Context, patient: str, query: int, clock: int, gz: bytes) -> None:
        """Keep an answer made at this clock; an older one never replaces a newer."""
        async with self._ledger.connections.lend(ctx.tenant.key) as session:
            await session.fetch(chart_sql.KEEP, ctx.tenant.key, rid(PATIENT, patient), query, clock, gz)
