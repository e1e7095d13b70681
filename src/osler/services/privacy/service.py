"""The manifest of privacy: consent, disclosures, provenance, audit search."""

from __future__ import annotations

from pathlib import Path

from osler.platform.manifest import Service
from osler.services.privacy.resources import TYPES

service = Service(name="privacy", types=TYPES, folder=Path(__file__).parent)
