"""The manifest of identity: users, practitioners, organizations, places, sign-in."""

from __future__ import annotations

from pathlib import Path

from osler.platform.manifest import Service
from osler.services.identity.resources import TYPES

service = Service(name="identity", types=TYPES, folder=Path(__file__).parent)
