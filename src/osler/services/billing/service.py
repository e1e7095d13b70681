"""The manifest of billing: coverage, charges, claims, payments."""

from __future__ import annotations

from pathlib import Path

from osler.platform.manifest import Service
from osler.services.billing.resources import TYPES

service = Service(name="billing", types=TYPES, folder=Path(__file__).parent)
