"""The walls around identity's tables stand in PostgreSQL itself."""

from __future__ import annotations

import asyncpg
import pytest

from osler.platform.testing.database import TestDatabase


async def test_a_process_without_identity_sees_no_password_hash(database: TestDatabase) -> None:
    login = await database.login_of(["encounter"])
    connection = await login.connect()
    try:
        await connection.fetch("select id, username, roles from identity.account where tenant = 1")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select password_hash from identity.account where tenant = 1")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select secret_hash from identity.client where tenant = 1")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("delete from identity.session where tenant = 1")
    finally:
        await connection.close()


async def test_row_level_security_hides_another_tenants_accounts(database: TestDatabase) -> None:
    async with database.owner() as owner:
        await owner.execute(
            """insert into identity.client (tenant, id, secret_hash, roles, scope, created)
            values ($1, 'robot', '\\x00', '{system}', '', now())""",
            database.alpha.key,
        )

    async with database.connection(database.beta) as beta, database.connection(database.alpha) as alpha:
        assert await beta.fetch("select id from identity.client") == []
        assert [row["id"] for row in await alpha.fetch("select id from identity.client")] == ["robot"]
