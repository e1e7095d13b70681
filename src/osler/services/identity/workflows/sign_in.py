"""Somebody types a username and a password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from osler.platform.access.attempts import Attempts, TooManyAttempts
from osler.platform.context import Context
from osler.platform.crypto import Passwords, new_token, token_hash
from osler.platform.errors import Unauthenticated
from osler.services.identity.queries import Account, account_named, open_session
from osler.services.identity.rules import LONGEST, canonical_password, canonical_username

SESSION_LASTS = timedelta(hours=12)
"""A shift. Idle sessions end sooner (recognise.py)."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who has signed in, and the token that says so from now on."""

    account: Account
    token: str
    lasts: timedelta = SESSION_LASTS


async def sign_in(ctx: Context, username: str, password: str, *, place: str, passwords: Passwords, attempts: Attempts) -> SignedIn:
    """Check a password and open a session; audited either way.

    A wrong name and a wrong password take the same time and read the same. Raises `Unauthenticated` or `TooManyAttempts`.
    """
    now = ctx.clock.now()
    name = canonical_username(username)
    counted = f"{ctx.tenant.key}/{name}"
    try:
        attempts.begin(counted, place, now)
    except TooManyAttempts:
        await ctx.store.note(ctx, 429, "sign-in refused: too many attempts")
        raise
    async with ctx.store.connections.lend(ctx.tenant.key) as database:
        account = await account_named(database, ctx.tenant.key, name)
    known = account if account is not None and account.active and len(password) <= LONGEST else None
    if not await passwords.verify(canonical_password(password[:LONGEST]), known.password_hash if known else None) or known is None:
        await ctx.store.note(ctx, 401, f"sign-in refused: user/{account.id}" if account else "sign-in refused: no such user")
        raise Unauthenticated("Wrong username or password")
    attempts.succeeded(counted, place, now)
    token = new_token()
    async with ctx.store.connections.lend(ctx.tenant.key) as database:
        await open_session(database, ctx.tenant.key, token_hash(token), account=known.id, client=None, now=now, expires=now + SESSION_LASTS)
    await ctx.store.note(ctx, 200, f"sign-in: user/{known.id}")
    return SignedIn(known, token)
