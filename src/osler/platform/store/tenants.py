"""The tenants of this installation: made by an operator, looked up by the name in the URL."""

from __future__ import annotations

import re

import asyncpg

from osler.platform.context import Tenant
from osler.platform.errors import Conflict, Malformed

NAME = re.compile(r"^[a-z][a-z0-9-]{0,62}$")
RESERVED = frozenset({"health", "metrics", "assets", "static", "internal", "api"})
"""First words of URLs that are not a tenant."""


class TenantExists(Conflict):
    """There is a tenant of this name already."""


async def create_tenant(owner: asyncpg.Connection, name: str, *, demo: bool = False) -> Tenant:
    """Make a tenant. Raises `Malformed` for a name that cannot stand in a URL, `TenantExists` when it is taken."""
    if not NAME.match(name) or name in RESERVED:
        raise Malformed(
            f"{name!r} cannot name a tenant: 1 to 63 of a-z, 0-9 and -, beginning with a letter, and none of {sorted(RESERVED)}"
        )
    key = await owner.fetchval(
        "insert into kernel.tenant (name, demo) values ($1, $2) on conflict (name) do nothing returning key", name, demo
    )
    if key is None:
        raise TenantExists(f"tenant {name} exists already")
    return Tenant(key, name)


async def find_tenant(connection: asyncpg.Connection, name: str) -> Tenant | None:
    """The tenant of this name."""
    key = await connection.fetchval("select key from kernel.tenant where name = $1", name)
    return None if key is None else Tenant(key, name)


async def all_tenants(connection: asyncpg.Connection) -> list[tuple[Tenant, bool]]:
    """Every tenant in the order of creation, and whether it is a demo one."""
    rows = await connection.fetch("select key, name, demo from kernel.tenant order by key")
    return [(Tenant(row["key"], row["name"]), row["demo"]) for row in rows]
