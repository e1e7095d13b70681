"""The manifest of patient: registration and identity of patients."""

from __future__ import annotations

from pathlib import Path

from osler.platform.manifest import Service
from osler.services.patient.graphql import FIELDS
from osler.services.patient.resources import TYPES

service = Service(name="patient", types=TYPES, folder=Path(__file__).parent, graphql=FIELDS)
