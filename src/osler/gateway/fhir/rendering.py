"""A finished JSON answer in the form the caller asked for; JSON itself is passed on untouched."""

from __future__ import annotations

import asyncio

import msgspec

from osler.formats.csv import table
from osler.formats.ndjson import lines_of
from osler.formats.xml import to_xml
from osler.gateway.fhir import reading, searching
from osler.gateway.fhir.call import Call
from osler.gateway.fhir.media import MIME, Form, wishes_xml
from osler.gateway.fhir.preferences import Preferences
from osler.gateway.fhir.routing import Interaction
from osler.gateway.fhir.tree import indented
from osler.platform.errors import NotAcceptable, OslerError
from osler.platform.web import OFF_LOOP, Request, Response

UTF_8 = b"; charset=utf-8"
TABLES: frozenset[Interaction | None] = frozenset({searching.search, searching.search_compartment})
SEARCHES = TABLES | {searching.search_types}
RECORDS: frozenset[Interaction | None] = frozenset({reading.read, reading.vread})
BUNDLES = frozenset({"$everything", "$lastn", "$match", "$docref"})
"""Operations that answer with a searchset."""


class _Search(msgspec.Struct, frozen=True):
    mode: str = "match"


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw()
    search: _Search = _Search()


class _Issue(msgspec.Struct):
    diagnostics: str = ""


class _Outcome(msgspec.Struct):
    issue: list[_Issue] = []


class _Link(msgspec.Struct):
    relation: str = ""
    url: str = ""


class _Linked(msgspec.Struct):
    link: list[_Link] = []


class _Searchset(_Linked):
    entry: list[_Entry] = []


async def rendered(response: Response, wishes: Preferences) -> Response:
    """The response in the form asked for. `_pretty` is for eyes: it indents JSON and XML."""
    if not response.body:
        return response
    if wishes.form == "json":
        if wishes.pretty:
            response.body = indented(response.body)
        return response
    if len(response.body) > OFF_LOOP:
        response.body, headers = await asyncio.to_thread(formed, response.body, wishes.form, wishes.pretty)
    else:
        response.body, headers = formed(response.body, wishes.form, wishes.pretty)
    response.content_type = wishes.mime + UTF_8
    response.headers += headers
    return response


def check_form(call: Call | Preferences, asked: Interaction | None = None) -> None:
    """Raise `NotAcceptable`, before anything is done, when what is asked cannot be told in the form asked for."""
    wishes = call.wishes if isinstance(call, Call) else call
    if wishes.form in ("json", "xml"):
        return
    path = call.path if isinstance(call, Call) else []
    if wishes.form == "ndjson":
        if asked in SEARCHES or asked in RECORDS or (path and path[-1] in BUNDLES):
            return
        raise NotAcceptable("This is answered in JSON and XML only; reads and searches also as NDJSON")
    if not isinstance(call, Call) or asked not in TABLES or path[-1:] == ["*"]:
        raise NotAcceptable("This is answered in JSON and XML only; the search of one type also as CSV")
    if any(name.partition(":")[0] in ("_include", "_revinclude") for name, _ in call.query):
        raise NotAcceptable("A table holds one type: leave out _include and _revinclude, or ask for another form")


def formed(body: bytes, form: Form, pretty: bool) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The JSON in another form, and what that form says in headers because it has no place for it."""
    if form == "xml":
        return to_xml(body, pretty), []
    if form == "csv":
        return tabled(body)
    return lines_of(body), links(body)


def tabled(body: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """A searchset of one type as CSV; what was cut or ignored stands in the header `Warning`."""
    found = msgspec.json.decode(body, type=_Searchset)
    headers = links(body)
    records = [entry.resource for entry in found.entry if entry.search.mode == "match"]
    kind = next((link.url.partition("?")[0].rpartition("/")[2] for link in found.link if link.relation == "self"), "")
    for entry in found.entry:
        if entry.search.mode == "outcome":
            for issue in msgspec.json.decode(entry.resource, type=_Outcome).issue:
                headers.append((b"warning", b'299 osler "%b"' % issue.diagnostics.encode("ascii", "replace").replace(b'"', b"'")))
    headers.append((b"content-disposition", f'attachment; filename="{kind}.csv"'.encode()))
    return table(kind, [bytes(record) for record in records]), headers


def links(body: bytes) -> list[tuple[bytes, bytes]]:
    """The Bundle's links as HTTP has them, for forms that hold the records alone. https://www.rfc-editor.org/rfc/rfc8288"""
    found = msgspec.json.decode(body, type=_Linked).link
    return [(b"link", f'<{link.url}>; rel="{link.relation}"'.encode()) for link in found if link.url.isascii() and ">" not in link.url]


def refusal_in_form(request: Request, response: Response) -> Response:
    """A refusal as XML for those who asked for XML; for all others it stays JSON."""
    if response.body and wishes_xml(request.scope["query_string"].decode("latin-1"), request.header(b"accept")):
        try:
            response.body = to_xml(response.body)
        except OslerError:
            return response
        response.content_type = MIME["xml"] + UTF_8
    return response
