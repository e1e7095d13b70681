"""A machine client shows its secret (OAuth 2.0 client credentials, https://www.rfc-editor.org/rfc/rfc6749#section-4.4)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta

from osler.platform.access.attempts import Attempts
from osler.platform.context import Context
from osler.platform.crypto import new_token, token_hash
from osler.platform.errors import Unauthenticated
from osler.services.identity.queries import client_named, open_session

TOKEN_LASTS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Granted:
    """A bearer token for a client."""

    token: str
    scope: str
    lasts: timedelta = TOKEN_LASTS


async def grant_token(ctx: Context, client_id: str, secret: str, *, place: str, attempts: Attempts) -> Granted:
    """Check a client's secret and give it a token; audited either way. Raises `Unauthenticated` or `TooManyAttempts`."""
    now = ctx.clock.now()
    counted = f"{ctx.tenant.key}/client/{client_id[:64]}"
    attempts.begin(counted, place, now)
    async with ctx.store.connections.lend(ctx.tenant.key) as database:
        client = await client_named(database, ctx.tenant.key, client_id)
        if client is None or not hmac.compare_digest(client.secret_hash, token_hash(secret)):
            await ctx.store.note(ctx, 401, "token refused")
            raise Unauthenticated("Unknown client or wrong secret")
        token = new_token()
        await open_session(database, ctx.tenant.key, token_hash(token), account=None, client=client_id, now=now, expires=now + TOKEN_LASTS)
    attempts.succeeded(counted, place, now)
    await ctx.store.note(ctx, 200, f"token: client/{client_id}")
    return Granted(token, client.scope)
