"""A request comes with a token: whose is it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from osler.platform.context import Actor, Context, Tenant
from osler.platform.crypto import token_hash
from osler.platform.errors import Unauthenticated
from osler.platform.store.connections import Connections
from osler.services.identity.queries import end_session, session_of, touch_session

TRUSTED_FOR = timedelta(seconds=10)
"""How long a process believes a token it has looked up: at most so long after a sign-out elsewhere is the token still good here."""
IDLE_FOR = timedelta(hours=2)
TOUCHED_EVERY = timedelta(minutes=1)
MOST_CACHED = 10_000
LONGEST_TOKEN = 128


@dataclass(frozen=True, slots=True)
class Recognised:
    """The account or client behind a token, and until when this process need not look again."""

    actor: Actor
    username: str
    display_name: str
    until: datetime


class Recognition:
    """The tokens this process has looked up lately. One per process."""

    def __init__(self, connections: Callable[[], Connections]) -> None:
        self.connections = connections
        self.cached: dict[tuple[int, bytes], Recognised] = {}

    async def recognise(self, tenant: Tenant, token: str, now: datetime) -> Recognised:
        """Whose token this is. Raises `Unauthenticated` when it is unknown, another tenant's, has run out or was idle too long."""
        if not token or len(token) > LONGEST_TOKEN:
            raise Unauthenticated("Sign in first")
        hashed = token_hash(token)
        known = self.cached.get((tenant.key, hashed))
        if known is None or known.until <= now:
            known = await self.look_up(tenant, hashed, now)
        return known

    async def look_up(self, tenant: Tenant, hashed: bytes, now: datetime) -> Recognised:
        """Ask the database, and remember a good token for a short while."""
        self.cached.pop((tenant.key, hashed), None)
        async with self.connections().lend(tenant.key) as database:
            session = await session_of(database, tenant.key, hashed)
            if session is None or not session.active or session.expires <= now or session.last_used + IDLE_FOR <= now:
                raise Unauthenticated("This sign-in has ended; sign in again")
            if session.last_used + TOUCHED_EVERY <= now:
                await touch_session(database, tenant.key, hashed, now)
        if session.client is not None:
            actor = Actor(f"client/{session.client}", "client", frozenset(session.roles))
        else:
            actor = Actor(f"user/{session.account}", "user", frozenset(session.roles), session.practitioner)
        recognised = Recognised(actor, session.username, session.display_name, min(now + TRUSTED_FOR, session.expires))
        if len(self.cached) >= MOST_CACHED:
            self.cached.clear()
        self.cached[tenant.key, hashed] = recognised
        return recognised

    async def forget(self, ctx: Context, token: str) -> None:
        """End the session behind a token, here at once and everywhere within seconds."""
        hashed = token_hash(token)
        async with self.connections().lend(ctx.tenant.key) as database:
            await end_session(database, ctx.tenant.key, hashed)
        self.cached.pop((ctx.tenant.key, hashed), None)
