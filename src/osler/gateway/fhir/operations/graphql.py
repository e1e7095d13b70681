"""$graphql: FHIR's own GraphQL over the system or over one record. https://hl7.org/fhir/R4/graphql.html

Every record is read and every search run through the store like any other, so that access, audit and tenant hold here, too.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from osler.gateway.fhir.call import Answer, Call
from osler.gateway.fhir.operations.arguments import Given
from osler.gateway.fhir.operations.graphql_check import check
from osler.gateway.fhir.operations.graphql_document import document, wrong
from osler.gateway.fhir.operations.graphql_run import Runner
from osler.gateway.fhir.operations.operation import Operation, Parameter
from osler.gateway.fhir.tree import text, tree
from osler.platform.access import readable, require
from osler.platform.context import Context
from osler.platform.errors import Forbidden, OslerError
from osler.platform.web import operation_outcome

JSON, GRAPHQL = "application/json", "application/graphql"


async def graphql(ctx: Context, call: Call, given: Given) -> Answer:
    """Answer a query as JSON: `data`, or why there is none. https://hl7.org/fhir/R4/graphql.html#errors"""
    try:
        answer, status = text({"data": await data(ctx, call, given)}), 200
    except OslerError as error:
        if call.place or error.status >= 500:
            raise
        if isinstance(error, Forbidden):
            await ctx.store.note(ctx, 403, "$graphql refused")
        answer, status = refusal(error), error.status
    if call.place:  # an entry of a batch answers with a resource
        return Answer(200, text({"resourceType": "Binary", "contentType": JSON, "data": base64.b64encode(answer).decode()}))
    call.wishes.mime = JSON.encode()
    return Answer(status, answer, plain=True)


async def data(ctx: Context, call: Call, given: Given) -> dict[str, Any]:
    """What is asked for."""
    query, variables, name = asked(call, given)
    read = document(query, variables, name)
    runner = Runner(ctx, call, read)
    if len(call.path) == 1:
        if not readable(ctx.actor):
            require(ctx, "search", None)
        return await runner.system(read.selected)
    kind, id_ = call.path[0], call.path[1]
    require(ctx, "read", kind)
    check(read, read.selected, kind)
    stored = await ctx.store.read(ctx, kind, id_)
    return await runner.resource(tree(stored.content), read.selected)


def refusal(error: OslerError) -> bytes:
    """A GraphQL error for each issue, with the OperationOutcome that says the same."""
    errors = [
        {"message": issue.diagnostics, "extensions": {"code": issue.code, "resource": msgspec.Raw(operation_outcome([issue]))}}
        for issue in error.outcome()
    ]
    return text({"data": None, "errors": errors})


def asked(call: Call, given: Given) -> tuple[str, dict[str, Any], str | None]:
    """Query, variables and the operation's name: from the URL, a Parameters resource, a GraphQL text or the usual JSON."""
    query, name, variables = given.one("query"), given.one("operationName"), {}
    if given.one("variables") is not None:
        variables = tree(given.one("variables").encode())
    if call.method == "POST" and call.body and call.content_type == GRAPHQL:
        query = decoded(call.body)
    elif call.method == "POST" and call.body and call.content_type == JSON:
        sent = tree(call.body)
        if not isinstance(sent, dict):
            raise wrong("The body must be an object with a query")
        if sent.get("resourceType") == "Parameters":
            parts = sent.get("parameter")
            named = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
            values = {part.get("name"): part.get("valueString") for part in named}
            query, name = values.get("query", query), values.get("operationName", name)
        else:
            query, variables, name = sent.get("query", query), sent.get("variables") or variables, sent.get("operationName") or name
    if not isinstance(query, str) or not query.strip():
        raise wrong("The parameter query is required", "required")
    if not isinstance(variables, dict):
        raise wrong("variables is an object")
    if name is not None and not isinstance(name, str):
        raise wrong("operationName is a word")
    return query, variables, name


def decoded(body: bytes) -> str:
    """A body as text."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise wrong("The body is not UTF-8") from None


GRAPHQL_OPERATION = Operation(
    "$graphql",
    "http://hl7.org/fhir/OperationDefinition/Resource-graphql",
    graphql,
    frozenset({"system", "instance"}),
    takes=(
        Parameter("query", "string", text="The query; by POST also the whole body, as GraphQL or in JSON"),
        Parameter("variables", "string", text="Values of the query's variables, as a JSON object"),
        Parameter("operationName", "string", text="Which of several operations"),
    ),
    gives=(Parameter("result", "Binary", 1, text="JSON"),),
    media=frozenset({JSON, GRAPHQL}),
    title="FHIR's GraphQL",
)
