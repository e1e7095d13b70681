"""Which interaction a method and path ask for. https://hl7.org/fhir/R4/http.html#summary"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from osler.gateway.fhir import conditional, patching, reading, searching, writing
from osler.gateway.fhir.call import LEGAL_ID, Answer, Call
from osler.gateway.fhir.operations import asks_operation, defines_operation, invocation, read_definition
from osler.platform.context import Context
from osler.platform.errors import Issue, MethodNotAllowed, NotFound
from osler.platform.fhir import COMPARTMENT_TYPES, TYPE_CODE

Interaction = Callable[[Context, Call], Awaitable[Answer]]

HISTORY: Mapping[str, Interaction] = {"GET": reading.history}
SEARCH: Mapping[str, Interaction] = {"GET": searching.search, "POST": searching.search}
SYSTEM_SEARCH: Mapping[str, Interaction] = {"GET": searching.search_types, "POST": searching.search_types}
OF_COMPARTMENT: Mapping[str, Interaction] = {"GET": searching.search_compartment}
COMPARTMENT: Mapping[str, Interaction] = {**OF_COMPARTMENT, "POST": searching.search_compartment}
INSTANCE: Mapping[str, Interaction] = {
    "GET": reading.read,
    "PUT": writing.update,
    "PATCH": patching.patch,
    "DELETE": writing.delete,
}
DEFINITION: Mapping[str, Interaction] = {"GET": read_definition}
VERSION: Mapping[str, Interaction] = {"GET": reading.vread}
TYPE: Mapping[str, Interaction] = {
    "GET": searching.search,
    "POST": writing.create,
    "PUT": conditional.conditional_update,
    "PATCH": patching.patch,
    "DELETE": conditional.conditional_delete,
}


def interaction(ctx: Context, call: Call) -> Interaction:
    """The interaction asked for. Raises `NotFound` for an unknown type, path or operation, `MethodNotAllowed` for a method it has not."""
    if call.path:
        check_served(ctx, call.path[0])
    if asks_operation(call.path):
        return invocation(call)
    found = DEFINITION if defines_operation(call.path) else methods(call.path) if call.path else BASE
    asked = found.get("GET" if call.method == "HEAD" else call.method)
    if asked is None:
        allowed = ADDRESSES.get(call.path[0] if call.path else "") or ((*found, "HEAD") if "GET" in found else tuple(found))
        raise MethodNotAllowed(f"This address does not take {call.method if call.method.isalpha() else 'this method'}", allow=allowed)
    if asked is writing.create and call.if_none_exist is not None:
        return conditional.conditional_create
    return asked


def check_served(ctx: Context, kind: str) -> None:
    """Raises `NotFound` for a type whose service runs in another process (`osler serve --only`)."""
    if kind in TYPE_CODE and not ctx.store.serves(kind):
        message = f"This process does not serve {kind}; its CapabilityStatement lists what it serves"
        raise NotFound(message, [Issue("not-supported", message)])


def methods(path: list[str]) -> Mapping[str, Interaction]:
    """What a path below the base answers, by method."""
    head, depth = path[0], len(path)
    if head in TYPE_CODE:
        if depth == 1:
            return TYPE
        if depth == 2:
            return {"_search": SEARCH, "_history": HISTORY}.get(path[1]) or checked(path, INSTANCE)
        if path[2] == "_history" and depth < 5:
            return checked(path, HISTORY if depth == 3 else VERSION)
        if head in COMPARTMENT_TYPES and (path[2] in TYPE_CODE or path[2] == "*") and path[3:] in ([], ["_search"]):
            return checked(path, COMPARTMENT if depth == 4 else OF_COMPARTMENT)
    elif depth == 1 and head in FIXED:
        return FIXED[head]
    elif depth == 1 and head == "metadata":
        return {}
    elif head[:1].isalpha():
        message = "This server does not know that resource type"
        raise NotFound(message, [Issue("not-supported", message)])
    raise NotFound("There is nothing at this address")


BASE: Mapping[str, Interaction] = {"GET": searching.search_types}
ADDRESSES = {"": ("GET", "HEAD", "POST"), "metadata": ("GET", "HEAD")}
"""Two addresses that take more than routing answers: Bundles and the CapabilityStatement are answered before it."""
FIXED = {"_history": HISTORY, "_search": SYSTEM_SEARCH}


def checked(path: list[str], found: Mapping[str, Interaction]) -> Mapping[str, Interaction]:
    """What is no legal id cannot be the id of anything; a write learns that from `legal_id`, with a 400."""
    if not LEGAL_ID.match(path[1]) and (found is not INSTANCE or path[1].startswith("_")):
        raise NotFound("There is nothing at this address")
    return found


async def perform(ctx: Context, call: Call) -> Answer:
    """Do what a call asks."""
    return await interaction(ctx, call)(ctx, call)
