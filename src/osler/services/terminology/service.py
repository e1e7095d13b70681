"""The manifest of terminology: code systems and value sets."""

from __future__ import annotations

from pathlib import Path

from osler.platform.manifest import Service
from osler.services.terminology.resources import TYPES

service = Service(name="terminology", types=TYPES, folder=Path(__file__).parent)
