"""The definitions that operators load, and the policy they set: written as the owner, read by every process (`profiles`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from osler.platform.store.profiles import Mode, packed

EVERY_TENANT = 0
_PUT = """insert into kernel.definition (tenant, kind, url, version, package, body) values ($1, $2, $3, $4, $5, $6)
on conflict (tenant, kind, url, version) do update set package = excluded.package, body = excluded.body, loaded = now()
returning (xmax = 0) as made"""
_CHANGED = """insert into kernel.validation (tenant, changed) values ($1, 1)
on conflict (tenant) do update set changed = kernel.validation.changed + 1"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One definition as it is listed."""

    tenant: int
    kind: str
    url: str
    version: str
    package: str


async def put(owner: asyncpg.Connection, tenant: int, package: str, resources: Iterable[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Load definitions in one transaction; the names (`Kind url|version`) of those that are new, and of those replaced."""
    made: list[str] = []
    replaced: list[str] = []
    async with owner.transaction():
        for resource in resources:
            kind, url, version = resource["resourceType"], resource["url"], str(resource.get("version", ""))
            new = await owner.fetchval(_PUT, tenant, kind, url, version, package, packed(resource))
            (made if new else replaced).append(f"{kind} {url}|{version}")
        await owner.execute(_CHANGED, tenant)
    return made, replaced


async def listed(owner: asyncpg.Connection, tenants: Sequence[int]) -> list[Loaded]:
    """The definitions of these tenants, in the order of their packages."""
    sql = "select tenant, kind, url, version, package from kernel.definition where tenant = any($1::int4[]) order by 1, 5, 2, 3, 4"
    return [Loaded(*row) for row in await owner.fetch(sql, list(tenants))]


async def remove(owner: asyncpg.Connection, tenant: int, name: str) -> int:
    """Remove a package by its name, or one definition by its canonical URL; how many are gone."""
    async with owner.transaction():
        gone = "delete from kernel.definition where tenant = $1 and (package = $2 or url = $2) returning 1"
        sql = f"with gone as ({gone}) select count(*) from gone"  # noqa: S608 - both parts are constants
        count: int = await owner.fetchval(sql, tenant, name)
        await owner.execute(_CHANGED, tenant)
    return count


async def set_policy(owner: asyncpg.Connection, tenant: int, mode: Mode, claimed: bool, defaults: Mapping[str, Sequence[str]]) -> None:
    """How profiles bind what the tenant writes from now on."""
    sql = """insert into kernel.validation (tenant, changed, mode, claimed, defaults) values ($1, 1, $2, $3, $4::jsonb)
on conflict (tenant) do update set changed = kernel.validation.changed + 1, mode = $2, claimed = $3, defaults = $4::jsonb"""
    await owner.execute(sql, tenant, mode, claimed, json.dumps({name: list(urls) for name, urls in defaults.items()}))


async def policy_of(owner: asyncpg.Connection, tenant: int) -> tuple[str, bool, dict[str, list[str]]]:
    """The tenant's policy as it stands in the database."""
    row = await owner.fetchrow("select mode, claimed, defaults::text as defaults from kernel.validation where tenant = $1", tenant)
    return ("off", True, {}) if row is None else (row["mode"], row["claimed"], json.loads(row["defaults"]))
