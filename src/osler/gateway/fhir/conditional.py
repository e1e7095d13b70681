"""Conditional create, update and delete: atomic, because equal criteria wait for each other.

https://hl7.org/fhir/R4/http.html#ccreate, #cond-update, #cdelete
"""

from __future__ import annotations

from osler.gateway.fhir.call import Answer, Call, any_version_refused, required_version
from osler.gateway.fhir.criteria import criteria, criteria_from, matching
from osler.gateway.fhir.writing import check_same_id, written
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.errors import Conflict, Gone, NotFound, VersionConflict
from osler.platform.store import Transaction


async def conditional_create(ctx: Context, call: Call) -> Answer:
    """Create only when nothing matches `If-None-Exist`; otherwise say what is there."""
    kind = call.path[0]
    require(ctx, "create", kind)
    require(ctx, "search", kind)
    parsed = call.resource(kind)
    wanted = criteria_from(kind, call.if_none_exist or "", "If-None-Exist")

    async def work(tx: Transaction) -> Answer:
        found = await matching(tx, wanted, call.base, "If-None-Exist")
        if found is None:
            return written(call, await tx.create(parsed))
        location = f"{call.base}/{kind}/{found.id}/_history/{found.version}"
        return Answer(200, found.content, found, location, wrote=True, outcome="It exists already")

    return await ctx.store.conditional(ctx, wanted.lock, work)


async def conditional_update(ctx: Context, call: Call) -> Answer:
    """Update the one that matches, or create it."""
    kind = call.path[0]
    require(ctx, "update", kind)
    require(ctx, "search", kind)
    wanted = criteria(kind, call.query, "A conditional update")
    parsed = call.resource(kind)
    expected, only_new = required_version(call.if_match), any_version_refused(call.if_none_match)

    async def work(tx: Transaction) -> Answer:
        found = await matching(tx, wanted, call.base, "A conditional update")
        if found is not None and only_new:
            raise VersionConflict("One that matches is there already")
        if found is not None:
            if parsed.id is not None:
                check_same_id(call, parsed, found.id)
            return written(call, await tx.update(parsed, found.id, expected))
        if expected is not None:
            raise VersionConflict("If-Match names a version, but nothing matches")
        if parsed.id is None:
            return written(call, await tx.create(parsed))
        await check_free(tx, kind, parsed.id)
        return written(call, await tx.update(parsed, parsed.id))

    return await ctx.store.conditional(ctx, wanted.lock, work)


async def check_free(tx: Transaction, kind: str, name: str) -> None:
    """A record that the criteria do not match must not be overwritten because its id stands in the body."""
    try:
        await tx.read(kind, name)
    except (NotFound, Gone):
        return
    raise Conflict("Nothing matches, and the id in the body belongs to another record")


async def conditional_delete(ctx: Context, call: Call) -> Answer:
    """Delete the one that matches; none is no error, several are."""
    kind = call.path[0]
    require(ctx, "delete", kind)
    require(ctx, "search", kind)
    wanted = criteria(kind, call.query, "A conditional delete")

    async def work(tx: Transaction) -> Answer:
        found = await matching(tx, wanted, call.base, "A conditional delete")
        if found is None:
            return Answer(200, wrote=True, outcome="There was nothing to delete")
        done = await tx.delete(kind, found.id, required_version(call.if_match))
        return Answer(200, stored=done.stored, wrote=True, outcome="Deleted")

    return await ctx.store.conditional(ctx, wanted.lock, work)
