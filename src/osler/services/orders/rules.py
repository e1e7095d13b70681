"""What must hold of orders and their results: pure decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec

from osler.platform.errors import Conflict, Invalid, Issue
from osler.platform.fhir.r4 import Observation, ServiceRequest


class OrderNotOpen(Conflict):
    """Nobody may answer an order that was never placed, was revoked, or was entered in error."""


class ResultOfAnotherPatient(Invalid):
    """A result names a patient whose order this is not."""


def check_order_open(order: ServiceRequest) -> None:
    """An order can be answered while it is active or on hold, and again once completed (corrections)."""
    if order.status not in ("active", "on-hold", "completed"):
        raise OrderNotOpen(f"ServiceRequest/{order.id} is {order.status}; results cannot be released on it")


def check_results_are_of(order: ServiceRequest, results: Iterable[Observation]) -> None:
    """Every result is of the patient the order is for."""
    patient = order.subject.reference
    for position, result in enumerate(results):
        if result.subject is None or result.subject.reference != patient:
            where = f"observations[{position}].subject"
            raise ResultOfAnotherPatient(
                "A result is of another patient than the order", [Issue("business-rule", "Not the order's patient", where)]
            )


def report_id(system: str, accession: str) -> str:
    """The FHIR id of the report with this accession number, so that a report that arrives twice at once is one resource."""
    return f"r-{sha256(f'{system}|{accession}'.encode()).hexdigest()[:40]}"


class MedicationFacts(msgspec.Struct):
    """What places a MedicationRequest in the chart."""

    status: str | None = None


MEDICATION_ORDER = {"active": 0, "on-hold": 1, "draft": 2, "unknown": 3, "completed": 4, "stopped": 5, "cancelled": 6}


def listed_medications(facts: Sequence[MedicationFacts]) -> list[int]:
    """Active ones first, then held ones, then those that have ended."""
    return sorted(range(len(facts)), key=lambda place: MEDICATION_ORDER.get(facts[place].status or "", 3))
