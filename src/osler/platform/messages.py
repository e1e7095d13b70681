"""Commands and events: the only words services say to each other. Frozen dataclasses of plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Answer_co = TypeVar("Answer_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Command(Generic[Answer_co]):
    """Asks the owning service to do one thing. `Command[Answer]`: what comes back (plain data or a FHIR Struct)."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Says that something has happened; written to the outbox in the transaction in which it happened."""
