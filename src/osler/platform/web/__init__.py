"""HTTP without a framework: requests with limits, answers with the right headers, refusals as OperationOutcome."""

from osler.platform.web.edge import Edge, Handler, unforeseen
from osler.platform.web.outcome import operation_outcome
from osler.platform.web.request import OFF_LOOP, Authenticate, ClientGone, Request, pairs
from osler.platform.web.response import FHIR_JSON, JSON, Response

__all__ = [
    "FHIR_JSON",
    "JSON",
    "OFF_LOOP",
    "Authenticate",
    "ClientGone",
    "Edge",
    "Handler",
    "Request",
    "Response",
    "operation_outcome",
    "pairs",
    "unforeseen",
]
