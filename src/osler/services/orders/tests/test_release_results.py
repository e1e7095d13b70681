"""The laboratory answers an order; whatever arrives twice is filed once."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from osler.platform.context import Context
from osler.platform.errors import NotFound
from osler.platform.fhir.r4 import CodeableConcept, DiagnosticReport, Identifier, Observation, Quantity, Reference, ServiceRequest
from osler.platform.testing.contexts import TestProcess
from osler.services.orders.contract import ReleaseResults
from osler.services.orders.rules import OrderNotOpen, ResultOfAnotherPatient

LAB = "urn:example:lab"


async def place(ctx: Context, status: str = "active") -> str:
    async with ctx.transaction() as tx:
        order = await tx.create(
            ServiceRequest(status=status, intent="order", subject=Reference(reference="Patient/p1"), code=CodeableConcept(text="BMP"))  # type: ignore[arg-type]  # the tests choose legal codes
        )
    assert order.id is not None
    return order.id


def result(number: str, value: str, patient: str = "p1") -> Observation:
    return Observation(
        identifier=[Identifier(system=LAB, value=number)],
        status="final",
        code=CodeableConcept(text="Potassium"),
        subject=Reference(reference=f"Patient/{patient}"),
        valueQuantity=Quantity(value=Decimal(value), unit="mmol/L"),
    )


def release(order: str, *observations: Observation, status: str = "final") -> ReleaseResults:
    return ReleaseResults(order=order, system=LAB, accession="A-1", status=status, observations=observations)  # type: ignore[arg-type]


async def versions(process: TestProcess, table: str) -> list[int]:
    async with process.database.owner() as owner:
        return [row["version"] for row in await owner.fetch(f"select version from {table} order by id")]


async def test_a_final_report_files_its_results_and_completes_the_order(process: TestProcess, alpha: Context) -> None:
    order = await place(alpha)

    report = await alpha.call(release(order, result("1", "4.10"), result("2", "140")))

    assert report.status == "final"
    assert sorted(reference.reference or "" for reference in report.result or ()) == [
        f"Observation/{id_}" for id_ in await filed_ids(process)
    ]
    async with alpha.transaction() as tx:
        assert (await tx.read(ServiceRequest, order)).status == "completed"


async def filed_ids(process: TestProcess) -> list[str]:
    async with process.database.owner() as owner:
        return [row["id"] for row in await owner.fetch("select id from encounter.resource order by id")]


async def test_the_same_release_twice_at_once_files_each_result_once(process: TestProcess, alpha: Context) -> None:
    order = await place(alpha)
    sent = release(order, result("1", "4.10"), result("2", "140"), status="partial")

    await asyncio.gather(alpha.call(sent), alpha.call(sent), return_exceptions=True)
    await alpha.call(sent)

    assert await versions(process, "encounter.resource") == [1, 1]


async def test_a_corrected_result_becomes_the_next_version_of_the_same_record(process: TestProcess, alpha: Context) -> None:
    order = await place(alpha)
    await alpha.call(release(order, result("1", "4.10")))

    report = await alpha.call(release(order, result("1", "6.80"), status="corrected"))

    assert await versions(process, "encounter.resource") == [2]
    async with alpha.transaction() as tx:
        assert (await tx.read(DiagnosticReport, report.id or "")).status == "corrected"


async def test_a_revoked_order_takes_no_results_and_nothing_is_filed(process: TestProcess, alpha: Context) -> None:
    order = await place(alpha, "revoked")

    with pytest.raises(OrderNotOpen):
        await alpha.call(release(order, result("1", "4.10")))

    assert await filed_ids(process) == []


async def test_a_result_of_another_patient_is_refused_before_anything_is_filed(process: TestProcess, alpha: Context) -> None:
    order = await place(alpha)

    with pytest.raises(ResultOfAnotherPatient):
        await alpha.call(release(order, result("1", "4.10"), result("2", "140", patient="p2")))

    assert await filed_ids(process) == []


async def test_another_tenants_order_does_not_exist(alpha: Context, beta: Context) -> None:
    order = await place(alpha)

    with pytest.raises(NotFound):
        await beta.call(release(order, result("1", "4.10")))
