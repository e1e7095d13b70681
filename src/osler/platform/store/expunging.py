"""Versions that leave the store for good: which they are, and the two functions of the database through which alone they can go."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec

from osler.platform.audit import Entry
from osler.platform.context import Context
from osler.platform.errors import Conflict
from osler.platform.fhir import TYPE_CODE, rid
from osler.platform.store import expunging_sql
from osler.platform.store.transaction import Transaction


class Doomed(msgspec.Struct, frozen=True):
    """One version to destroy. `last`: the deletion that stands for the record now."""

    rid: int
    prid: int
    id: str
    version: int
    last: bool


class Scope(msgspec.Struct, array_like=True, frozen=True):
    """What is to go: superseded versions, deleted records, or one record whatever its state."""

    kind: str
    id: str | None
    version: int | None
    superseded: bool
    deleted: bool
    everything: bool
    most: int


async def doomed(ctx: Context, tx: Transaction, scope: Scope) -> list[Doomed]:
    """The versions in scope, oldest of each record first, at most `most` of them."""
    schema = ctx.store.schema_of(scope.kind)
    values: list[Any] = [TYPE_CODE[scope.kind]] if scope.id is None else [rid(scope.kind, scope.id), scope.id]
    where = "h.rtype = $2" if scope.id is None else "h.rid = $2 and h.id = $3"
    if scope.version is not None:
        sql = expunging_sql.superseded(schema, f"{where} and h.version = $4")
        values.append(scope.version)
    else:
        most = f"${len(values) + 2}"
        old, deleted = scope.superseded or scope.everything, scope.deleted or scope.everything
        sql = expunging_sql.doomed(schema, where, most, old=old, deleted=deleted)
        values.append(scope.most)
    return [Doomed(row["rid"], row["prid"], row["id"], row["version"], row["last"]) for row in await tx.fetch(sql, ctx.tenant.key, *values)]


async def standing(ctx: Context, tx: Transaction, scope: Scope) -> str | None:
    """`present` or `deleted`; None for a record that never was."""
    rows = await tx.fetch(expunging_sql.state(ctx.store.schema_of(scope.kind)), ctx.tenant.key, TYPE_CODE[scope.kind], scope.id)
    return None if not rows else "deleted" if rows[0]["deleted"] else "present"


async def expunge(ctx: Context, tx: Transaction, scope: Scope, reason: str) -> int:
    """Destroy the versions in scope, with an audit row for every patient whose record they were in. Raises `Conflict` when they changed."""
    schema = ctx.store.schema_of(scope.kind)
    if scope.everything and scope.id is not None:
        await tx.delete(scope.kind, scope.id)
        await tx.flush()
    found = await doomed(ctx, tx, scope)
    await tx.lock(*(f"expunge {one.rid}" for one in found))
    gone = 0
    for last in (False, True):
        chosen = [one for one in found if one.last is last]
        if chosen:
            sql = expunging_sql.destroy(schema, last=last)
            gone += (await tx.fetch(sql, ctx.tenant.key, [one.rid for one in chosen], [one.version for one in chosen]))[0]["gone"]
    if gone != len(found):
        raise Conflict("The records were changed meanwhile; nothing was expunged")
    by_patient: dict[int, list[str]] = defaultdict(list)
    for one in found:
        by_patient[one.prid].append(f"{scope.kind}/{one.id}/{one.version}")
    for prid, names in sorted(by_patient.items()):
        entry = Entry(ctx.clock.now(), prid, 0, TYPE_CODE[scope.kind], 200, "X", ctx.actor.id, scope.id or "", ctx.request_id)
        tx.note(entry._replace(detail=" ".join(["$expunge", *names, "because", reason])), binding=True)
    return gone
