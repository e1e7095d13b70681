"""Random records and random searches: our SQL against a slow, obvious reading of the same JSON."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.kernel.search import oracle

from osler.platform import fhir
from osler.platform.context import Context
from osler.platform.store.search import parse_query
from osler.platform.testing.contexts import TestProcess, process_on
from osler.platform.testing.database import TestDatabase

EXAMPLES = int(os.environ.get("OSLER_SEARCH_EXAMPLES", "40"))
SEARCHES = 8

FAMILIES = ["Smith", "smith", "Smythe", "Müller", "MULLER", "van den  Berg", "O'Neil, Jr", "a|b", "back\\slash", "Ångström"]
GIVEN = ["Ann", "anna", "Zoë", "ZOE", "Bo"]
DAYS = ["2019", "2020", "2020-01", "2020-02", "2020-02-29", "2020-03-01", "2021-12-31", "2020-02-29T10:00:00Z", "2020-02-29T23:30:00-05:00"]
CODES = [
    ("8480-6", "http://loinc.org"),
    ("8480-6", "urn:other"),
    ("718-7", "http://loinc.org"),
    ("718-7", None),
    (None, "http://loinc.org"),
]
PATIENTS, ENCOUNTERS, PRACTITIONERS = ["p1", "p2", "p3"], ["e1", "e2"], ["d1", "d2"]
VALUES = ["1", "5.4", "100", "99.5", "100.49", "-3"]


def sparse(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=members)


coding = st.sampled_from(CODES).map(lambda pair: {k: v for k, v in zip(("code", "system"), pair, strict=True) if v})
concept = st.lists(coding, min_size=1, max_size=2).map(lambda found: {"coding": found})
day = st.sampled_from(DAYS)
period = sparse(
    start=st.sampled_from(["2019", "2020-02-29", "2020-02-29T10:00:00Z"]), end=st.sampled_from(["2020-03-01", "2021-12-31", "2022"])
)
period = period.filter(bool)
quantity = st.builds(
    lambda value, unit, more: {"value": float(value), **unit, **more},
    st.sampled_from(VALUES),
    st.sampled_from([{}, {"code": "mg", "system": "http://unitsofmeasure.org"}, {"unit": "beats"}]),
    st.sampled_from([{}, {}, {"comparator": "<"}, {"comparator": ">="}]),
)
human = sparse(
    family=st.sampled_from(FAMILIES),
    given=st.lists(st.sampled_from(GIVEN), min_size=1, max_size=2),
    text=st.sampled_from(FAMILIES),
    prefix=st.just(["Dr"]),
).filter(bool)
identifier = st.sampled_from(
    [
        {"value": "1", "system": "urn:a"},
        {"value": "1", "system": "urn:b"},
        {"value": "1"},
        {"value": "X,1", "system": "urn:a"},
        {"value": "2"},
    ]
)


def reference(type_name: str, ids: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(ids).map(lambda found: {"reference": f"{type_name}/{found}"})


subject = st.one_of(reference("Patient", PATIENTS), reference("Patient", PATIENTS), reference("Group", PATIENTS), st.just({"display": "?"}))


def made(type_name: str, ids: list[str], required: dict[str, Any], **members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    fixed = {"resourceType": st.just(type_name), "id": st.sampled_from(ids), **required}
    return st.fixed_dictionaries(fixed, optional=members)


patients = made(
    "Patient",
    PATIENTS,
    {},
    name=st.lists(human, min_size=1, max_size=2),
    gender=st.sampled_from(["male", "female"]),
    active=st.booleans(),
    birthDate=st.sampled_from([text for text in DAYS if "T" not in text]),
    identifier=st.lists(identifier, min_size=1, max_size=2),
    generalPractitioner=st.lists(reference("Practitioner", PRACTITIONERS), min_size=1, max_size=2),
)
observed = {
    "category": st.lists(concept, min_size=1, max_size=2),
    "subject": subject,
    "encounter": reference("Encounter", ENCOUNTERS),
    "valueQuantity": quantity,
}
IDS = [f"o{number}" for number in range(5)]
REQUIRED = {"status": st.sampled_from(["final", "amended"]), "code": concept}
observations = st.one_of(
    made("Observation", IDS, REQUIRED, effectiveDateTime=day, **observed),
    made("Observation", IDS, REQUIRED, effectivePeriod=period, **observed),
)
encounters = made(
    "Encounter",
    ENCOUNTERS,
    {"status": st.sampled_from(["finished", "planned"]), "class": coding},
    period=period,
    location=st.lists(period.map(lambda p: {"location": {"reference": "Location/l"}, "period": p}), min_size=1, max_size=2),
    subject=reference("Patient", PATIENTS),
    participant=st.lists(reference("Practitioner", PRACTITIONERS).map(lambda r: {"individual": r}), min_size=1, max_size=2),
)
records = st.lists(st.one_of(patients, observations, observations, encounters), min_size=1, max_size=9)

PREFIXES = ["", "eq", "ne", "gt", "ge", "lt", "le", "sa", "eb"]


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,").replace("|", "\\|")


texts = st.sampled_from([*FAMILIES, *GIVEN, "s", "SM", "mul", "berg", "den", "a|", "nobody"]).map(escaped)
tokens = st.sampled_from(
    ["8480-6", "718-7", "http://loinc.org|8480-6", "urn:other|8480-6", "|718-7", "http://loinc.org|", "nothing", "urn:nobody|718-7"]
)
words = st.sampled_from(["male", "final", "finished", "true", f"{oracle.GENDER}|male", "urn:x|final", "planned", "|final"])
idents = st.sampled_from(["1", "urn:a|1", "|1", "X\\,1", "urn:a|X\\,1", "2", "urn:b|", "urn:a|2"])
moments = st.builds(lambda prefix, text: prefix + text, st.sampled_from(PREFIXES), day)
amounts = st.builds(
    lambda prefix, value, unit: prefix + value + unit,
    st.sampled_from(PREFIXES),
    st.sampled_from(VALUES),
    st.sampled_from(["", "", "||mg", "|http://unitsofmeasure.org|mg", "||beats"]),
)
ids = st.sampled_from([*PATIENTS, *ENCOUNTERS, *PRACTITIONERS])


def targets(*types: str) -> st.SearchStrategy[str]:
    return st.one_of(
        ids, *(ids.map(lambda found, name=name: f"{name}/{found}") for name in types), ids.map(lambda found: f"Patient/{found}/_history/2")
    )


VALUES_OF = {
    "string": texts,
    "date": moments,
    "quantity": amounts,
}


def value_of(code: str, known: oracle.Known) -> st.SearchStrategy[str]:
    if known.kind == "reference":
        return targets(*known.targets)
    if known.kind == "token":
        return idents if code == "identifier" else words if code in ("gender", "active", "status") else tokens
    return VALUES_OF[known.kind]


@st.composite
def parameter(draw: st.DrawFn, type_name: str) -> tuple[str, str]:
    code = draw(st.sampled_from(["_id", *oracle.PARAMETERS[type_name]]))
    if code == "_id":
        return "_id", ",".join(draw(st.lists(st.sampled_from([*PATIENTS, *IDS, *ENCOUNTERS]), min_size=1, max_size=3)))
    known = oracle.PARAMETERS[type_name][code]
    modifiers = {"string": ["exact", "contains"], "token": ["not"], "reference": ["Patient"] if code == "subject" else []}
    modifier = draw(st.sampled_from(["", "", "", "missing", *modifiers.get(known.kind, [])]))
    if modifier == "missing":
        return f"{code}:missing", draw(st.sampled_from(["true", "false"]))
    values = draw(st.lists(ids if modifier == "Patient" else value_of(code, known), min_size=1, max_size=2))
    return (f"{code}:{modifier}" if modifier else code), ",".join(values)


@st.composite
def searches(draw: st.DrawFn) -> tuple[str, list[tuple[str, str]], list[str], int]:
    type_name = draw(st.sampled_from(["Patient", "Observation", "Observation", "Encounter"]))
    params = draw(st.lists(parameter(type_name), max_size=3))
    sortable = ["_id", *(code for code, known in oracle.PARAMETERS[type_name].items() if known.kind in ("date", "string"))]
    keys = st.builds(lambda sign, code: sign + code, st.sampled_from(["", "-"]), st.sampled_from(sortable))
    return type_name, params, draw(st.lists(keys, max_size=2)), draw(st.sampled_from([1, 2, 50]))


@pytest.fixture(scope="module")
async def process(module_database: TestDatabase) -> AsyncIterator[TestProcess]:
    async with process_on(module_database) as running:
        yield running


async def put(ctx: Context, resources: list[oracle.Json]) -> dict[tuple[str, str], oracle.Json]:
    """Write them one after the other: a later one of the same id is an update."""
    present: dict[tuple[str, str], oracle.Json] = {}
    for resource in resources:
        parsed = fhir.parse(json.dumps(resource).encode())
        await ctx.store.update(ctx, parsed, resource["id"])
        present[resource["resourceType"], resource["id"]] = resource
    return present


async def clear(process: TestProcess) -> None:
    async with process.database.owner() as connection:
        for schema in ("patient", "encounter"):
            for table in ("resource", "resource_history", "idx_token", "idx_string", "idx_ident", "idx_date", "idx_quantity"):
                await connection.execute(f"delete from {schema}.{table}")


async def every_page(ctx: Context, type_name: str, params: list[tuple[str, str]]) -> tuple[list[str], int | None]:
    """The ids of all pages in order, and the total the first one gave."""
    page = await ctx.store.search(ctx, parse_query(type_name, params))
    found, total = [stored.id for stored in page.matches], page.total
    while page.next:
        page = await ctx.store.search(ctx, parse_query(type_name, [*params, ("_cursor", page.next)]))
        assert page.matches, "a next page shows something"
        found += [stored.id for stored in page.matches]
    return found, total


def in_order(resources: list[oracle.Json], keys: list[str]) -> bool:
    """Whether no resource stands behind one that must come after it."""
    for before, after in pairwise(resources):
        for key in keys:
            one, other = oracle.sort_key(before, key), oracle.sort_key(after, key)
            if one == other:
                continue
            if one is None or (other is not None and (one < other) == key.startswith("-")):
                return False
            break
    return True


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(resources=records, asked=st.lists(searches(), min_size=SEARCHES, max_size=SEARCHES))
async def test_search_finds_what_reading_every_record_finds(
    process: TestProcess, resources: list[oracle.Json], asked: list[tuple[str, list[tuple[str, str]], list[str], int]]
) -> None:
    await clear(process)
    ctx = process.context(process.database.alpha)
    present = await put(ctx, resources)

    for type_name, params, keys, count in asked:
        sort = [("_sort", ",".join(keys))] if keys else []
        found, total = await every_page(ctx, type_name, [*params, *sort, ("_count", str(count)), ("_total", "accurate")])

        expected = oracle.search(present.values(), type_name, params)
        assert sorted(found) == sorted(expected), (type_name, params)
        assert total == len(expected), (type_name, params)
        assert in_order([present[type_name, found_id] for found_id in found], keys), (params, keys, found)
