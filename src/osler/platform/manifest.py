"""What a service says of itself in its `service.py`, so that one composition root can start any set of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osler.platform.context import Context
from osler.platform.messages import Command, Event

if TYPE_CHECKING:
    from osler.platform.fhir import Parsed
    from osler.platform.web import Request, Response

BeforeWrite = Callable[["Parsed"], None]
Workflow = Callable[[Context, Any], Awaitable[Any]]
Subscriber = Callable[[Context, Any], Awaitable[None]]
JobWork = Callable[[Context, bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Route:
    """A request of the service's own: method and path under `/{tenant}`; `answer` gets a signed-in Context."""

    method: str
    path: str
    answer: Callable[[Context, Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Job:
    """Work in the background, done once per tenant: when asked for (`jobs.enqueue`), and at each tick of `cron` (UTC) if it has one."""

    name: str
    work: JobWork
    cron: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A service's name, the FHIR types it alone writes, and what it answers and hears."""

    name: str
    types: tuple[str, ...]
    folder: Path
    """Holds `migrations/`, `schema.graphql`, `sql/` where the service has them."""
    before_write: Mapping[str, tuple[BeforeWrite, ...]] = field(default_factory=dict)
    """FHIR type -> checks that raise `Invalid` or `Conflict` before a resource of it is written."""
    workflows: Mapping[type[Command[Any]], Workflow] = field(default_factory=dict)
    """Command -> the workflow that answers it."""
    subscribers: Mapping[type[Event], tuple[Subscriber, ...]] = field(default_factory=dict)
    """Event -> idempotent reactions, each delivered at least once."""
    jobs: tuple[Job, ...] = ()
    """Background work, idempotent: a job that was cut off runs again."""
    routes: tuple[Route, ...] = ()
    """Routes beyond plain FHIR."""
    graphql: Mapping[str, Any] = field(default_factory=dict)
    """Root field name -> its plan (gateway.graphql): one SQL round trip each."""

    @property
    def migrations(self) -> Path:
        """The folder of this service's own numbered SQL migrations."""
        return self.folder / "migrations"
