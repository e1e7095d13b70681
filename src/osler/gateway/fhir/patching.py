"""patch: JSON Patch or FHIRPath Patch of one resource, named by id or by criteria. https://hl7.org/fhir/R4/http.html#patch"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from osler.gateway.fhir.call import Answer, Call, legal_id, required_version
from osler.gateway.fhir.criteria import Criteria, SeveralMatch, criteria, matching
from osler.gateway.fhir.fhirpath_patch import apply_fhirpath_patch
from osler.gateway.fhir.json_patch import apply_json_patch
from osler.gateway.fhir.media import FORMATS, check_content_type
from osler.gateway.fhir.reading import refuse_parameters
from osler.gateway.fhir.tree import text, tree
from osler.gateway.fhir.writing import written
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.errors import Conflict, Invalid, Issue, Malformed, NotFound, VersionConflict
from osler.platform.fhir import Parsed, parse
from osler.platform.store import Contended, Stored, Transaction, Written

JSON_PATCH = "application/json-patch+json"
PATCH_FORMATS = FORMATS | {JSON_PATCH}
ATTEMPTS = 5

Change = Callable[[dict[str, Any]], dict[str, Any]]


async def patch(ctx: Context, call: Call) -> Answer:
    """Change parts of one resource; the rest stays as it is, digit by digit."""
    kind = call.path[0]
    require(ctx, "patch", kind)
    wanted = None
    if len(call.path) == 1:
        require(ctx, "search", kind)
        wanted = criteria(kind, call.query, "A conditional patch")
    else:
        legal_id(call)
        refuse_parameters(call, frozenset())
    change = change_from(call)
    expected = required_version(call.if_match)
    for attempt in range(ATTEMPTS):
        try:
            async with ctx.transaction() as tx:
                done = await patched(tx, call, wanted, change, expected)
            return written(call, done)
        except SeveralMatch:
            raise
        except (VersionConflict, Contended) as lost:
            # Somebody wrote between our read and our write: a caller who named no version wants it applied to what is there now.
            if attempt == ATTEMPTS - 1 or (expected is not None and isinstance(lost, VersionConflict)):
                raise
    raise Conflict("The record is being changed by others; try again")


async def patched(tx: Transaction, call: Call, wanted: Criteria | None, change: Change, expected: int | None) -> Written:
    """Read, change and write within a transaction."""
    current = await subject(tx, call, wanted)
    if expected is not None and expected != current.version:
        raise VersionConflict("If-Match names a version that is not the current one")
    changed = changed_resource(current, change)
    return await tx.update(changed, current.id, current.version)


async def subject(tx: Transaction, call: Call, wanted: Criteria | None) -> Stored:
    """The record to patch, held so that of many patches each sees what the one before it did."""
    if wanted is None:
        await tx.load([(call.path[0], call.path[1])])
        return await tx.read(call.path[0], call.path[1])
    await tx.lock(wanted.lock)
    found = await matching(tx, wanted, call.base, "A conditional patch")
    if found is None:
        raise NotFound(f"No {wanted.type} matches")
    return found


def changed_resource(current: Stored, change: Change) -> Parsed:
    """The resource after the change, checked like any other that is written."""
    changed = change(tree(current.content))
    if changed.get("resourceType") != current.type or changed.get("id") != current.id:
        message = "A patch may not change the id or the resourceType"
        raise Invalid(message, [Issue("invalid", message, f"{current.type}.id")])
    try:
        return parse(text(changed), current.type)
    except Malformed as error:
        raise Invalid("The patch leaves something that is not a valid resource", error.outcome()) from error


def change_from(call: Call) -> Change:
    """The change asked for. In a Bundle a JSON Patch travels as Binary. https://hl7.org/fhir/R4/http.html#patch"""
    if call.place:
        sent = tree(call.body)
        if isinstance(sent, dict) and sent.get("resourceType") == "Binary":
            check_content_type(sent.get("contentType"), frozenset({JSON_PATCH}))
            return json_patch(unpacked(sent, call.place))
        return fhirpath_patch(call)
    return json_patch(call.body) if call.content_type == JSON_PATCH else fhirpath_patch(call)


def json_patch(body: bytes) -> Change:
    """A JSON Patch document as a change."""
    operations = tree(body)
    if not isinstance(operations, list):
        raise Malformed("A JSON Patch is a list of operations")
    return lambda resource: apply_json_patch(resource, operations)


def fhirpath_patch(call: Call) -> Change:
    """A Parameters resource as a change."""
    parameters = tree(call.resource("Parameters").body)
    return lambda resource: apply_fhirpath_patch(resource, parameters)


def unpacked(binary: dict[str, Any], place: str) -> bytes:
    """The bytes inside a Binary."""
    try:
        return base64.b64decode(binary.get("data", ""), validate=True)
    except (binascii.Error, TypeError, ValueError):
        message = "Binary.data is not base64"
        raise Malformed(message, [Issue("value", message, f"{place}.data")]) from None
