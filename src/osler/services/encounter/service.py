"""The manifest of encounter: visits and the clinical record."""

from __future__ import annotations

from pathlib import Path

from osler.platform.manifest import Service
from osler.services.encounter.contract import FileResult
from osler.services.encounter.graphql import FIELDS
from osler.services.encounter.resources import TYPES
from osler.services.encounter.workflows.file_result import file_result

service = Service(name="encounter", types=TYPES, folder=Path(__file__).parent, graphql=FIELDS, workflows={FileResult: file_result})
