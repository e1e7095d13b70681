"""Make the search parameters that a tenant has added complete, and take the rows of those it has withdrawn."""

from __future__ import annotations

from osler.platform.context import Context
from osler.platform.store.filling import fill


async def fill_search_parameters(ctx: Context, _payload: bytes = b"") -> None:
    """A SearchParameter was added, changed or withdrawn: index the records that were there before, then let it be searched by."""
    await fill(ctx.store.kernel, ctx.tenant.key)
