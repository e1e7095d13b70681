"""All matches of a search within one transaction, for operations that answer with less than they look at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import msgspec

from osler.gateway.fhir import searching
from osler.gateway.fhir.call import Call
from osler.platform.audit import Entry
from osler.platform.context import Context
from osler.platform.errors import Invalid, Issue
from osler.platform.fhir import TYPE_CODE, rid
from osler.platform.store import Stored, Transaction

AT_ONCE = 1000
MOST = 50_000
"""Records one operation looks at; more are refused, not left out."""


async def scanned(ctx: Context, tx: Transaction, call: Call, kind: str, criteria: list[tuple[str, str]]) -> AsyncIterator[list[Stored]]:
    """The matches, page by page, not yet audited: `shown_to` says at the end what left. Raises `Invalid` when there are too many."""
    known = await ctx.store.parameters.known(ctx.tenant.key)
    query = searching.query_of(call, kind, [*criteria, ("_count", str(AT_ONCE))], parameters_of=known)
    seen = 0
    while True:
        page = await ctx.store.kernel.searcher.search_in(ctx, query, tx.fetch)
        seen += len(page.matches)
        yield page.matches
        if page.next is None:
            return
        if seen >= MOST:
            message = f"More than {MOST} records match; please narrow the criteria"
            raise Invalid(message, [Issue("too-costly", message)])
        query = msgspec.structs.replace(query, cursor=page.next)


def shown_to(ctx: Context, tx: Transaction, operation: str, kind: str, patient: str | None, found: Iterable[Stored]) -> None:
    """Record what the operation hands out, under the patient it was asked about."""
    prid = rid("Patient", patient) if patient else 0
    names = " ".join(f"{stored.type}/{stored.id}/{stored.version}" for stored in found)
    entry = Entry(ctx.clock.now(), prid, 0, TYPE_CODE[kind], 200, "S", ctx.actor.id, "", ctx.request_id, f"{operation} {names}".rstrip())
    tx.note(entry)


def patient_of(reference: str, base: str) -> str | None:
    """The id of the patient a `patient` or `subject` parameter names; None when it names something else."""
    kind, _, name = reference.removeprefix(base + "/").rpartition("/")
    return name if kind in ("", "Patient") else None
