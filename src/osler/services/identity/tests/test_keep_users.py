"""Adding users and setting passwords."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from osler.platform.crypto import Passwords
from osler.platform.errors import Invalid, NotFound
from osler.platform.testing.database import TestDatabase
from osler.services.identity.queries import account_named, client_named, every_account
from osler.services.identity.workflows.ensure_demo import USERS, ensure_demo
from osler.services.identity.workflows.keep_users import UsernameTaken, add_user, change_password

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD: dict[str, Any] = {"display_name": "", "roles": ["nurse"], "practitioner": None, "now": NOW, "passwords": Passwords()}


async def test_a_username_is_folded_and_taken_once_per_tenant(module_database: TestDatabase) -> None:
    async with module_database.owner() as owner:
        made = await add_user(owner, module_database.alpha, " Dr.House ", "correct horse battery", **GOOD)
        with pytest.raises(UsernameTaken):
            await add_user(owner, module_database.alpha, "DR.HOUSE", "correct horse battery", **GOOD)
        await add_user(owner, module_database.beta, "dr.house", "correct horse battery", **GOOD)

        assert made.username == "dr.house"
        assert [account.username for account in await every_account(owner, module_database.alpha.key)] == ["dr.house"]


@pytest.mark.parametrize(
    ("username", "password", "roles"),
    [
        ("no spaces", "correct horse battery", ["nurse"]),
        ("", "correct horse battery", ["nurse"]),
        ("short", "too short", ["nurse"]),
        ("samesamesame", "SameSameSame", ["nurse"]),
        ("emperor", "correct horse battery", ["emperor"]),
        ("machine", "correct horse battery", ["system"]),
    ],
)
async def test_bad_names_passwords_and_roles_are_refused(
    module_database: TestDatabase, username: str, password: str, roles: list[str]
) -> None:
    async with module_database.owner() as owner:
        with pytest.raises(Invalid):
            await add_user(owner, module_database.alpha, username, password, **{**GOOD, "roles": roles})

        assert await account_named(owner, module_database.alpha.key, username) is None


async def test_a_new_password_replaces_the_old_and_ends_the_sessions(module_database: TestDatabase) -> None:
    tenant, passwords = module_database.beta, Passwords()
    async with module_database.owner() as owner:
        made = await add_user(owner, tenant, "wilson", "correct horse battery", **GOOD)
        await owner.execute(
            "insert into identity.session (tenant, token_hash, account, created, expires, last_used) values ($1, $2, $3, $4, $4, $4)",
            tenant.key,
            bytes(32),
            made.id,
            NOW,
        )

        await change_password(owner, tenant, "wilson", "staple battery horse", passwords=passwords)

        stored = await account_named(owner, tenant.key, "wilson")
        assert stored is not None
        assert await passwords.verify("staple battery horse", stored.password_hash)
        assert not await passwords.verify("correct horse battery", stored.password_hash)
        assert await owner.fetchval("select count(*) from identity.session where tenant = $1", tenant.key) == 0
        with pytest.raises(NotFound):
            await change_password(owner, tenant, "nobody", "staple battery horse", passwords=passwords)


async def test_the_demo_is_made_once_and_its_secret_stays(database: TestDatabase, tmp_path: Path) -> None:
    async with database.owner() as owner:
        first = await ensure_demo(owner, database.alpha, tmp_path, NOW, Passwords())
        before = await every_account(owner, database.alpha.key)
        second = await ensure_demo(owner, database.alpha, tmp_path, NOW, Passwords())

        assert first == second == (tmp_path / "demo-client.secret").read_text().strip()
        assert (tmp_path / "demo-client.secret").stat().st_mode & 0o777 == 0o600
        assert await every_account(owner, database.alpha.key) == before
        assert {account.username for account in before} == set(USERS)
        assert (await client_named(owner, database.alpha.key, "demo-client")) is not None
