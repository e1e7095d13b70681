"""What the store hands out: a stored version, and what a write did."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from osler.platform.errors import Issue
from osler.platform.fhir.keys import made_at

SAME_WRITE = 600.0
"""Seconds between the making of an id and the end of a long transaction that writes under it."""
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
        """How this version came about, for a history Bundle's `entry.request.method`.

        A first version under an id that we made when it was written came by POST; under any other id its writer chose it, by PUT.
        """
        if self.deleted:
            return "DELETE"
        made = made_at(self.id) if self.version == 1 else None
        return "POST" if made is not None and abs(self.updated.timestamp() - made) < SAME_WRITE else "PUT"


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
