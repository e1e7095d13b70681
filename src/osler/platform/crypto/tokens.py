"""Opaque bearer tokens and client secrets: 256 random bits, of which only the SHA-256 is stored."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """A token nobody can guess."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored and looked up instead of the token. The token's own entropy makes a salt or a slow hash needless."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
