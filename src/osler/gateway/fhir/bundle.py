"""batch and transaction Bundles, from HTTP or from the import. https://hl7.org/fhir/R4/http.html#transaction"""

from __future__ import annotations

from osler.gateway.fhir import framing
from osler.gateway.fhir.batch import batch
from osler.gateway.fhir.entries import entries_of
from osler.gateway.fhir.preferences import Preferences
from osler.gateway.fhir.transaction import transaction
from osler.platform.context import Context
from osler.platform.errors import Invalid, Issue
from osler.platform.fhir import parse_envelope


async def process_bundle(ctx: Context, body: bytes, base: str = "", wishes: Preferences | None = None) -> bytes:
    """Carry out a batch or transaction Bundle and answer with the batch-response or transaction-response Bundle.

    A transaction happens whole or not at all: any refusal is raised. A batch's refusals stand in its entries.
    """
    envelope = parse_envelope(body)
    kind = str(envelope.bundle.type)
    if kind not in ("batch", "transaction"):
        message = "Only batch and transaction Bundles can be carried out"
        raise Invalid(message, [Issue("value", message, "Bundle.type")])
    entries = entries_of(envelope, base, wishes or Preferences())
    answers = await (batch if kind == "batch" else transaction)(ctx, entries)
    return framing.bundle(f"{kind}-response", answers)
