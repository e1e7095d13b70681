"""The second wall: whatever the SQL says, PostgreSQL itself gives a process only the tenant it named, and no more rights than it needs."""

from __future__ import annotations

import asyncpg
import pytest

from osler.platform.testing.database import TestDatabase

WITHOUT_TENANT = {
    ("kernel", "tenant"): "is looked up by name before a tenant is known",
    ("kernel", "migration"): "the owner's ledger; no process can read it",
}


async def test_every_table_has_row_level_security_and_a_policy_on_the_tenant(database: TestDatabase) -> None:
    async with database.owner() as owner:
        rows = await owner.fetch(
            """select n.nspname, c.relname, c.relrowsecurity, (select count(*) from pg_policies p where p.schemaname = n.nspname
                 and p.tablename = c.relname and p.qual like '%osler.tenant%') as policies
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%'"""
        )

    open_tables = {(row["nspname"], row["relname"]) for row in rows if not row["relrowsecurity"] or row["policies"] < 1}
    assert len(rows) >= 11 * 7
    assert open_tables <= set(WITHOUT_TENANT) | {each for each in open_tables if each[1].startswith("pgqueuer")}


async def test_the_processs_role_is_neither_superuser_nor_owner_and_cannot_become_either(database: TestDatabase) -> None:
    async with database.connection() as connection:
        role = await connection.fetchrow("select * from pg_roles where rolname = current_user")
        owned = await connection.fetchval("select count(*) from pg_class where pg_get_userbyid(relowner) = current_user")
        assert not any(role[right] for right in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication"))
        assert owned == 0
        for other in ("osler_owner", "postgres"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"set role {other}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("alter table patient.resource disable row level security")


async def test_a_row_of_another_tenant_can_neither_be_seen_nor_written(database: TestDatabase) -> None:
    insert = "insert into kernel.patient_clock (tenant, prid, ver) values ($1, 7, 1)"
    async with database.connection(database.alpha) as alpha, database.connection(database.beta) as beta, database.connection() as nobody:
        await alpha.execute(insert, database.alpha.key)

        assert await alpha.fetchval("select count(*) from kernel.patient_clock") == 1
        assert await beta.fetchval("select count(*) from kernel.patient_clock") == 0
        assert await nobody.fetchval("select count(*) from kernel.patient_clock") == 0
        assert await beta.execute("delete from kernel.patient_clock") == "DELETE 0"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await beta.execute(insert, database.alpha.key)


async def test_a_process_writes_only_the_schemas_of_the_services_it_runs(database: TestDatabase) -> None:
    login = await database.login_of(["patient", "identity"])
    connection = await login.connect()
    try:
        await connection.execute("select set_config('osler.tenant', $1, false)", str(database.alpha.key))
        insert = "insert into {}.idx_token (tenant, key, val, prid, d, rid, sys) values ($1, 1, 1, 1, now(), 1, 0)"
        await connection.execute(insert.format("patient"), database.alpha.key)

        assert await connection.fetchval("select count(*) from encounter.resource") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(insert.format("encounter"), database.alpha.key)
    finally:
        await connection.close()


async def test_the_audit_log_can_be_added_to_and_read_but_not_changed(database: TestDatabase) -> None:
    async with database.connection(database.alpha) as connection:
        for statement in ("update audit.event set actor = 'x'", "delete from audit.event", "truncate audit.event"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
