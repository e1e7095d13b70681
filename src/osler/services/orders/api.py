"""What orders answers beyond plain FHIR."""

from __future__ import annotations

import msgspec

from osler.platform import fhir
from osler.platform.access import require
from osler.platform.context import Context
from osler.platform.errors import Malformed
from osler.platform.manifest import Route
from osler.platform.web import Request, Response
from osler.services.orders.contract import ReleaseResults
from osler.services.orders.workflows.release_results import release_results


async def release(ctx: Context, request: Request) -> Response:
    """POST /{tenant}/orders/results: `ReleaseResults` as JSON; answers the DiagnosticReport."""
    require(ctx, "update", "DiagnosticReport")
    try:
        command = msgspec.json.decode(await request.body(), type=ReleaseResults)
    except msgspec.MsgspecError as broken:
        raise Malformed(f"Not a release of results: {broken}") from None
    report = await release_results(ctx, command)
    return Response(200, fhir.from_struct(report).body)


ROUTES = (Route("POST", "/orders/results", release),)
