"""Fixed values and patterns. https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_"""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def fits(value: Any, pattern: Any) -> bool:
    """Whether a value holds everything that a pattern holds; lists in any order."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(fits(value.get(name), wanted) for name, wanted in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(fits(item, wanted) for item in value) for wanted in pattern)
    return same(value, pattern)


def same(value: Any, fixed: Any) -> bool:
    """Whether a value is exactly this one."""
    if isinstance(fixed, dict):
        return isinstance(value, dict) and value.keys() == fixed.keys() and all(same(value[name], wanted) for name, wanted in fixed.items())
    if isinstance(fixed, list):
        return isinstance(value, list) and len(value) == len(fixed) and all(same(a, b) for a, b in zip(value, fixed, strict=True))
    if isinstance(value, bool) or isinstance(fixed, bool):
        return value is fixed
    if isinstance(fixed, int | float | Decimal) and isinstance(value, int | float | Decimal):
        return Decimal(str(value)) == Decimal(str(fixed))
    return bool(value == fixed)
