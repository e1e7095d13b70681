"""The manifest of portal: patient portal, messages, proxies."""

from __future__ import annotations

from pathlib import Path

from osler.platform.manifest import Service
from osler.services.portal.resources import TYPES

service = Service(name="portal", types=TYPES, folder=Path(__file__).parent)
