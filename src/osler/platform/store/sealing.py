"""Words that a caller carries for us between two requests: where a page ended, what was about to be done. Nobody can read or change them.

Each is bound to the tenant, to the actor it was given to and to its purpose, so that it opens for nobody else and nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from hashlib import sha256
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from osler.platform.context import Context

NONCE = 12
Held = TypeVar("Held")


class Seals:
    """Makes and opens sealed words with a key of the deployment, so that any of its processes can go on."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(sha256(b"sealed word\0" + secret).digest())

    def close(self, ctx: Context, purpose: str, held: object) -> str:
        """The value as an opaque word."""
        nonce = secrets.token_bytes(NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, msgspec.msgpack.encode(held), bound_to(ctx, purpose))
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, ctx: Context, purpose: str, word: str, kind: type[Held]) -> Held | None:
        """The value that was sealed; None for a word of another tenant, actor or purpose, and for one that is not ours."""
        try:
            whole = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
            held = self._cipher.decrypt(whole[:NONCE], whole[NONCE:], bound_to(ctx, purpose))
            return msgspec.msgpack.decode(held, type=kind)
        except (ValueError, binascii.Error, InvalidTag, msgspec.DecodeError):
            return None


def bound_to(ctx: Context, purpose: str) -> bytes:
    """What must be the same when the word comes back."""
    return msgspec.msgpack.encode((ctx.tenant.key, ctx.actor.id, purpose))
