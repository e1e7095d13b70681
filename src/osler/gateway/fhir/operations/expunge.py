"""$expunge: versions and deleted records destroyed for good, by an administrator, with a reason, in two steps.

The parameters are those of the widespread operation of this name; the first call only says what would go and hands out a word that the
second call must bring. Nothing else in this server removes a version.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from osler.gateway.fhir.call import Answer, Call
from osler.gateway.fhir.framing import instant
from osler.gateway.fhir.operations.arguments import Given, refused
from osler.gateway.fhir.operations.operation import Operation, Parameter
from osler.gateway.fhir.operations.parameters import parameter, parameters
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.errors import NotFound
from osler.platform.store import Transaction
from osler.platform.store.expunging import Scope, doomed, expunge, standing

USUAL, MOST = 1000, 10_000
TIME_TO_CONFIRM = timedelta(minutes=10)
SHORTEST_REASON = 8


class Promise(msgspec.Struct, array_like=True, frozen=True):
    """What the first call promised to do."""

    scope: Scope
    reason: str
    until: datetime


async def expunged(ctx: Context, call: Call, given: Given) -> Answer:
    """Say what would go, or with the word of an earlier call: do it."""
    kind = call.path[0]
    require(ctx, "expunge", kind)
    scope, reason = scope_of(call, given), given.one("reason")
    if len(reason.strip()) < SHORTEST_REASON:
        raise refused("reason", "reason says in words why the records must be destroyed", "value")
    purpose, word = "/".join(call.path), given.one("confirm")
    now = ctx.clock.now()
    if word is None:
        async with ctx.transaction() as tx:
            count = await would_go(ctx, tx, scope)
        until = now + TIME_TO_CONFIRM
        word = ctx.store.seals.close(ctx, purpose, Promise(scope, reason, until))
        said = [parameter("count", "Integer", count), parameter("expunged", "Boolean", False), parameter("confirm", "String", word)]
        return Answer(200, parameters([*said, parameter("until", "Instant", instant(until).decode())]))
    promise = ctx.store.seals.open(ctx, purpose, word, Promise)
    if promise is None or promise.scope != scope or promise.reason != reason or promise.until < now:
        raise refused("confirm", "confirm is not the word that this server gave for these very parameters in the last ten minutes", "value")
    async with ctx.transaction() as tx:
        await would_go(ctx, tx, scope)
        gone = await expunge(ctx, tx, scope, reason)
    return Answer(200, parameters([parameter("count", "Integer", gone), parameter("expunged", "Boolean", True)]))


async def would_go(ctx: Context, tx: Transaction, scope: Scope) -> int:
    """How many versions are in scope. Raises `NotFound` for a record that never was."""
    found = len(await doomed(ctx, tx, scope))
    if scope.id is not None:
        state = await standing(ctx, tx, scope)
        if state is None:
            raise NotFound(f"{scope.kind}/{scope.id} is not known")
        if scope.everything and state == "present":
            found += 2  # the present version, and the deletion that comes before its end
    return min(found, scope.most)


def scope_of(call: Call, given: Given) -> Scope:
    """What is asked to go. Raises `Malformed` unless exactly named parameters say so."""
    kind, *rest = call.path[:-1]
    superseded, deleted, everything = (given.one(name) is True for name in FLAGS)
    if not (superseded or deleted or everything):
        raise refused(FLAGS[0], f"One of {', '.join(FLAGS)} must be true", "required")
    if everything and len(rest) != 1:
        raise refused(FLAGS[2], f"{FLAGS[2]} is for one record, named by its id", "not-supported")
    if len(rest) == 3 and (deleted or not superseded):
        raise refused(FLAGS[1], f"A single version goes by {FLAGS[0]}", "not-supported")
    version = None
    if len(rest) == 3:
        if not rest[2].isascii() or not rest[2].isdigit() or len(rest[2]) > 9:
            raise NotFound(f"{kind}/{rest[0]} has no version of that name")
        version = int(rest[2])
    most = given.one("limit") or USUAL
    if most > MOST:
        raise refused("limit", f"limit is at most {MOST}", "value")
    return Scope(kind, rest[0] if rest else None, version, superseded, deleted, everything, most)


FLAGS = ("expungePreviousVersions", "expungeDeletedResources", "expungeEverything")
EXPUNGE = Operation(
    "$expunge",
    "{base}/OperationDefinition/osler-expunge",
    expunged,
    frozenset({"type", "instance", "version"}),
    affects_state=True,
    takes=(
        Parameter(FLAGS[0], "boolean", text="Superseded versions"),
        Parameter(FLAGS[1], "boolean", text="Records that are deleted, with all their versions"),
        Parameter(FLAGS[2], "boolean", text="One record with all its versions, deleted or not"),
        Parameter("limit", "positiveInt", text=f"Versions in one call: {USUAL} unless said, at most {MOST}"),
        Parameter("reason", "string", 1, text="Why; kept in the audit log for ever"),
        Parameter("confirm", "string", text="The word the first call answered; without it nothing is destroyed"),
    ),
    gives=(
        Parameter("count", "integer", 1, text="Versions that are gone, or that would be"),
        Parameter("expunged", "boolean", 1, text="Whether they are gone"),
        Parameter("confirm", "string", text="The word for the second call"),
        Parameter("until", "instant", text="How long that word holds"),
    ),
    title="Destroy versions for good",
)
