"""The manifest of orders: orders, prescriptions, results."""

from __future__ import annotations

from pathlib import Path

from osler.platform.manifest import Service
from osler.services.orders.api import ROUTES
from osler.services.orders.contract import ReleaseResults
from osler.services.orders.graphql import FIELDS
from osler.services.orders.resources import TYPES
from osler.services.orders.workflows.release_results import release_results

service = Service(
    name="orders", types=TYPES, folder=Path(__file__).parent, graphql=FIELDS, workflows={ReleaseResults: release_results}, routes=ROUTES
)
