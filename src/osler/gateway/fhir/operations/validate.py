"""$validate: every issue of a resource, without storing it. https://hl7.org/fhir/R4/resource-operation-validate.html"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from osler.gateway.fhir.call import Answer, Call, at_lines
from osler.gateway.fhir.operations.arguments import Given, object_of, primitive, refused, unknown
from osler.gateway.fhir.operations.operation import Operation, Parameter
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.errors import Issue, Malformed, NotFound
from osler.platform.validation import Definitions, validate
from osler.platform.web import operation_outcome

MODES = ("create", "update", "delete", "profile")
OFF_LOOP = 32 * 1024
"""Bodies longer than this are validated beside the event loop."""
JSON_TYPES = frozenset({"application/fhir+json", "application/json", "application/fhir+xml", "application/xml", "text/xml"})
RESOURCE = Parameter("resource", "Resource", text="The resource to validate; without it, the one in the URL")
MODE = Parameter("mode", "code", text="create, update, delete or profile")
PROFILE = Parameter("profile", "uri", text="A profile to validate against, besides the type and what the resource claims")


async def run(ctx: Context, call: Call, given: Given) -> Answer:
    """The issues of the resource sent, or of the one in the URL, as an OperationOutcome; 200 whatever they are."""
    kind, name = call.path[0], call.path[1] if len(call.path) > 2 else None
    require(ctx, "read", kind)
    body, mode, profiles = _asked(call, given)
    if mode not in (None, *MODES):
        raise refused("mode", "The parameter mode is create, update, delete or profile", "value")
    if name is not None:
        try:
            stored = await ctx.store.read(ctx, kind, name)
        except NotFound:
            if body is None or mode != "update":
                raise
            stored = None
        if body is None and stored is not None:
            body = stored.content
    if mode == "delete":
        return _answer([Issue("informational", "The deletion would be accepted", severity="information")])
    if body is None:
        raise Malformed("A resource to validate is expected", [Issue("required", "A resource to validate is expected", "http.resource")])
    definitions = await ctx.store.profiles.definitions(ctx)
    found = await _validated(body, kind, profiles, definitions)
    if call.lines is not None:
        found = at_lines(found, call.lines)
    return _answer([*call.faults, *_of_mode(body, mode, name), *found])


async def _validated(body: bytes, kind: str, profiles: tuple[str, ...], definitions: Definitions) -> list[Issue]:
    def work() -> list[Issue]:
        return validate(body, profiles=profiles, definitions=definitions, expected=kind)

    return await asyncio.to_thread(work) if len(body) > OFF_LOOP else work()


def _answer(issues: list[Issue]) -> Answer:
    fine = Issue("informational", "No issues were found", severity="information")
    return Answer(200, operation_outcome(issues or [fine]))


def _asked(call: Call, given: Given) -> tuple[bytes | None, str | None, tuple[str, ...]]:
    """The resource, mode and profiles: from the URL, and from the body, which is a resource or a Parameters around one."""
    body, mode, profiles = None, given.one("mode"), list(given.every("profile"))
    if call.method == "POST" and call.body:
        parts = _parameters(call.body, call.path[0])
        if parts is None:
            return call.body, mode, tuple(profiles)
        for part in parts:
            name = part.get("name")
            if name == "resource" and "resource" in part:
                body = part["resource"]
            elif name == "mode":
                mode = primitive(MODE, part.get("valueCode", part.get("valueString")))
            elif name == "profile":
                profiles.append(primitive(PROFILE, next((v for k, v in part.items() if k.startswith("value")), None)))
            elif not call.wishes.lenient:
                raise unknown(str(name))
    return body, mode, tuple(profiles)


class _Head(msgspec.Struct):
    resourceType: str = ""  # noqa: N815 - FHIR's names
    parameter: list[dict[str, msgspec.Raw]] = []


_head = msgspec.json.Decoder(_Head)
_value = msgspec.json.Decoder(str)
_ASKED = ("resource", "mode", "profile")


def _parameters(body: bytes, kind: str) -> list[dict[str, Any]] | None:
    """The parameters in a Parameters resource that asks for a validation; None where the body is itself what is to be validated."""
    try:
        found = _head.decode(body)
        if found.resourceType != "Parameters":
            return None
        parts = [{k: bytes(v) if k == "resource" else _value.decode(v) for k, v in part.items()} for part in found.parameter]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return None if kind == "Parameters" and not any(part.get("name") in _ASKED for part in parts) else parts


def _of_mode(body: bytes, mode: str | None, name: str | None) -> list[Issue]:
    """What a create or update asks of the id."""
    if mode != "update":
        return []
    try:
        own = object_of(body).get("id")
    except Malformed:
        return []
    said = None if own is None else bytes(own).decode("utf-8", "replace").strip('"')
    if said is None:
        return [Issue("required", "An update needs the id of the resource")]
    return [Issue("value", "The id in the body is not the id in the URL")] if name is not None and said != name else []


VALIDATE = Operation(
    "$validate",
    "http://hl7.org/fhir/OperationDefinition/Resource-validate",
    run,
    frozenset({"type", "instance"}),
    takes=(RESOURCE, MODE, PROFILE),
    gives=(Parameter("return", "OperationOutcome", 1, text="Every issue found"),),
    media=JSON_TYPES,
    title="Validate a resource",
)
