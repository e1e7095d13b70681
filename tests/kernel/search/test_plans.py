"""The searches a chart and a front desk ask for go through the index made for them, without reading a table."""

from __future__ import annotations

import re
from typing import Any

from osler.platform.fhir import TYPES, search_parameters
from osler.platform.store.connections import SETTINGS
from osler.platform.store.search import parse_query
from osler.platform.store.search.page import page
from osler.platform.store.search.scope import World
from osler.platform.testing.database import TestDatabase

SHAPES = {
    "Observation?patient=p1&code=http://loinc.org|8480-6&_sort=-date&_count=20": ("idx_token_val", "tenant key val prid"),
    "Observation?patient=p1&category=laboratory&date=ge2020-01-01": ("idx_token_val", "tenant key val prid"),
    "Observation?patient=p1&_sort=-date": ("resource_patient", "tenant prid rtype"),
    "Observation?code=8480-6": ("idx_token_val", "tenant key val"),
    "Observation?code=8480-6,718-7,2160-0": ("idx_token_val", "tenant key val"),
    "Observation?date=ge2020-01-01&_sort=-date": ("idx_date_lo", "tenant key lo hi"),
    "Observation?date=lt2020-01-01&_sort=-date": ("idx_date_lo", "tenant key lo"),
    "Patient?name=smi": ("idx_string_val", "tenant key val val"),
    "Patient?identifier=urn:mrn|1": ("idx_ident_val", "tenant key val sys"),
    "Patient?birthdate=1980-01-01": ("idx_date_lo", "tenant key lo lo hi"),
    "Patient?name=smi&birthdate=1980-01-01": ("idx_date_lo", "tenant key lo lo hi"),
    "Patient?name=smi&birthdate=1980": ("idx_string_val", "tenant key val val d d"),
    "Patient?_id=p1": ("resource_tenant_rid_key", "tenant rid"),
    "Encounter?_count=10": ("resource_pkey", "tenant rtype"),
    "Encounter?_sort=-_lastUpdated&_count=10": ("resource_updated", "tenant rtype"),
}


def literal(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "'{" + ",".join("null" if item is None else str(item) for item in value) + "}'"
    return "'" + str(value).replace("'", "''") + "'"


async def plan(connection: Any, tenant: int, text: str) -> str:
    type_name, _, rest = text.partition("?")
    query = parse_query(type_name, [tuple(pair.split("=", 1)) for pair in rest.split("&")])  # type: ignore[misc]
    statement = page(query, World(lambda kind: "patient" if kind == "Patient" else "encounter", frozenset(TYPES)), audited=False)
    await connection.execute(f"prepare asked as {statement.sql}")
    rows = await connection.fetch(f"explain (costs off) execute asked ({', '.join(map(literal, (tenant, *statement.values)))})")
    await connection.execute("deallocate asked")
    return "\n".join(row[0] for row in rows)


NAMES = """insert into patient.idx_string (tenant, key, prid, d, rid, val)
  select $1, $2, n, timestamptz '1950-01-01' + n * interval '9 days', n, md5(n::text) from generate_series(1, 3000) n"""


async def test_each_search_goes_through_its_index(database: TestDatabase) -> None:
    async with database.owner() as owner:
        await owner.execute(NAMES, database.alpha.key, search_parameters("Patient")["name"].key)
        await owner.execute("analyze patient.idx_string")
    async with database.connection(database.alpha) as connection:
        for name in ("jit", "plan_cache_mode", "enable_seqscan"):
            await connection.execute(f"set {name} = {SETTINGS[name]}")
        for text, (index, columns) in SHAPES.items():
            shown = await plan(connection, database.alpha.key, text)

            scan = re.search(rf"using {index} on \w+ [xr]\b.*\n\s+Index Cond: (.+)", shown)
            assert "Seq Scan" not in shown, (text, shown)
            assert scan is not None, f"{text}\n{shown}"
            assert re.findall(r"\((\w+) (?:[<>=]+)", scan[1]) == columns.split(), (text, shown)
            assert "resource_tenant_rid_key on resource r" in shown, (text, shown)
