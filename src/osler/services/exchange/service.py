"""The manifest of exchange: transports and partners."""

from __future__ import annotations

from pathlib import Path

from osler.platform.manifest import Service
from osler.services.exchange.resources import TYPES

service = Service(name="exchange", types=TYPES, folder=Path(__file__).parent)
