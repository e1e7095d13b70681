"""An administrator adds somebody, lists who there is, or sets a new password."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from osler.platform.context import Tenant
from osler.platform.crypto import Passwords
from osler.platform.errors import Conflict, NotFound
from osler.services.identity.queries import Account, Database, add_account, set_password
from osler.services.identity.rules import canonical_password, canonical_username, check_password, check_roles, check_username


class UsernameTaken(Conflict):
    """Another account of this tenant has the username."""


async def add_user(
    database: Database,
    tenant: Tenant,
    username: str,
    password: str,
    *,
    display_name: str,
    roles: Sequence[str],
    practitioner: str | None,
    now: datetime,
    passwords: Passwords,
) -> Account:
    """Make an account. Raises `Invalid` for a bad name, password or role, `UsernameTaken`."""
    name = canonical_username(username)
    check_username(name)
    check_password(password, name)
    check_roles(roles)
    hashed = await passwords.hash(canonical_password(password))
    account = Account(uuid4(), name, display_name or name, tuple(roles), practitioner, True, hashed)
    if not await add_account(database, tenant.key, account, now):
        raise UsernameTaken("There is already a user of this name")
    return account


async def change_password(database: Database, tenant: Tenant, username: str, password: str, *, passwords: Passwords) -> None:
    """Set a new password; every session of the account ends."""
    name = canonical_username(username)
    check_password(password, name)
    if not await set_password(database, tenant.key, name, await passwords.hash(canonical_password(password))):
        raise NotFound("No such user")
