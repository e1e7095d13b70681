"""Which operation a path asks for, and how it is called. https://hl7.org/fhir/R4/operations.html#executing"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from osler.gateway.fhir.call import LEGAL_ID, Answer, Call
from osler.gateway.fhir.operations.arguments import arguments
from osler.gateway.fhir.operations.operation import Level, Operation
from osler.gateway.fhir.operations.table import OPERATIONS, Table
from osler.platform.context import Context
from osler.platform.errors import Issue, MethodNotAllowed, NotFound
from osler.platform.fhir import TYPE_CODE

Interaction = Callable[[Context, Call], Awaitable[Answer]]


def asks_operation(path: list[str]) -> bool:
    """Whether the path names an operation."""
    return any(part.startswith("$") for part in path)


def operation_at(path: list[str], table: Table = OPERATIONS) -> Operation:
    """The operation at this address. Raises `NotFound` for one we have not, or not here."""
    *place, name = path
    candidates = table.get(name, ())
    if not candidates:
        raise unknown("This server does not know that operation")
    level = level_of(place)
    found = next((each for each in candidates if level and each.serves(level, place[0] if place else None)), None)
    if found is None:
        raise unknown("This operation cannot be called at this address")
    return found


def bodies(path: list[str], table: Table = OPERATIONS) -> frozenset[str]:
    """The media types an operation reads besides FHIR's own."""
    return frozenset().union(*(each.media for each in table.get(path[-1] if path else "", ())))


def level_of(place: list[str]) -> Level | None:
    """What stands before the operation's name: nothing, a type, a record or a version."""
    if not place:
        return "system"
    if place[0] not in TYPE_CODE or (len(place) > 1 and not LEGAL_ID.match(place[1])):
        return None
    if len(place) == 4:
        return "version" if place[2] == "_history" and LEGAL_ID.match(place[3]) else None
    levels: dict[int, Level] = {1: "type", 2: "instance"}
    return levels.get(len(place))


def unknown(message: str) -> NotFound:
    """No such operation, or not at this address."""
    return NotFound(message, [Issue("not-supported", message)])


def invocation(call: Call, table: Table = OPERATIONS) -> Interaction:
    """The operation a call asks for, ready to be carried out. Raises `NotFound` and `MethodNotAllowed`."""
    operation = operation_at(call.path, table)
    if call.method not in operation.methods():
        raise MethodNotAllowed(
            f"{operation.name} does not take {call.method if call.method.isalpha() else 'this method'}", allow=operation.methods()
        )

    async def invoked(ctx: Context, call: Call) -> Answer:
        return await operation.run(ctx, call, arguments(operation, call))

    return invoked
