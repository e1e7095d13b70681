"""The manifest of exchange: transports and partners."""

from __future__ import annotations

from pathlib import Path

from osler.platform.manifest import Job, Service
from osler.services.exchange.resources import TYPES
from osler.services.exchange.workflows.fill_search_parameters import fill_search_parameters

service = Service(
    name="exchange",
    types=TYPES,
    folder=Path(__file__).parent,
    jobs=(Job("exchange.search-parameters", fill_search_parameters),),
)
