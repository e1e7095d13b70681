"""The 146 resource types of R4 and the number each carries in our tables (alphabetical from 1, never renumbered)."""

from __future__ import annotations

from osler.platform.fhir.generated.registry import TYPES

TYPE_CODE: dict[str, int] = {name: number for number, name in enumerate(TYPES, 1)}
TYPE_NAME: dict[int, str] = {number: name for name, number in TYPE_CODE.items()}

__all__ = ["TYPES", "TYPE_CODE", "TYPE_NAME"]
