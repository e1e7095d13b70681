"""All there is about a patient or an encounter, page by page in one fixed order, with what supports it at the end.

https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from osler.platform.access import readable
from osler.platform.audit import Entry
from osler.platform.context import Context
from osler.platform.fhir import TYPE_CODE, TYPE_NAME, rid, search_parameters
from osler.platform.fhir.dates import EARLIEST
from osler.platform.store import everything_sql
from osler.platform.store.codec import Codec
from osler.platform.store.everything_plan import Place, Wanted, compartment_keys, primary_date_keys
from osler.platform.store.everything_sql import Values
from osler.platform.store.ledger import Ledger
from osler.platform.store.owners import Owners
from osler.platform.store.reading import LEGAL_ID, gone, not_found
from osler.platform.store.records import Stored

DEEPEST = 5
"""Levels of references followed from the records to what supports them: a role's organization, that one's endpoint."""
AT_ONCE = 2000
"""Records looked through at a time for what they refer to."""
PATIENTS_A_PAGE = 50
SUPPORTING = 3
_POINTS = re.compile(rb'"reference":"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^"]*)?"')
_tree = msgspec.json.Decoder()


class Asked(msgspec.Struct, frozen=True):
    """What is wanted of the record."""

    kinds: frozenset[str] | None = None
    """Only these types; None: every type the actor may read."""
    since: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    count: int = 5000


class Everything(msgspec.Struct, frozen=True):
    """One page: records in order, each `match` or (what supports them) `include`; `next` is where the following page goes on."""

    found: list[tuple[Stored, str]]
    next: Place | None


class Gatherer:
    """What `store.everything` offers. No page is handed out before its audit rows, one for each patient in it, are durable."""

    def __init__(self, ledger: Ledger, owners: Owners, codec: Codec) -> None:
        self._ledger = ledger
        self._owners = owners
        self._codec = codec

    async def about(self, ctx: Context, kind: str, id: str, asked: Asked, after: Place | None = None) -> Everything:  # noqa: A002
        """A page about one Patient or Encounter. Raises `NotFound` or `Gone`, either of them audited."""
        record, patient = await self._anchor(ctx, kind, id)
        wanted = self._wanted(ctx, kind, record, asked)
        found: list[tuple[Stored, int]] = []
        more, place = False, after
        if after is None or after.rank < SUPPORTING:
            found, more, place = await self._members(ctx, wanted, after, asked.count)
        shown = [(stored, "match") for stored, _ in found]
        room = asked.count - len(found)
        if not more and room:
            allowed = [0] if kind == "Patient" else [0, patient]
            supports = await self._supports(ctx, wanted, asked, allowed, [stored for stored, _ in found] if after is None else None)
            beyond = [one for one in supports if after is None or after.rank < SUPPORTING or one[0].rid > after.rid]
            shown += [(stored, "include") for stored, _ in beyond[:room]]
            found += beyond[:room]
            more = len(beyond) > room
            if more and found:
                place = Place(SUPPORTING, 0, EARLIEST, found[-1][0].rid)
        elif not more:
            more, place = True, Place(SUPPORTING, 0, EARLIEST, -(2**63))
        await self._audit(ctx, kind, id, record if kind == "Patient" else patient, found)
        return Everything(shown, place if more else None)

    async def about_all(self, ctx: Context, asked: Asked, after: Place | None = None) -> Everything:
        """A page about every patient there is, one after the other, and at the end the records that are nobody's."""
        found: list[tuple[Stored, int]] = []
        shown: list[tuple[Stored, str]] = []
        place = after
        for _ in range(PATIENTS_A_PAGE):
            if place is not None and place.rank == SUPPORTING:
                wanted = self._nobodys(ctx, asked)
                inner = None if place.rtype < 0 else msgspec.structs.replace(place, rank=1)
                part, more, reached = await self._members(ctx, wanted, inner, asked.count - len(found))
                found += part
                shown += [(stored, "include") for stored, _ in part]
                place = msgspec.structs.replace(reached, rank=SUPPORTING) if more and reached else None
                break
            record = (
                place.patient
                if place is not None and place.rtype >= 0
                else await self._next_patient(ctx, place.patient if place else -(2**63))
            )
            if record is None:
                place = Place(SUPPORTING, -1, EARLIEST, 0)
            else:
                wanted = self._wanted(ctx, "Patient", record, asked)
                inner = place if place is not None and place.rtype >= 0 else None
                part, more, reached = await self._members(ctx, wanted, inner, asked.count - len(found))
                part = await self._own(ctx, record, part)
                found += part
                shown += [(stored, "match") for stored, _ in part]
                place = msgspec.structs.replace(reached, patient=record) if more and reached else Place(0, -1, EARLIEST, 0, record)
            if len(found) >= asked.count:
                break
        await self._audit(ctx, "Patient", "", 0, found)
        return Everything(shown, place)

    async def _anchor(self, ctx: Context, kind: str, id: str) -> tuple[int, int]:  # noqa: A002
        at = ctx.clock.now()
        number = rid(kind, id) if LEGAL_ID.fullmatch(id) else 0
        refused = Entry(at, 0, 0, TYPE_CODE[kind], 404, "G", ctx.actor.id, id if number else "", ctx.request_id)
        rows = await self._fetch(ctx, everything_sql.anchor(self._owners.schema_of(kind)), number, TYPE_CODE[kind], id if number else "")
        if not rows:
            raise await self._ledger.refuse(ctx.tenant.key, refused, not_found(kind, id if number else "that id"))
        if rows[0]["deleted"]:
            raise await self._ledger.refuse(ctx.tenant.key, refused._replace(prid=rows[0]["prid"]), gone(kind, id))
        return number, rows[0]["prid"]

    async def _next_patient(self, ctx: Context, after: int) -> int | None:
        rows = await self._fetch(ctx, everything_sql.following(self._owners.schema_of("Patient")), TYPE_CODE["Patient"], after)
        return rows[0]["rid"] if rows else None

    def _wanted(self, ctx: Context, kind: str, record: int, asked: Asked) -> Wanted:
        kinds = readable(ctx.actor) if asked.kinds is None else readable(ctx.actor) & asked.kinds
        pointing: dict[str, list[int]] = defaultdict(list)
        inside: dict[str, list[int]] = defaultdict(list)
        for each in sorted(kinds):
            schema = self._owners.schema_of(each)
            pointing[schema] += compartment_keys(kind, each)
            if kind == "Patient":
                inside[schema].append(TYPE_CODE[each])
        return Wanted(
            record,
            (self._owners.schema_of(kind), TYPE_CODE[kind]) if kind in kinds else None,
            tuple((schema, tuple(types)) for schema, types in sorted(inside.items())),
            tuple((schema, tuple(keys)) for schema, keys in sorted(pointing.items()) if keys),
            asked.since,
            asked.start,
            asked.end,
            primary_date_keys(kinds) if asked.start is not None else (),
        )

    def _nobodys(self, ctx: Context, asked: Asked) -> Wanted:
        """Records of the types that support others, in nobody's record."""
        kinds = readable(ctx.actor) & SUPPORT if asked.kinds is None else readable(ctx.actor) & SUPPORT & asked.kinds
        inside: dict[str, list[int]] = defaultdict(list)
        for each in sorted(kinds):
            inside[self._owners.schema_of(each)].append(TYPE_CODE[each])
        return Wanted(0, None, tuple((schema, tuple(types)) for schema, types in sorted(inside.items())), (), asked.since)

    async def _members(
        self, ctx: Context, wanted: Wanted, after: Place | None, count: int
    ) -> tuple[list[tuple[Stored, int]], bool, Place | None]:
        """A page of the record itself: the versions with whose record each is in, whether there are more, and where the page ended."""
        values = Values()
        sql = everything_sql.members(wanted, after, count, values)
        rows = await self._fetch(ctx, sql, *values.given) if sql and count > 0 else []
        found = [(self._stored(row), row["prid"]) for row in rows]
        if not rows:
            return [], False, after
        last = rows[-1]
        return found, last["more"], Place(last["rank"], last["rtype"], last["d"], last["rid"])

    async def _own(self, ctx: Context, record: int, part: list[tuple[Stored, int]]) -> list[tuple[Stored, int]]:
        """Without the records that some other patient's part of the answer shows: each stands in the answer once."""
        strangers = {stored.rid: claimants(stored, prid) for stored, prid in part if prid != record}
        if not strangers:
            return part
        numbers = sorted(set().union(*strangers.values()))
        sql = everything_sql.present(self._owners.schema_of("Patient"))
        there = {row["rid"] for row in await self._fetch(ctx, sql, numbers, TYPE_CODE["Patient"])}
        kept = []
        for stored, prid in part:
            home = record if prid == record else prid if prid in there else min(strangers[stored.rid] & there, default=record)
            if home == record:
                kept.append((stored, prid))
        return kept

    async def _supports(
        self, ctx: Context, wanted: Wanted, asked: Asked, allowed: Sequence[int], members: list[Stored] | None
    ) -> list[tuple[Stored, int]]:
        """What the members refer to, and what that refers to, in order of number; without the members themselves."""
        known: set[int] = {wanted.record}
        due: set[tuple[str, int]] = set()
        if members is None:
            place, more = None, True
            while more:
                part, more, place = await self._members(ctx, wanted, place, AT_ONCE)
                known |= {stored.rid for stored, _ in part}
                for stored, _ in part:
                    due |= pointed_at(stored.content)
        else:
            known |= {stored.rid for stored in members}
            for stored in members:
                due |= pointed_at(stored.content)
        kinds = readable(ctx.actor) if asked.kinds is None else readable(ctx.actor) & asked.kinds
        found = [one for one in await self._origins(ctx, sorted(known), allowed) if one[0].rid not in known]
        known |= {stored.rid for stored, _ in found}
        due = due.union(*(pointed_at(stored.content) for stored, _ in found))
        found = [one for one in found if one[0].type in kinds and (asked.since is None or one[0].updated > asked.since)]
        for _ in range(DEEPEST):
            wave = await self._named(ctx, [one for one in due if one[1] not in known], allowed)
            known |= {number for _, number in due}
            due = set().union(*(pointed_at(stored.content) for stored, _ in wave)) if wave else set()
            found += [one for one in wave if one[0].type in kinds and (asked.since is None or one[0].updated > asked.since)]
            if not due:
                break
        return sorted(found, key=lambda one: one[0].rid)

    async def _origins(self, ctx: Context, numbers: list[int], allowed: Sequence[int]) -> list[tuple[Stored, int]]:
        """The Provenances of these records: where each came from and who made it."""
        if "Provenance" not in readable(ctx.actor):
            return []
        keys = search_parameters("Provenance")["target"].keys
        sql = everything_sql.pointing_at(self._owners.schema_of("Provenance"))
        rows = [
            row
            for start in range(0, len(numbers), AT_ONCE)
            for row in await self._fetch(ctx, sql, list(keys), numbers[start : start + AT_ONCE], list(allowed))
        ]
        return [(self._stored(row), row["prid"]) for row in {row["rid"]: row for row in rows}.values()]

    async def _named(self, ctx: Context, names: Iterable[tuple[str, int]], allowed: Sequence[int]) -> list[tuple[Stored, int]]:
        seen = readable(ctx.actor)
        by_schema: dict[str, list[int]] = defaultdict(list)
        types: set[int] = set()
        for kind, number in sorted(names):
            if kind in seen and (kind != "Patient" or number in allowed):
                by_schema[self._owners.schema_of(kind)].append(number)
                types.add(TYPE_CODE[kind])
        if not by_schema:
            return []
        values = Values()
        sql = everything_sql.named(sorted(by_schema.items()), allowed, sorted(types), values)
        return [(self._stored(row), row["prid"]) for row in await self._fetch(ctx, sql, *values.given)]

    def _stored(self, row: Any) -> Stored:
        content = self._codec.unpack(row["codec"], row["content"])
        return Stored(TYPE_NAME[row["rtype"]], row["id"], row["version"], row["updated"], False, content, row["rid"])

    async def _fetch(self, ctx: Context, sql: str, *values: Any) -> list[Any]:
        async with self._ledger.connections.lend(ctx.tenant.key) as session:
            return await session.fetch(sql, ctx.tenant.key, *values)

    async def _audit(self, ctx: Context, kind: str, id: str, patient: int, found: list[tuple[Stored, int]]) -> None:  # noqa: A002
        """One row for each patient whose records are in the page, naming them; the one asked about has one in any case."""
        by_patient: dict[int, list[str]] = {patient: []}
        for stored, prid in found:
            by_patient.setdefault(prid or patient, []).append(f"{stored.type}/{stored.id}/{stored.version}")
        at = ctx.clock.now()
        entries = [
            Entry(at, prid, 0, TYPE_CODE[kind], 200, "G", ctx.actor.id, id, ctx.request_id, " ".join(["$everything", *names]))
            for prid, names in sorted(by_patient.items())
        ]
        await self._ledger.record(ctx.tenant.key, entries)


SUPPORT = frozenset({
    "Device", "DeviceDefinition", "Endpoint", "Group", "HealthcareService", "InsurancePlan", "Location", "Medication",
    "MedicationKnowledge", "Organization", "OrganizationAffiliation", "Practitioner", "PractitionerRole", "Substance",
})  # fmt: skip
"""The types of records that others lean on and that are in nobody's record."""


def pointed_at(body: bytes) -> set[tuple[str, int]]:
    """The records a body refers to: type and number."""
    if b"\\" in body and b'"reference":"' in body:
        return set(walked(_tree.decode(body)))
    return {(kind.decode(), rid(kind.decode(), name.decode())) for kind, name in _POINTS.findall(body) if kind.decode() in TYPE_CODE}


def walked(value: Any) -> Iterable[tuple[str, int]]:
    """The same for a body in which letters may be written as escapes."""
    if isinstance(value, list):
        for item in value:
            yield from walked(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "reference" and isinstance(item, str):
                kind, _, rest = item.partition("/")
                if kind in TYPE_CODE and rest:
                    yield kind, rid(kind, rest.partition("/")[0])
            else:
                yield from walked(item)


def claimants(stored: Stored, prid: int) -> set[int]:
    """Every patient a record may stand under: whose record it is in, and whom it points at."""
    return {number for kind, number in pointed_at(stored.content) if kind == "Patient"} | ({prid} if prid else set())
