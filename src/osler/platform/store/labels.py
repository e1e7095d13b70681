"""Which profiles, tags and security labels are in use: found in the search index, one record looked at for each.

https://hl7.org/fhir/R4/resource-operation-meta.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from osler.platform.audit import Entry
from osler.platform.context import Context
from osler.platform.fhir import TYPE_CODE, search_parameters
from osler.platform.store import labels_sql
from osler.platform.store.codec import Codec
from osler.platform.store.ledger import Ledger
from osler.platform.store.owners import Owners

MOST_VALUES = 1000
"""Different profiles, tags or labels of one type."""
MOST_ALIKE = 5000
"""Rows of one code among which its systems are looked for."""
PARAMETERS = ("_profile", "_tag", "_security")


class _Labelled(msgspec.Struct):
    meta: dict[str, Any] = {}


_decoder = msgspec.json.Decoder(_Labelled)


class Labels:
    """What `store.labels` offers."""

    def __init__(self, ledger: Ledger, owners: Owners, codec: Codec) -> None:
        self._ledger = ledger
        self._owners = owners
        self._codec = codec

    async def in_use(self, ctx: Context, kinds: Iterable[str], whole: str | None) -> list[dict[str, Any]]:
        """The metas of present records of these types that together hold every label in use. Audited as a search of `whole`."""
        keys: dict[str, list[int]] = defaultdict(list)
        for kind in sorted(kinds):
            known = search_parameters(kind)
            keys[self._owners.schema_of(kind)] += [known[code].key for code in PARAMETERS if code in known]
        found: list[dict[str, Any]] = []
        async with self._ledger.connections.lend(ctx.tenant.key) as session:
            for schema, wanted in sorted(keys.items()):
                rows = await session.fetch(labels_sql.walk(schema), ctx.tenant.key, wanted, MOST_VALUES, MOST_ALIKE)
                found += [_decoder.decode(self._codec.unpack(row["codec"], row["content"])).meta for row in rows]
        rtype = TYPE_CODE[whole] if whole else 0
        entry = Entry(ctx.clock.now(), 0, 0, rtype, 200, "S", ctx.actor.id, "", ctx.request_id, "$meta")
        await self._ledger.record(ctx.tenant.key, [entry])
        return found
