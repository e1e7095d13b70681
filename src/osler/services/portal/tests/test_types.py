"""The FHIR types that portal owns."""

from __future__ import annotations

from osler.platform.context import Context
from osler.platform.testing.contexts import TestProcess
from osler.platform.testing.ownership import check_ownership
from osler.services.portal.service import service


async def test_every_type_of_portal_is_stored_in_its_schema_alone_and_hidden_from_another_tenant(
    process: TestProcess, alpha: Context, beta: Context
) -> None:
    await check_ownership(process, service, alpha, beta)
