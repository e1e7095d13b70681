"""The laboratory answers an order."""

from __future__ import annotations

from msgspec.structs import replace

from osler.platform.context import Context
from osler.platform.fhir.r4 import CodeableConcept, DiagnosticReport, Identifier, Reference, ServiceRequest
from osler.services.encounter.contract import FileResult
from osler.services.orders.contract import ReleaseResults, ResultsReleased
from osler.services.orders.rules import check_order_open, check_results_are_of, report_id


async def release_results(ctx: Context, command: ReleaseResults) -> DiagnosticReport:
    """File each result into the chart, report on the order, and complete the order when the report is final."""
    async with ctx.transaction() as tx:
        order = await tx.read(ServiceRequest, command.order)
        check_order_open(order)
        check_results_are_of(order, command.observations)
    # Filing is encounter's own transaction and can be repeated; the report below names only results that are in the chart.
    filed = [await ctx.call(FileResult(observation=result)) for result in command.observations]
    id_ = report_id(command.system, command.accession)
    async with ctx.transaction() as tx:
        await tx.lock(f"DiagnosticReport/{id_}")
        order = await tx.read(ServiceRequest, command.order)
        check_order_open(order)
        report = await tx.update(
            DiagnosticReport(
                identifier=[Identifier(system=command.system, value=command.accession)],
                basedOn=[Reference(reference=f"ServiceRequest/{command.order}")],
                status=command.status,
                code=order.code or CodeableConcept(text="Laboratory report"),
                subject=order.subject,
                encounter=order.encounter,
                issued=ctx.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                result=[Reference(reference=f"Observation/{result.id}") for result in filed] or None,
            ),
            id_,
        )
        if command.status == "final" and order.status != "completed":
            await tx.update(replace(order, status="completed"), command.order)
        tx.emit(ResultsReleased(order=command.order, report=id_, status=command.status))
    return report
