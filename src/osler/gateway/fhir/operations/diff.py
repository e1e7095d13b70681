"""$diff: what has changed between two versions, or between two records of one type, as a FHIRPath Patch that would change it.

The form is that of https://hl7.org/fhir/R4/fhirpatch.html, so that applying the answer to the first gives the second.
"""

from __future__ import annotations

from typing import Any

from osler.gateway.fhir.call import Answer, Call
from osler.gateway.fhir.operations.arguments import Given, refused
from osler.gateway.fhir.operations.changes import changes
from osler.gateway.fhir.operations.operation import LIST, Operation, Parameter
from osler.gateway.fhir.operations.parameters import parameters
from osler.gateway.fhir.tree import tree
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.fhir import TYPE_CODE
from osler.platform.store import Stored

JSON = dict[str, Any]


async def diff(ctx: Context, call: Call, given: Given) -> Answer:
    """The changes from the older to the newer."""
    older, newer = await (two_records(ctx, given) if len(call.path) == 1 else two_versions(ctx, call, given))
    with_meta = given.one("includeMeta") is True
    before, after = (tree(stored.content) if stored is not None else {} for stored in (older, newer))
    for one in (before, after):
        if not with_meta:
            one.pop("meta", None)
        if len(call.path) == 1:
            one.pop("id", None)
    return Answer(200, parameters(changes(newer.type, before, after)), newer if len(call.path) > 1 else None)


async def two_versions(ctx: Context, call: Call, given: Given) -> tuple[Stored | None, Stored]:
    """`fromVersion`, or the one before, and the version in the URL, or the present one. Before the first there was nothing."""
    kind, name = call.path[0], call.path[1]
    require(ctx, "vread", kind)
    newer = await (ctx.store.vread(ctx, kind, name, call.path[3]) if len(call.path) == 5 else ctx.store.read(ctx, kind, name))
    start = given.one("fromVersion")
    if start is not None:
        return await ctx.store.vread(ctx, kind, name, str(start)), newer
    page = await ctx.store.history(ctx, kind, name)
    while True:
        for entry in page.entries:
            if entry.version < newer.version:
                return (None if entry.deleted else entry), newer
        if page.next is None:
            return None, newer
        page = await ctx.store.history(ctx, kind, name, cursor=page.next)


async def two_records(ctx: Context, given: Given) -> tuple[Stored, Stored]:
    """`from` and `to`, each `Type/id` or a version of it, of one type."""
    found = []
    for name in ("from", "to"):
        kind, _, rest = given.one(name).partition("/")
        parts = rest.split("/")
        if kind not in TYPE_CODE or len(parts) not in (1, 3) or (len(parts) == 3 and parts[1] != "_history") or not all(parts):
            raise refused(name, f"{name} is a reference such as Patient/1 or Patient/1/_history/2", "value")
        require(ctx, "read" if len(parts) == 1 else "vread", kind)
        found.append((kind, parts))
    if found[0][0] != found[1][0]:
        raise refused("to", "Only records of one type can be compared", "value")
    one, other = [
        await (ctx.store.read(ctx, kind, parts[0]) if len(parts) == 1 else ctx.store.vread(ctx, kind, parts[0], parts[2]))
        for kind, parts in found
    ]
    return one, other


META = Parameter("includeMeta", "boolean", text="Also what has changed in meta; left out unless asked for")
CHANGE = (
    Parameter("type", "code", 1, text="add, insert, delete or replace"),
    Parameter("path", "string", 1, text="Where"),
    Parameter("name", "string", text="What is added there"),
    Parameter("index", "integer", text="Before which item of the list"),
    Parameter("value", "Element", text="What comes there"),
)
GIVES = (Parameter("operation", "", most=LIST, text="The changes, as FHIRPath Patch has them", parts=CHANGE),)
DIFF = Operation(
    "$diff",
    "{base}/OperationDefinition/osler-diff",
    diff,
    frozenset({"instance", "version"}),
    takes=(Parameter("fromVersion", "string", text="From which version; from the one before unless said"), META),
    gives=GIVES,
    title="What has changed between two versions",
)
DIFF_RECORDS = Operation(
    "$diff",
    "{base}/OperationDefinition/osler-diff-records",
    diff,
    frozenset({"system"}),
    takes=(Parameter("from", "string", 1, text="Such as Patient/1"), Parameter("to", "string", 1, text="Such as Patient/2"), META),
    gives=GIVES,
    title="How two records of one type differ",
)
