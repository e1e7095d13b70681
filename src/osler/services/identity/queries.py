"""What identity asks of its tables. Every statement names the tenant; row-level security is the second wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

NUL = "\0"
"""PostgreSQL has no text with this character, so nothing is named so."""
ACCOUNT = """
select id, username, display_name, password_hash, roles, practitioner, active from identity.account where tenant = $1 and username = $2
"""
SECRET = "select secret_hash, roles, scope from identity.client where tenant = $1 and id = $2 and active"  # noqa: S105 - a query
SESSION = """
select s.expires, s.last_used, s.account, s.client, coalesce(a.username, '') as username,
  coalesce(a.display_name, '') as display_name, a.practitioner, coalesce(a.roles, c.roles) as roles, coalesce(a.active, c.active) as active
from identity.session s
left join identity.account a on a.tenant = s.tenant and a.id = s.account
left join identity.client c on c.tenant = s.tenant and c.id = s.client
where s.tenant = $1 and s.token_hash = $2
"""
TOUCH = "update identity.session set last_used = $3 where tenant = $1 and token_hash = $2 and last_used < $3"
OPEN = """
with swept as (delete from identity.session where tenant = $1 and expires < $5)
insert into identity.session (tenant, token_hash, account, client, created, expires, last_used) values ($1, $2, $3, $4, $5, $6, $5)
"""
END = "delete from identity.session where tenant = $1 and token_hash = $2"
ADD_ACCOUNT = """
insert into identity.account (tenant, id, username, display_name, password_hash, roles, practitioner, created)
values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (tenant, username) do nothing returning id
"""
CHANGE = """
with changed as (update identity.account set password_hash = $3 where tenant = $1 and username = $2 returning id),
  ended as (delete from identity.session where tenant = $1 and account in (select id from changed))
select id from changed
"""
ACCOUNTS = "select id, username, display_name, roles, practitioner, active from identity.account where tenant = $1 order by username"
PUT_CLIENT = """
insert into identity.client (tenant, id, secret_hash, roles, scope, created) values ($1, $2, $3, $4, $5, $6)
on conflict (tenant, id) do update set secret_hash = excluded.secret_hash
"""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    id: UUID
    username: str
    display_name: str
    roles: tuple[str, ...]
    practitioner: str | None
    active: bool
    password_hash: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """A machine that may ask for a token."""

    secret_hash: bytes
    roles: tuple[str, ...]
    scope: str


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in account or client, as its token finds it."""

    expires: datetime
    last_used: datetime
    account: UUID | None
    client: str | None
    username: str
    display_name: str
    practitioner: str | None
    roles: tuple[str, ...]
    active: bool


class Database(Protocol):
    """One statement on one connection that is turned to the tenant."""

    async def fetch(self, sql: str, /, *arguments: Any) -> list[Any]:
        """Run it and answer its rows."""
        ...


async def account_named(database: Database, tenant: int, username: str) -> Account | None:
    """The account of this username, with its password hash."""
    rows = [] if NUL in username else await database.fetch(ACCOUNT, tenant, username)
    return account_from(rows[0]) if rows else None


async def every_account(database: Database, tenant: int) -> list[Account]:
    """All accounts of a tenant by username, without their password hashes."""
    return [account_from(row) for row in await database.fetch(ACCOUNTS, tenant)]


async def client_named(database: Database, tenant: int, name: str) -> Client | None:
    """The active client of this id, with the hash of its secret."""
    rows = [] if NUL in name else await database.fetch(SECRET, tenant, name)
    return Client(rows[0]["secret_hash"], tuple(rows[0]["roles"]), rows[0]["scope"]) if rows else None


async def session_of(database: Database, tenant: int, hashed: bytes) -> Session | None:
    """The session behind a token's hash, with what its account or client may do now."""
    rows = await database.fetch(SESSION, tenant, hashed)
    return Session(**{**rows[0], "roles": tuple(rows[0]["roles"])}) if rows else None


async def touch_session(database: Database, tenant: int, hashed: bytes, now: datetime) -> None:
    """Note that a session is in use, so that it does not end for idleness."""
    await database.fetch(TOUCH, tenant, hashed, now)


async def open_session(
    database: Database, tenant: int, hashed: bytes, *, account: UUID | None, client: str | None, now: datetime, expires: datetime
) -> None:
    """Keep a new session, and drop those that have run out."""
    await database.fetch(OPEN, tenant, hashed, account, client, now, expires)


async def end_session(database: Database, tenant: int, hashed: bytes) -> None:
    """Sign out one token."""
    await database.fetch(END, tenant, hashed)


async def add_account(database: Database, tenant: int, account: Account, created: datetime) -> bool:
    """Add an account; False when the username is taken."""
    rows = await database.fetch(
        ADD_ACCOUNT,
        tenant,
        account.id,
        account.username,
        account.display_name,
        account.password_hash,
        list(account.roles),
        account.practitioner,
        created,
    )
    return bool(rows)


async def set_password(database: Database, tenant: int, username: str, hashed: str) -> bool:
    """Change a password and end all sessions that the old one opened; False when there is no such account."""
    rows = await database.fetch(CHANGE, tenant, username, hashed)
    return bool(rows)


async def put_client(database: Database, tenant: int, name: str, client: Client, created: datetime) -> None:
    """Add a client, or give the one there is this secret."""
    await database.fetch(PUT_CLIENT, tenant, name, client.secret_hash, list(client.roles), client.scope, created)


def account_from(row: Any) -> Account:
    """A row of `identity.account`."""
    return Account(**{**row, "roles": tuple(row["roles"])})
