"""create, update and delete of one resource. https://hl7.org/fhir/R4/http.html#create"""

from __future__ import annotations

from osler.gateway.fhir.call import Answer, Call, any_version_refused, legal_id, required_version
from osler.gateway.fhir.reading import refuse_parameters
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.errors import Issue, Malformed
from osler.platform.fhir import Parsed
from osler.platform.store import Written


async def create(ctx: Context, call: Call) -> Answer:
    """A new resource under an id of ours."""
    kind = call.path[0]
    refuse_parameters(call, frozenset())
    require(ctx, "create", kind)
    return written(call, await ctx.store.create(ctx, call.resource(kind)))


async def update(ctx: Context, call: Call) -> Answer:
    """A new version under the id in the URL, or the first one."""
    kind = call.path[0]
    name = legal_id(call)
    refuse_parameters(call, frozenset())
    require(ctx, "update", kind)
    parsed = call.resource(kind)
    check_same_id(call, parsed, name)
    expected, only_new = required_version(call.if_match), any_version_refused(call.if_none_match)
    return written(call, await ctx.store.update(ctx, parsed, name, expected, only_new))


async def delete(ctx: Context, call: Call) -> Answer:
    """Mark the resource deleted; its history remains. Deleting what is not there is no error."""
    kind, name = call.path
    refuse_parameters(call, frozenset())
    require(ctx, "delete", kind)
    done = await ctx.store.delete(ctx, kind, name, required_version(call.if_match))
    if done.outcome == "unchanged":
        return Answer(200, wrote=True, outcome="There was nothing to delete")
    return Answer(200, stored=done.stored, wrote=True, outcome="Deleted")


def check_same_id(call: Call, parsed: Parsed, name: str) -> None:
    """The id in the body must be there and be the one in the URL. https://hl7.org/fhir/R4/http.html#update"""
    if parsed.id == name:
        return
    message = (
        "The body has no id; an update needs the id of the URL" if parsed.id is None else "The id in the body is not the id in the URL"
    )
    raise Malformed(message, [Issue("required" if parsed.id is None else "value", message, call.element(f"{parsed.type}.id"))])


def written(call: Call, done: Written) -> Answer:
    """The answer to a create or update: 201 with the new version's address, or 200."""
    stored = done.stored
    location = f"{call.base}/{stored.type}/{stored.id}/_history/{stored.version}"
    said = {"created": "Created", "updated": "Updated", "unchanged": "Nothing to change", "deleted": "Deleted"}[done.outcome]
    return Answer(201 if done.created else 200, stored.content, stored, location, wrote=True, outcome=said, issues=done.issues)
