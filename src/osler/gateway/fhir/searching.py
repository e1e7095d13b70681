"""search by GET and POST. https://hl7.org/fhir/R4/http.html#search"""

from __future__ import annotations

from osler.gateway.fhir import framing
from osler.gateway.fhir.call import Answer, Call
from osler.gateway.fhir.reading import addressed
from osler.gateway.fhir.subset import shown
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.errors import Issue, Malformed, Unsupported
from osler.platform.fhir import TYPE_CODE
from osler.platform.store.search import Page, Query, parse_query
from osler.platform.web import operation_outcome


async def search(ctx: Context, call: Call) -> Answer:
    """One page of what matches, with what was asked to be included."""
    kind = call.path[0]
    require(ctx, "search", kind)
    query = query_of(call, kind, call.query)
    return searchset(call, query, await ctx.store.search(ctx, query))


async def search_types(ctx: Context, call: Call) -> Answer:
    """Search at the base address: `_type` must name one type."""
    kinds = [value for name, value in call.query if name == "_type"]
    if len(kinds) != 1 or "," in kinds[0]:
        raise Unsupported("A search at the base address needs _type with one resource type")
    if kinds[0] not in TYPE_CODE:
        message = "_type names no resource type"
        raise Malformed(message, [Issue("invalid", message, "http._type")])
    require(ctx, "search", kinds[0])
    query = query_of(call, kinds[0], [pair for pair in call.query if pair[0] != "_type"])
    return searchset(call, query, await ctx.store.search(ctx, query))


def query_of(call: Call, kind: str, parameters: list[tuple[str, str]]) -> Query:
    """The parameters as a query. Raises `Unsupported` for what we would otherwise ignore, unless the caller asked for leniency."""
    if call.wishes.summary == "count":
        parameters = [*parameters, ("_summary", "count")]
    return parse_query(kind, parameters, call.wishes.lenient, call.base)


def searchset(call: Call, query: Query, page: Page) -> Answer:
    """The Bundle, framed around stored bytes. Links of a search sent as a form do not repeat its criteria: they may name a patient."""
    wishes = call.wishes
    whole = not wishes.elements and wishes.summary == "false"
    entries = []
    for mode, records in (("match", page.matches), ("include", page.included)):
        for stored in records:
            content = stored.content if whole else shown(stored.content, stored.type, wishes)
            entries.append(framing.found(call.base, stored, content, mode))
    said = (*(f"The parameter {name} was ignored" for name in query.ignored), *page.notes)
    if said:
        entries.append(framing.noted(operation_outcome([Issue("not-supported", words, severity="warning") for words in said])))
    address = f"{call.base}/{query.type}"
    links = [("self", address if call.by_form else addressed(address, [*query.used, *wishes.said]))]
    if page.next:
        links.append(("next", addressed(f"{address}?_cursor={page.next}", wishes.said)))
    return Answer(200, framing.bundle("searchset", entries, links, page.total))
