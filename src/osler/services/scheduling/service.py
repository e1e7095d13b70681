"""The manifest of scheduling: calendars and appointments."""

from __future__ import annotations

from pathlib import Path

from osler.platform.manifest import Service
from osler.services.scheduling.resources import TYPES

service = Service(name="scheduling", types=TYPES, folder=Path(__file__).parent)
