"""The deployment secret: the root of the database roles' passwords. A file only the owner reads, or `OSLER_SECRET`."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from osler.platform.postgres.trouble import PostgresTrouble

FILE = "secret"


def deployment_secret(data: Path, given: str | None = None) -> bytes:
    """`OSLER_SECRET` when given, else the file `secret` in the data folder, made on first use with mode 0600."""
    if given:
        return given.encode()
    path = data / FILE
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        pass
    except PermissionError:
        raise PostgresTrouble(f"{path} belongs to another user: run osler as that user, or choose another folder with OSLER_DATA") from None
    data.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(secrets.token_hex(32).encode())
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(fresh, path)  # fails when another process was first, so both use one secret
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_bytes().strip()


def derived(secret: bytes, purpose: str) -> str:
    """A password or name for one purpose; knowing it tells nothing of the secret or of the others."""
    return hmac.new(secret, purpose.encode(), hashlib.sha256).hexdigest()
