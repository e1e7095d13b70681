"""The manifest of decisions: clinical decision support."""

from __future__ import annotations

from pathlib import Path

from osler.platform.manifest import Service
from osler.services.decisions.resources import TYPES

service = Service(name="decisions", types=TYPES, folder=Path(__file__).parent)
