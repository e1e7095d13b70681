"""Where the chart's medications come from."""

from __future__ import annotations

from osler.platform.readplan import FieldPlan, Rows, Section
from osler.services.orders.rules import MedicationFacts, listed_medications

FIELDS: dict[str, FieldPlan] = {"Chart.medications": Section(Rows("MedicationRequest"), MedicationFacts, listed_medications)}
