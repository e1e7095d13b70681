"""read, vread and history. https://hl7.org/fhir/R4/http.html#read"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlencode

from osler.gateway.fhir import framing
from osler.gateway.fhir.binary import check_context, open_part
from osler.gateway.fhir.call import Answer, Call, not_modified
from osler.gateway.fhir.subset import shown
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.errors import Malformed, Unsupported
from osler.platform.fhir import date_range

DEFAULT_COUNT = 50
MOST = 1000
PLAIN = re.compile(r"[A-Za-z0-9_.~|,:/$-]*").fullmatch
"""What stands in a link as it is."""
HISTORY_PARAMETERS = frozenset({"_since", "_at", "_count", "_cursor"})


async def read(ctx: Context, call: Call) -> Answer:
    """The current version; 304 when the caller holds it already."""
    kind, name = call.path
    refuse_parameters(call, frozenset())
    require(ctx, "read", kind)
    stored = await ctx.store.read(ctx, kind, name)
    if kind == "Binary":
        check_context(ctx, stored.content)
    if not_modified(call, stored):
        return Answer(304, stored=stored)
    return Answer(200, shown(stored.content, kind, call.wishes), stored)


async def vread(ctx: Context, call: Call) -> Answer:
    """One version, old or current."""
    kind, name, _, version = call.path
    refuse_parameters(call, frozenset())
    require(ctx, "vread", kind)
    stored = await ctx.store.vread(ctx, kind, name, version)
    if kind == "Binary":
        check_context(ctx, stored.content)
    if not_modified(call, stored):
        return Answer(304, stored=stored)
    return Answer(200, shown(stored.content, kind, call.wishes), stored)


async def history(ctx: Context, call: Call) -> Answer:
    """All versions of one resource, of one type, or of all, newest first, deletions included."""
    kind = call.path[0] if len(call.path) > 1 else None
    name = call.path[1] if len(call.path) > 2 else None
    refuse_parameters(call, HISTORY_PARAMETERS)
    require(ctx, "history", kind)
    given = dict(call.query)
    if len(given) < len(call.query):
        raise Malformed("A history takes each parameter once")
    count = page_size(given.get("_count"))
    since = moments(given, "_since")
    at = moments(given, "_at")
    page = await ctx.store.history(ctx, kind, name, since[0] if since else None, at, count, given.get("_cursor"))
    base = call.base.encode()
    entries = [
        framing.happened(base, stored, shown(open_part(ctx, stored.type, stored.content), stored.type, call.wishes))
        for stored in page.entries
    ]
    url = "/".join([call.base, *call.path])
    links = [("self", addressed(url, call.query))]
    if page.next:
        links.append(("next", addressed(url, [(key, value) for key, value in call.query if key != "_cursor"] + [("_cursor", page.next)])))
    return Answer(200, framing.bundle("history", entries, links, page.total))


def refuse_parameters(call: Call, known: frozenset[str]) -> None:
    """A parameter we would silently ignore is refused, unless the caller asked for leniency."""
    for name, _ in call.query:
        if name not in known and not call.wishes.lenient:
            raise Unsupported(f"The parameter {name!r} is not known here" if name.isprintable() else "A parameter is not known here")


def page_size(text: str | None) -> int:
    """`_count`: how many entries a page may have."""
    if text is None:
        return DEFAULT_COUNT
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Malformed("_count is a whole number")
    return max(1, min(int(text), MOST))


def moments(given: dict[str, str], name: str) -> tuple[datetime, datetime] | None:
    """A date or instant parameter as the stretch of time it means."""
    if name not in given:
        return None
    try:
        # A '+' of a time zone that was not escaped arrives as a space.
        return date_range(given[name].replace(" ", "+"))
    except ValueError:
        raise Malformed(f"{name} is a FHIR date, dateTime or instant") from None


def addressed(url: str, query: list[tuple[str, str]]) -> str:
    """A link."""
    if not query:
        return url
    # Most parameters have nothing to escape, and escaping costs more than looking.
    pairs = (f"{name}={value}" if PLAIN(name + value) else urlencode([(name, value)], safe="|,:/$") for name, value in query)
    return f"{url}{'&' if '?' in url else '?'}{'&'.join(pairs)}"
