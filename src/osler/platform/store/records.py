"""What the store hands out: a stored version, and what a write did."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from osler.platform.errors import Issue

Outcome = Literal["created", "updated", "unchanged", "deleted"]


class Stored(msgspec.Struct, frozen=True):
    """One version of a record. `content` is the exact JSON to answer with; empty when the version is a deletion."""

    type: str
    id: str
    version: int
    updated: datetime
    deleted: bool
    content: bytes
    rid: int

    @property
    def method(self) -> str:
        """How this version came about, for a history Bundle's `entry.request.method`."""
        return "DELETE" if self.deleted else "POST" if self.version == 1 else "PUT"


class Written(msgspec.Struct, frozen=True):
    """What a write did; `created` answers 201 rather than 200."""

    stored: Stored
    outcome: Outcome
    issues: tuple[Issue, ...] = ()
    """What it has against its profiles, where the tenant wants that told."""

    @property
    def created(self) -> bool:
        """There was no such record, or only a deleted one."""
        return self.outcome == "created"


class HistoryPage(msgspec.Struct, frozen=True):
    """Versions, newest first, and where to go on: `next` is the `cursor` of the following page, None at the end."""

    entries: list[Stored]
    next: str | None
    total: int | None = None
