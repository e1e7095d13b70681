"""The manifest of orders: orders, prescriptions, results."""

from __future__ import annotations

from pathlib import Path

from osler.platform.manifest import Service
from osler.services.orders.resources import TYPES

service = Service(name="orders", types=TYPES, folder=Path(__file__).parent)
