"""Secrets: passwords are slow to guess, tokens are stored only as their hash."""

from osler.platform.crypto.passwords import Passwords
from osler.platform.crypto.tokens import new_token, token_hash

__all__ = ["Passwords", "new_token", "token_hash"]
