"""A demonstration starts: its users and its machine client must be there."""

from __future__ import annotations

import contextlib
import os
import tempfile
from datetime import datetime
from pathlib import Path
from uuid import NAMESPACE_DNS, uuid5

from osler.platform.context import Tenant
from osler.platform.crypto import Passwords, new_token, token_hash
from osler.services.identity.queries import Account, Client, Database, add_account, every_account, put_client

PASSWORD = "osler-demo-2026!"  # noqa: S105 - published with the demonstration; only ever set in a demo tenant
CLIENT = "demo-client"
SCOPE = "system/*.cruds"
SECRET_FILE = "demo-client.secret"  # noqa: S105 - a file's name
USERS = {
    "front.desk": ("Frances Desk", "front.desk"),
    "ma": ("Mara Assistant", "ma"),
    "nurse": ("Nora Nurse", "nurse"),
    "physician": ("Dr Philip Physician", "physician"),
    "consultant": ("Dr Cora Consultant", "consultant"),
    "biller": ("Bill Biller", "biller"),
    "compliance": ("Connie Compliance", "compliance"),
    "admin": ("Adam Admin", "admin"),
}


async def ensure_demo(database: Database, tenant: Tenant, folder: Path, now: datetime, passwords: Passwords) -> str:
    """Make the demo users and the demo client that are missing, once. Answers the client's secret, which is kept in `folder`."""
    there = {account.username for account in await every_account(database, tenant.key)}
    if USERS.keys() - there:
        hashed = await passwords.hash(PASSWORD)
        for username, (display_name, role) in USERS.items():
            key = uuid5(NAMESPACE_DNS, f"{username}.{tenant.name}.osler")
            await add_account(database, tenant.key, Account(key, username, display_name, (role,), None, True, hashed), now)
    secret = kept_secret(folder / SECRET_FILE)
    await put_client(database, tenant.key, CLIENT, Client(token_hash(secret), ("system",), SCOPE), now)
    return secret


def kept_secret(file: Path) -> str:
    """The secret in this file, which only we can read; a new one when there is none. Two processes that start at once agree."""
    if not file.exists():
        descriptor, draft = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(new_token() + "\n")
        with contextlib.suppress(FileExistsError):
            Path(file).hardlink_to(draft)
        Path(draft).unlink()
    return file.read_text("utf-8").strip()
