"""A laboratory result reaches the chart."""

from __future__ import annotations

from osler.platform.context import Context
from osler.platform.errors import NotFound
from osler.platform.fhir.r4 import Observation
from osler.services.encounter.contract import FileResult
from osler.services.encounter.rules import check_result_can_be_filed, result_id, same_content


async def file_result(ctx: Context, command: FileResult) -> Observation:
    """File the result once, however often it arrives; a corrected one becomes the next version."""
    result = command.observation
    id_ = result_id(check_result_can_be_filed(result))
    async with ctx.transaction() as tx:
        await tx.lock(f"Observation/{id_}")
        try:
            filed = await tx.read(Observation, id_)
        except NotFound:
            filed = None
        if filed is not None and same_content(filed, result):
            return filed
        return await tx.update(result, id_)
