"""How the app API says no: GraphQL errors whose `extensions.code` is the FHIR issue code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

from osler.platform.errors import Issue, OslerError


class QueryRefused(OslerError):
    """The query cannot be read, does not fit the schema, or asks for too much; nothing of it was carried out."""

    status, code = 400, "invalid"

    def __init__(self, message: str, code: str = "invalid", errors: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message, [Issue(code, message)])
        self.errors = list(errors) or [said(message, code)]


def said(message: str, code: str, path: Sequence[str | int] | None = None) -> dict[str, Any]:
    """One entry of `errors`."""
    error: dict[str, Any] = {"message": message, "extensions": {"code": code}}
    if path is not None:
        error["path"] = list(path)
    return error


def refused(errors: Sequence[GraphQLError], code: str = "invalid") -> QueryRefused:
    """What graphql-core found wrong with a query."""
    told = []
    for error in errors:
        one = said(error.message, code)
        if error.locations:
            one["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
        told.append(one)
    return QueryRefused(errors[0].message, code, told)


def told(error: OslerError, path: Sequence[str | int] | None = None) -> list[dict[str, Any]]:
    """A refusal of ours as GraphQL errors."""
    if isinstance(error, QueryRefused):
        return error.errors
    return [said(issue.diagnostics, issue.code, path) for issue in error.outcome()]
