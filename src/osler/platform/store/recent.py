"""What this process has written last: who saves a record again finds its version here and needs not read it first.

Only a ground for writing on, never for refusing: the statement that replaces a version names it, so when another process has written
meanwhile nothing is replaced and the record is read.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

MOST = 1024
LONGEST = 16_384
"""Bytes of a body: a long document is seldom saved twice in a row."""

Held = TypeVar("Held")


class Recent(Generic[Held]):
    """The latest versions, by tenant and row number; the oldest are forgotten."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[int, int], Held] = OrderedDict()

    def get(self, tenant: int, rid: int) -> Held | None:
        """The version written last, as far as this process knows."""
        return self._held.get((tenant, rid))

    def keep(self, tenant: int, rid: int, held: Held, size: int) -> None:
        """Remember a version that is durable now."""
        if size > LONGEST:
            self.forget(tenant, rid)
            return
        self._held[tenant, rid] = held
        self._held.move_to_end((tenant, rid))
        if len(self._held) > MOST:
            self._held.popitem(last=False)

    def forget(self, tenant: int, rid: int) -> None:
        """What was known may be wrong."""
        self._held.pop((tenant, rid), None)
