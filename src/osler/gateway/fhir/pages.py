"""`next` links that name nobody: the search and the place it has come to travel encrypted, so that no proxy log or history holds a name."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from osler.platform.errors import Issue, Malformed

NONCE = 12
Pairs = list[tuple[str, str]]


class Pages:
    """Seals and opens the parameters of a next page. One key a deployment, so that any process can go on with the search."""

    def __init__(self, secret: bytes = b"") -> None:
        self.cipher = AESGCM(hmac.digest(secret or secrets.token_bytes(32), b"osler search page links", hashlib.sha256))

    def seal(self, base: str, parameters: Pairs) -> str:
        """The parameters as one opaque word that is good below this base URL only."""
        nonce = secrets.token_bytes(NONCE)
        sealed = self.cipher.encrypt(nonce, msgspec.msgpack.encode(parameters), base.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def open(self, base: str, word: str) -> Pairs:
        """The parameters of a word we gave. Raises `Malformed` for any other."""
        try:
            whole = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
            return msgspec.msgpack.decode(self.cipher.decrypt(whole[:NONCE], whole[NONCE:], base.encode()), type=Pairs)
        except (ValueError, binascii.Error, InvalidTag, msgspec.DecodeError):
            message = "_page is not a page this server gave for this address"
            raise Malformed(message, [Issue("invalid", message, "http._page")]) from None
