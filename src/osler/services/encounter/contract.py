"""What other services may ask of encounter and hear from it."""

from __future__ import annotations

from dataclasses import dataclass

from osler.platform.fhir.r4 import Observation
from osler.platform.messages import Command


@dataclass(frozen=True, kw_only=True)
class FileResult(Command[Observation]):
    """File one laboratory result into the patient's chart. The observation's identifier says which result it is.

    Filing the same result again changes nothing; filing it with other content (a correction) makes a new version of it.
    """

    observation: Observation
