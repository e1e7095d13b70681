"""The decision: role times interaction times type. Asked once per request or per Bundle entry, answered from a cached set."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from osler.platform.access.roles import ROLES
from osler.platform.context import Actor, Context
from osler.platform.errors import Forbidden
from osler.platform.fhir import TYPES

READING = frozenset({"read", "vread", "search", "history"})
WRITING = frozenset({"create", "update", "patch", "delete"})
RESERVED: Mapping[str, frozenset[str]] = {"declassify": frozenset({"compliance", "system"}), "expunge": frozenset({"admin", "system"})}
"""Acts that no grant of types includes, with the roles that may: taking away a security label, and destroying records for good."""


def may(actor: Actor, interaction: str, record: str | None) -> bool:
    """Whether a role of this actor includes `interaction` on records of this FHIR type; None asks for all types at once."""
    if interaction in READING:
        allowed = readable(actor)
    elif interaction in WRITING:
        allowed = granted(actor.kind, actor.roles, True)
    else:
        return interaction in RESERVED and (actor.kind == "system" or not RESERVED[interaction].isdisjoint(actor.roles))
    return len(allowed) == len(TYPES) if record is None else record in allowed


def require(ctx: Context, interaction: str, record: str | None) -> None:
    """Refuse with `Forbidden` what the actor's roles do not include."""
    if not may(ctx.actor, interaction, record):
        raise Forbidden(f"Your role does not include {interaction} of {record or 'every type'}")


def readable(actor: Actor) -> frozenset[str]:
    """The types whose records this actor may see, also as an `_include` or a chart section."""
    return granted(actor.kind, actor.roles, False)


def shape(actor: Actor) -> int:
    """A number that is the same for two actors exactly when they may read the same types: part of every cached view's key."""
    return shape_of(readable(actor))


@lru_cache(maxsize=1024)
def shape_of(types: frozenset[str]) -> int:
    """One bit per readable type, in the order of the fixed table of types."""
    return sum(1 << place for place, name in enumerate(TYPES) if name in types)


@lru_cache(maxsize=1024)
def granted(kind: str, roles: frozenset[str], writing: bool) -> frozenset[str]:
    """All types the roles give together. The server's own processes may do everything."""
    if kind == "system":
        return frozenset(TYPES)
    grants = [ROLES[role] for role in roles if role in ROLES]
    return frozenset().union(*(grant.write if writing else grant.read for grant in grants))
