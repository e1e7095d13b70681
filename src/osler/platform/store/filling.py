"""From a tenant's new SearchParameter to one that can be searched by; and away with the rows of one that is no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from osler.platform.clock import SystemClock
from osler.platform.fhir import TYPE_CODE
from osler.platform.store.connections import Connections
from osler.platform.store.owners import Owners
from osler.platform.store.parameters import LEFT, SETTLED, Custom, Parameters
from osler.platform.store.reindexing import Reindexing, reindexing

if TYPE_CHECKING:
    from osler.platform.store.store import Kernel

READY = """insert into kernel.parameter_ready (tenant, id, version, keys)
  select $1, r.id, r.version, $4 from {schema}.resource r
  where r.tenant = $1 and r.rtype = $2 and r.id = $3 and r.version = $5 and not r.deleted
  on conflict (tenant, id) do update set version = excluded.version, keys = excluded.keys, at = now()"""
GONE = "delete from kernel.parameter_ready where tenant = $1 and id = $2"


class Filling:
    """Does what `Parameters.fresh` has asked for."""

    def __init__(self, connections: Connections, owners: Owners, parameters: Parameters, reindexing: Reindexing) -> None:
        self._connections = connections
        self._owners = owners
        self._parameters = parameters
        self._reindexing = reindexing

    async def run(self, tenant: int, settled: float = SETTLED, advance: Callable[[int], None] = lambda _: None) -> int:
        """Reindex for each parameter that is not complete; answers how many there were. Safe to run twice, also at once."""
        await self._clear(tenant)
        pending: dict[tuple[str, int], list[Custom]] = {}
        for here in (await self._parameters.look(tenant)).values():
            for custom in here.values():
                if custom.parameter.pending:
                    pending.setdefault((custom.id, custom.version), []).append(custom)
        for (name, version), customs in pending.items():
            # Every process must know the parameter before its records are read, or one would write without it behind our back.
            await asyncio.sleep(max(0.0, customs[0].updated + settled - SystemClock().now().timestamp()))
            self._parameters.changed(tenant)
            await self._parameters.fresh(tenant)
            for custom in customs:
                key = custom.parameter.key
                mark = f"{name}/{version}"
                await self._reindexing.run(tenant, custom.parameter.type, frozenset({key}), resume=True, mark=mark, advance=advance)
            schema = self._owners.schema_of("SearchParameter")
            async with self._connections.lend(tenant) as session:
                keys = [custom.parameter.key for custom in customs]
                await session.fetch(READY.format(schema=schema), tenant, TYPE_CODE["SearchParameter"], name, keys, version)
        if pending:
            self._parameters.changed(tenant)
        return len(pending)

    async def _clear(self, tenant: int) -> None:
        """Take out the rows of parameters that were withdrawn or changed."""
        schema = self._owners.schema_of("SearchParameter")
        async with self._connections.lend(tenant) as session:
            left = await session.fetch(LEFT.format(schema=schema), tenant, TYPE_CODE["SearchParameter"])
        for row in left:
            for name, _ in self._owners.schemas:
                await self._reindexing.drop(tenant, name, row["keys"])
            async with self._connections.lend(tenant) as session:
                await session.fetch(GONE, tenant, row["id"])


async def fill(kernel: Kernel, tenant: int, settled: float = SETTLED) -> int:
    """Make the tenant's own search parameters complete; answers how many were not."""
    return await Filling(kernel.connections, kernel.owners, kernel.parameters, reindexing(kernel)).run(tenant, settled)
