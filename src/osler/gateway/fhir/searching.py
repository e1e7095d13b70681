"""search by GET and POST. https://hl7.org/fhir/R4/http.html#search"""

from __future__ import annotations

from collections.abc import Sequence

from osler.gateway.fhir import framing
from osler.gateway.fhir.binary import open_part
from osler.gateway.fhir.call import Answer, Call
from osler.gateway.fhir.reading import addressed
from osler.gateway.fhir.subset import shown
from osler.platform.access import readable, require
from osler.platform.context import Context
from osler.platform.errors import Issue, Malformed
from osler.platform.fhir import TYPE_CODE, TYPES, compartment_members, search_parameters
from osler.platform.store.parameters import ParametersOf
from osler.platform.store.search import Page, Query, parse_query, parse_types
from osler.platform.web import operation_outcome


async def search(ctx: Context, call: Call) -> Answer:
    """One page of what matches, with what was asked to be included."""
    kind = call.path[0]
    require(ctx, "search", kind)
    query = query_of(call, kind, call.query, parameters_of=await ctx.store.parameters.known(ctx.tenant.key))
    return searchset(ctx, call, query, await ctx.store.search(ctx, query))


async def search_types(ctx: Context, call: Call) -> Answer:
    """Search at the base address: of the types `_type` names, else of every type the caller may read."""
    kinds = types_of(call)
    for kind in kinds:
        require(ctx, "search", kind)
    if not kinds:
        kinds = [kind for kind in TYPES if kind in readable(ctx.actor) and ctx.store.serves(kind)]
    if not kinds:
        require(ctx, "search", None)
    return await of_several(ctx, call, kinds)


async def search_compartment(ctx: Context, call: Call) -> Answer:
    """`Patient/1/Observation`, `Patient/1/*`. https://hl7.org/fhir/R4/http.html#vsearch"""
    kind, name, asked = call.path[:3]
    compartment = f"{kind}/{name}"
    require(ctx, "search", kind)
    if asked != "*":
        require(ctx, "search", asked)
        query = query_of(call, asked, call.query, compartment, await ctx.store.parameters.known(ctx.tenant.key))
        return searchset(ctx, call, query, await ctx.store.search(ctx, query))
    kinds = types_of(call)
    for one in kinds:
        require(ctx, "search", one)
    members = compartment_members(kind)
    return await of_several(
        ctx, call, kinds or [one for one in members if one in readable(ctx.actor) and ctx.store.serves(one)], compartment
    )


async def of_several(ctx: Context, call: Call, kinds: Sequence[str], compartment: str = "") -> Answer:
    """One page of several types' records."""
    known = await ctx.store.parameters.known(ctx.tenant.key)
    query = parse_types(kinds, wanted(call, call.query), call.wishes.lenient, call.base, parameters_of=known, compartment=compartment)
    return searchset(ctx, call, query, await ctx.store.search(ctx, query))


def types_of(call: Call) -> list[str]:
    """The types `_type` names, each once. Raises `Malformed` for what is no type."""
    kinds = [kind for name, value in call.query if name == "_type" for kind in value.split(",")]
    for kind in kinds:
        if kind not in TYPE_CODE:
            message = "_type names what is no resource type"
            raise Malformed(message, [Issue("invalid", message, "http._type")])
    return list(dict.fromkeys(kinds))


def query_of(
    call: Call, kind: str, parameters: list[tuple[str, str]], compartment: str = "", parameters_of: ParametersOf = search_parameters
) -> Query:
    """The parameters as a query. Raises `Unsupported` for what we would otherwise ignore, unless the caller asked for leniency."""
    asked = wanted(call, parameters)
    return parse_query(kind, asked, call.wishes.lenient, call.base, parameters_of=parameters_of, compartment=compartment)


def wanted(call: Call, parameters: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The parameters, with the wish that decides what is looked for."""
    return [*parameters, ("_summary", "count")] if call.wishes.summary == "count" else parameters


def searchset(ctx: Context, call: Call, query: Query, page: Page) -> Answer:
    """The Bundle, framed around stored bytes. Links of a search sent as a form do not repeat its criteria: they may name a patient."""
    wishes = call.wishes
    whole = not wishes.elements and wishes.summary == "false"
    entries = []
    for mode, records in (("match", page.matches), ("include", page.included)):
        for stored in records:
            content = stored.content if stored.type != "Binary" else open_part(ctx, stored.type, stored.content)
            content = content if whole else shown(content, stored.type, wishes)
            entries.append(framing.found(call.base, stored, content, mode))
    said = [Issue("not-supported", f"The parameter {name} was ignored", severity="warning") for name in query.ignored]
    said += [Issue("informational", words, severity="warning") for words in page.notes]
    if said:
        entries.append(framing.noted(operation_outcome(said)))
    address = address_of(call, query)
    links = [("self", address if call.by_form else addressed(address, [*query.used, *wishes.said]))]
    for relation, cursor in (("first", page.first), ("prev", page.prev), ("next", page.next)):
        if cursor:
            links.append((relation, addressed(f"{address}?_cursor={cursor}", wishes.said)))
    return Answer(200, framing.bundle("searchset", entries, links, page.total))


def address_of(call: Call, query: Query) -> str:
    """The address at which a search is asked by GET."""
    if query.compartment:
        return f"{call.base}/{query.compartment}/{query.type or '*'}"
    return f"{call.base}/{query.type}" if query.type else call.base
