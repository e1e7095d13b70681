"""Every form of the search box's statement finds its rows by an index."""

from __future__ import annotations

from datetime import date

import pytest

from osler.platform.store.connections import SETTINGS
from osler.platform.testing.database import TestDatabase
from osler.services.patient.queries import Asked, Parameters, candidates, statement

DAY = date(1950, 3, 1)
FORMS = {
    "nothing": Asked((), (), None),
    "one name": Asked(("smith",), (), None),
    "names": Asked(("smith", "john"), (), None),
    "names and birth date": Asked(("smith", "john"), (), DAY),
    "birth date": Asked((), (), DAY),
    "identifier": Asked((), (("MRN-1", None),), None),
    "digits": Asked((), (("19500301", DAY),), None),
    "everything": Asked(("smith",), (("5551234567", None), ("MRN-1", None)), DAY),
}


@pytest.mark.parametrize("form", FORMS)
async def test_no_search_reads_a_whole_table(module_database: TestDatabase, form: str) -> None:
    parameters = Parameters()
    sql = statement("encounter", *candidates(FORMS[form], parameters))
    connection = await module_database.login.connect(server_settings=SETTINGS)
    await connection.execute("select set_config('osler.tenant', '1', false)")
    prepared = await connection.prepare(sql)
    assert len(prepared.get_parameters()) == 14 + len(parameters.values)

    await connection.execute(f"prepare q as {sql}")
    nulls = ", ".join(["null"] * len(prepared.get_parameters()))
    plan = "\n".join(row[0] for row in await connection.fetch(f"explain execute q({nulls})"))
    await connection.close()

    assert "Seq Scan" not in plan, plan
