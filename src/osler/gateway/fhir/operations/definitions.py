"""The OperationDefinitions of the operations that are our own; HL7's have addresses of theirs.

https://hl7.org/fhir/R4/operationdefinition.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from osler.gateway.fhir.call import Answer, Call
from osler.gateway.fhir.operations.operation import OF_EVERY_TYPE, Operation, Parameter
from osler.gateway.fhir.operations.table import OPERATIONS
from osler.gateway.fhir.subset import shown
from osler.gateway.fhir.tree import text
from osler.platform.access import require
from osler.platform.context import Context

OWN = "{base}/OperationDefinition/"
JSON = dict[str, Any]
DEFINED: Mapping[str, Operation] = {
    each.definition.removeprefix(OWN): each for found in OPERATIONS.values() for each in found if each.definition.startswith(OWN)
}
"""Id -> operation. These ids are read-only: a record of the same id would be hidden behind it."""


def defines_operation(path: list[str]) -> bool:
    """Whether this is the address of one of our own definitions."""
    return len(path) == 2 and path[0] == "OperationDefinition" and path[1] in DEFINED


async def read_definition(ctx: Context, call: Call) -> Answer:
    """The definition of one of our operations."""
    require(ctx, "read", "OperationDefinition")
    name = call.path[1]
    body = text(definition(name, DEFINED[name], call.base))
    return Answer(200, shown(body, "OperationDefinition", call.wishes))


def definition(name: str, operation: Operation, base: str) -> JSON:
    """An operation as its OperationDefinition."""
    used = [("in", each) for each in operation.takes] + [("out", each) for each in operation.gives]
    return {
        "resourceType": "OperationDefinition",
        "id": name,
        "url": operation.definition.replace("{base}", base),
        "name": "".join(word.capitalize() for word in name.split("-")),
        "title": operation.title,
        "status": "active",
        "kind": "operation",
        "affectsState": operation.affects_state,
        "code": operation.name.removeprefix("$"),
        "resource": list(operation.types) if operation.types != OF_EVERY_TYPE else ["Resource"],
        "system": "system" in operation.levels,
        "type": "type" in operation.levels,
        "instance": "instance" in operation.levels,
        "parameter": [said(use, each) for use, each in used],
    }


def said(use: str, parameter: Parameter) -> JSON:
    """One parameter."""
    found: JSON = {"name": parameter.name, "use": use, "min": parameter.min, "max": str(parameter.most) if parameter.most else "*"}
    if parameter.text:
        found["documentation"] = parameter.text
    if parameter.type:
        found["type"] = parameter.type
    if parameter.parts:
        found["part"] = [said(use, each) for each in parameter.parts]
    return found
