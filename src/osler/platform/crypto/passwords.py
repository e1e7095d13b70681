"""Passwords as argon2id, hashed off the event loop and only few at a time, so that sign-ins cannot starve the rest.

Parameters: OWASP Password Storage Cheat Sheet, argon2id with 19 MiB, 2 passes, 1 lane.
"""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from osler.platform.errors import Busy


class Passwords:
    """Makes and checks password hashes. One per process."""

    def __init__(self, at_once: int = 2, waiting: int = 64) -> None:
        self.hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self.room = asyncio.Semaphore(at_once)
        self.waiting = 0
        self.most_waiting = waiting
        self.nobodys = self.hasher.hash("the password of an account that does not exist")

    async def hash(self, password: str) -> str:
        """The stored form of a password, with its own salt."""
        async with self.room:
            return await asyncio.to_thread(self.hasher.hash, password)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether the password is the stored one. None (no such account) costs the same work and is False. Raises `Busy`."""
        if self.waiting >= self.most_waiting:
            raise Busy("Too many sign-ins at once; try again in a moment")
        self.waiting += 1
        try:
            async with self.room:
                fits = await asyncio.to_thread(self._fits, password, stored or self.nobodys)
        finally:
            self.waiting -= 1
        return fits and stored is not None

    def _fits(self, password: str, stored: str) -> bool:
        try:
            return self.hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
