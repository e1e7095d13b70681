"""The eleven services, one folder each, all the same shape."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osler.platform.manifest import Service


def every_service() -> tuple[Service, ...]:
    """The manifests of all services, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}.service").service for name in names)
