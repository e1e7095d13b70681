"""Tenants: made by an operator, each with a name that can stand in a URL."""

from __future__ import annotations

import pytest

from osler.platform.errors import Malformed
from osler.platform.store.tenants import TenantExists, all_tenants, create_tenant, find_tenant
from osler.platform.testing.database import TestDatabase


async def test_a_new_tenant_gets_a_key_of_its_own_and_is_found_by_name(database: TestDatabase) -> None:
    async with database.owner() as owner, database.connection() as process:
        made = await create_tenant(owner, "gamma-clinic")

        assert made.key not in (database.alpha.key, database.beta.key)
        assert await find_tenant(process, "gamma-clinic") == made
        assert await find_tenant(process, "delta") is None
        assert await all_tenants(process) == [(database.alpha, False), (database.beta, False), (made, False)]


async def test_a_name_is_taken_only_once(database: TestDatabase) -> None:
    async with database.owner() as owner:
        with pytest.raises(TenantExists):
            await create_tenant(owner, "alpha")

        assert len(await all_tenants(owner)) == 2


@pytest.mark.parametrize("name", ["", "Alpha", "a b", "1st", "health", "metrics", "a" * 64, "a/b", "-a"])
async def test_a_name_that_cannot_stand_in_a_url_is_refused(module_database: TestDatabase, name: str) -> None:
    async with module_database.owner() as owner:
        with pytest.raises(Malformed):
            await create_tenant(owner, name)


async def test_a_running_process_cannot_make_tenants(database: TestDatabase) -> None:
    async with database.connection() as process:
        with pytest.raises(Exception, match="permission denied"):
            await create_tenant(process, "gamma")
