"""Somebody leaves."""

from __future__ import annotations

from osler.platform.context import Context
from osler.services.identity.workflows.recognise import Recognition


async def sign_out(ctx: Context, token: str, recognition: Recognition) -> None:
    """End the session of this token; audited."""
    await recognition.forget(ctx, token)
    await ctx.store.note(ctx, 200, "sign-out")
