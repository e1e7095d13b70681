"""Who asks, for which tenant, why, and through what: the first argument of every workflow, made once per request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from osler.platform.clock import Clock, SystemClock
from osler.platform.messages import Command

if TYPE_CHECKING:
    from osler.platform.store import Store, Transaction

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Tenant:
    """One organisation's sealed-off set of records. `key` is the number in every table's key, `name` the URL part."""

    key: int
    name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `id` is stable and carries no name: `user/<uuid>`, `client/<client_id>` or `system/<process>`."""

    id: str
    kind: Literal["user", "client", "system"]
    roles: frozenset[str] = frozenset()
    practitioner: str | None = None


@dataclass(slots=True)
class Context:
    """One request's tenant, actor, purpose, clock, store and bus. Never global, never shared between requests."""

    tenant: Tenant
    actor: Actor
    store: Store
    bus: Callable[[Context, Command[Any]], Awaitable[Any]]
    clock: Clock = field(default_factory=SystemClock)
    purpose: str = "TREAT"
    request_id: str = ""

    def transaction(self) -> Transaction:
        """`async with ctx.transaction() as tx`: all of it or nothing; audited and versioned by the store."""
        return self.store.transaction(self)

    async def call(self, command: Command[Answer]) -> Answer:
        """Ask the service that owns this command, in this process or over HTTP, and wait for its answer."""
        answer: Answer = await self.bus(self, command)
        return answer
