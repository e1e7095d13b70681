"""JSON Patch of a resource. https://hl7.org/fhir/R4/http.html#patch and RFC 6902"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import jsonpatch
import jsonpointer

from osler.platform.errors import Invalid, Issue, Malformed, TooLarge

MOST_NESTED = 100
"""Levels of objects and lists in an operation: a FHIR element has far fewer, and what patches it recurses."""
MOST_COPIED = 4_000_000
"""Characters and elements that the copies of one patch may add: each copy of a copy would double the resource."""


def apply_json_patch(resource: dict[str, Any], operations: list[Any]) -> dict[str, Any]:
    """The patched resource. Raises `Malformed` for what is no patch, `Invalid` naming the operation that cannot be done."""
    for number, operation in enumerate(operations):
        check(number, operation)
    try:
        patches = [jsonpatch.JsonPatch([operation]) for operation in deepcopy(operations)]
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError) as error:
        raise Malformed("The body is not a JSON Patch: an operation lacks or misspells op, path, from or value") from error
    room = MOST_COPIED
    for number, (patch, operation) in enumerate(zip(patches, operations, strict=True)):
        try:
            if operation["op"] == "copy":
                room -= size(jsonpointer.resolve_pointer(resource, operation["from"]))
            if room < 0:
                raise TooLarge("The copies of the patch make the resource too large")
            resource = patch.apply(resource, in_place=True)
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError, IndexError) as error:
            raise refused(number, operation) from error
    if not isinstance(resource, dict):
        raise Malformed("The patch leaves something that is not a resource")
    return resource


def size(value: Any) -> int:
    """How much a copy of this adds."""
    total, left = 0, [value]
    while left:
        each = left.pop()
        total += 1
        if isinstance(each, dict):
            left += [*each, *each.values()]
        elif isinstance(each, list):
            left += each
        elif isinstance(each, str):
            total += len(each)
    return total


def too_deep(value: Any) -> bool:
    """Whether something is nested over `MOST_NESTED` levels."""
    level = [value]
    for _ in range(MOST_NESTED):
        level = [inner for each in level if isinstance(each, dict | list) for inner in (each.values() if isinstance(each, dict) else each)]
        if not level:
            return False
    return True


def check(number: int, operation: Any) -> None:
    """Raises `Malformed` for an operation that lacks what its kind needs. https://www.rfc-editor.org/rfc/rfc6902#section-4"""
    if too_deep(operation):
        raise Malformed("The patch is nested too deeply")
    if not isinstance(operation, dict):
        raise Malformed("A JSON Patch is a list of operations")
    kind = operation.get("op")
    for name in ("path", "from") if kind in ("move", "copy") else ("path",):
        if not isinstance(operation.get(name), str):
            raise Malformed(f"Operation {number} of the patch: '{name}' is missing or no text")
    if kind in ("add", "replace", "test") and "value" not in operation:
        raise Malformed(f"Operation {number} of the patch: 'value' is missing")


def refused(number: int, operation: dict[str, Any]) -> Invalid:
    """An operation that does not fit the resource; the pointer is named, the values are not."""
    done = "The test failed" if operation.get("op") == "test" else "The operation cannot be done"
    message = f"Operation {number} of the patch ({operation.get('op')} {operation.get('path')}): {done}"
    return Invalid(message, [Issue("processing", message, str(operation.get("path")).strip("/").replace("/", "."))])
