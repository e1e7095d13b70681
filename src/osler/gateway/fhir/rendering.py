"""A finished JSON answer in the form the caller asked for; JSON itself is passed on untouched."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from osler.formats.ndjson import lines_of
from osler.formats.xml import to_xml
from osler.gateway.fhir import reading, searching
from osler.gateway.fhir.media import MIME, Form, wishes_xml
from osler.gateway.fhir.preferences import Preferences
from osler.gateway.fhir.routing import Interaction
from osler.gateway.fhir.tree import indented
from osler.platform.errors import NotAcceptable, OslerError
from osler.platform.web import OFF_LOOP, Request, Response

UTF_8 = b"; charset=utf-8"
TABLES: frozenset[Interaction | None] = frozenset({searching.search, searching.search_types})
RECORDS: frozenset[Interaction | None] = frozenset({reading.read, reading.vread})
BUNDLES = frozenset({"$everything", "$lastn", "$match", "$docref"})
"""Operations that answer with a searchset."""


class _Link(msgspec.Struct):
    relation: str = ""
    url: str = ""


class _Linked(msgspec.Struct):
    link: list[_Link] = []


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


def check_form(wishes: Preferences, asked: Interaction | None, path: Sequence[str] = ()) -> None:
    """Raise `NotAcceptable`, before anything is done, when what is asked cannot be told in the form asked for."""
    if wishes.form in ("json", "xml"):
        return
    if asked in TABLES and wishes.form == "ndjson":
        return
    if wishes.form == "ndjson" and (asked in RECORDS or (path and path[-1] in BUNDLES)):
        return
    raise NotAcceptable(
        f"This is answered in JSON and XML only; {'searches' if wishes.form == 'csv' else 'reads and searches'} also as {wishes.form}"
    )


def formed(body: bytes, form: Form, pretty: bool) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The JSON in another form, and what that form says in headers because it has no place for it."""
    if form == "xml":
        return to_xml(body, pretty), []
    return lines_of(body), links(body)


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
