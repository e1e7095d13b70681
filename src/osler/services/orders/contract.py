"""What other services may ask of orders and hear from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from osler.platform.fhir.r4 import DiagnosticReport, Observation
from osler.platform.messages import Command, Event


@dataclass(frozen=True, kw_only=True)
class ReleaseResults(Command[DiagnosticReport]):
    """The laboratory has results for an order: file them into the chart and report on the order.

    `order` is the ServiceRequest's id; `accession` the laboratory's number for this report, under `system`. A report that comes
    again with the same number replaces the earlier one (partial, then final; final, then corrected).
    """

    order: str
    system: str
    accession: str
    status: Literal["partial", "preliminary", "final", "amended", "corrected"]
    observations: tuple[Observation, ...]


@dataclass(frozen=True, kw_only=True)
class ResultsReleased(Event):
    """A report on an order is in the chart. Ids only."""

    order: str
    report: str
    status: str
