"""Chains and `_has` over many records read about as many rows as they show: from the selective end, in an index's order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.kernel.search.test_plans import literal

from osler.platform.fhir import TYPE_CODE, TYPES, code_value, search_parameters
from osler.platform.store.connections import SETTINGS
from osler.platform.store.search import parse_query
from osler.platform.store.search.page import page
from osler.platform.store.search.scope import World
from osler.platform.testing.database import TestDatabase

PATIENTS, STAYS, READINGS = 1500, 4, 40
"""Patients are 1, 2, …; stay m of patient n is 100000 + 10 n + m; reading m of patient n is 1000000 + 100 n + m."""
BORN = "timestamptz '1950-01-01' + n * interval '3 days'"
SEEN = "timestamptz '2000-01-01' + (n * 7 + m * 10) * interval '1 hour'"

SEARCHES = {
    "Observation?patient.name=smith77&_count=20": 500,
    "Observation?subject:Patient.name=smith77&_count=20": 500,
    "Observation?code=8480-6&patient.name=smith77&_count=20": 500,
    "Observation?code=8480-6&patient.gender=male&_count=20": 2500,
    "Observation?patient.gender=male&_count=20": 2500,
    "Observation?encounter.class=IMP&_count=20": 2000,
    "Observation?encounter:Encounter.patient.name=smith77&_count=20": 500,
    "Patient?_has:Observation:patient:code=8480-6&_count=20": 1000,
    "Patient?name=smith77&_has:Observation:patient:code=8480-6&_count=20": 6000,
    "Encounter?_has:Observation:encounter:code=8480-6&_count=20": 1000,
    "Patient?_has:Observation:patient:code=nothing&_count=20": 50,
    "Observation?code=8480-6&patient.name=nobody&_count=20": 50,
}  # fmt: skip
"""The rows its indexes may deliver: a page of 20 and what leads to it, of 60,000 readings."""

BEFORE_16 = {"Observation?encounter.class=IMP&_count=20": 20_000}
"""PostgreSQL 15 does not sort in steps for DISTINCT: it reads every reading of the stays in question."""


async def fill(owner: Any, tenant: int) -> None:
    """Index rows as they would be written, without bodies."""

    def key(kind: str, code: str) -> int:
        return search_parameters(kind)[code].key

    each, every = f"generate_series(1, {PATIENTS}) n", f"generate_series(1, {PATIENTS}) n, generate_series(0, {{}}) m"
    resource = "resource (tenant, rtype, version, rid, prid, d, updated, id, author, content)"
    token = "idx_token (tenant, key, val, prid, d, rid, sys)"
    gender = f"case n % 2 when 0 then {code_value('male')} else {code_value('female')} end"
    stay, reading = "100000 + n * 10 + m", "1000000 + n * 100 + m"
    of_class = f"case m when 0 then {code_value('IMP')} else {code_value('AMB')} end"
    of_code = f"case m % 4 when 0 then {code_value('8480-6')} else {code_value('718-7')} end"
    name, stay_of = key("Patient", "name"), key("Observation", "encounter")
    stays, readings = every.format(STAYS - 1), every.format(READINGS - 1)
    for line in (
        f"patient.{resource} select {tenant}, {TYPE_CODE['Patient']}, 1, n, n, {BORN}, now(), 'p' || n, 'a', 'x' from {each}",
        f"patient.idx_string (tenant, key, prid, d, rid, val) select {tenant}, {name}, n, {BORN}, n, 'smith' || n % 500 from {each}",
        f"patient.{token} select {tenant}, {key('Patient', 'gender')}, {gender}, n, {BORN}, n, 0 from {each}",
        f"encounter.{resource} select {tenant}, {TYPE_CODE['Encounter']}, 1, {stay}, n, {SEEN}, now(), 'e' || n || '-' || m, 'a', 'x' "
        f"from {stays}",
        f"encounter.{token} select {tenant}, {key('Encounter', 'class')}, {of_class}, n, {SEEN}, {stay}, 0 from {stays}",
        f"encounter.{resource} select {tenant}, {TYPE_CODE['Observation']}, 1, {reading}, n, {SEEN}, now(), 'o' || n || '-' || m, 'a', 'x' "
        f"from {readings}",
        f"encounter.{token} select {tenant}, {key('Observation', 'code')}, {of_code}, n, {SEEN}, {reading}, 0 from {readings}",
        f"encounter.{token} select {tenant}, {stay_of}, 100000 + n * 10 + m % {STAYS}, n, {SEEN}, {reading}, 0 from {readings}",
    ):
        await owner.execute(f"insert into {line}")
    await owner.execute("analyze")


def delivered(node: dict[str, Any]) -> float:
    """The rows that the scans of a plan have delivered."""
    own = node["Actual Rows"] * node["Actual Loops"] if "Scan" in node["Node Type"] and "CTE" not in node["Node Type"] else 0
    return own + sum(delivered(child) for child in node.get("Plans", ()))


@pytest.fixture
async def crowded(database: TestDatabase) -> TestDatabase:
    async with database.owner() as owner:
        await fill(owner, database.alpha.key)
    return database


async def test_a_chain_reads_little_more_than_it_shows(crowded: TestDatabase) -> None:
    schemas = {kind: service.name for service in crowded.services for kind in service.types}
    read = {}
    async with crowded.connection(crowded.alpha) as connection:
        for name in ("jit", "plan_cache_mode", "enable_seqscan"):
            await connection.execute(f"set {name} = {SETTINGS[name]}")
        for text in SEARCHES:
            kind, _, rest = text.partition("?")
            query = parse_query(kind, [(name, value) for name, _, value in (pair.partition("=") for pair in rest.split("&"))])
            statement = page(query, World(schemas.__getitem__, frozenset(TYPES)), audited=False)
            values = ", ".join(map(literal, (crowded.alpha.key, *statement.values)))
            await connection.execute(f"prepare asked as {statement.sql}")
            rows = await connection.fetch(f"explain (analyze, format json) execute asked ({values})")
            await connection.execute("deallocate asked")
            plan = json.loads(rows[0][0])[0]["Plan"]
            assert "Seq Scan" not in json.dumps(plan), text
            read[text] = delivered(plan)
        most = SEARCHES if connection.get_server_version().major >= 16 else SEARCHES | BEFORE_16

    assert {text: rows for text, rows in read.items() if rows > most[text]} == {}
