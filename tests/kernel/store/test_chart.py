"""The chart's reads: all sections in one round trip, and a kept answer that is never older than the record."""

from __future__ import annotations

import orjson
import pytest

from osler.platform.context import Context
from osler.platform.errors import Gone, NotFound
from osler.platform.fhir import parameter_key, token_value
from osler.platform.store import Section
from osler.platform.testing.resources import make_observation, make_patient

LABORATORY = (parameter_key("Observation", "category"), token_value("laboratory"))
VITAL_SIGNS = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}]


def ids(bodies: list[bytes]) -> list[str]:
    return [orjson.loads(body)["id"] for body in bodies]


@pytest.fixture
async def marie(ctx: Context) -> Context:
    """A patient with five laboratory results and one vital sign, beside another with one result."""
    async with ctx.transaction() as tx:
        await tx.create(make_patient(), "marie")
        await tx.create(make_patient(), "pierre")
        for day in range(1, 6):
            await tx.create(make_observation("marie", effectiveDateTime=f"2024-05-0{day}"), f"lab-{day}")
        await tx.create(make_observation("marie", effectiveDateTime="2024-06-01", category=VITAL_SIGNS), "pulse")
        await tx.create(make_observation("pierre"), "his")
    return ctx


async def test_sections_hold_the_newest_of_this_patient_and_their_totals(marie: Context) -> None:
    sections = [Section("Observation", 3, LABORATORY, total=True), Section("Observation", 10), Section("Condition", 10, total=True)]

    record = await marie.store.charts.fetch(marie, "marie", sections)

    labs, all_, problems = record.sections
    assert (ids([record.patient])[0], record.clock) == ("marie", 1)
    assert (ids(labs.bodies), labs.total) == (["lab-5", "lab-4", "lab-3"], 5)
    assert (ids(all_.bodies), all_.total) == (["pulse", "lab-5", "lab-4", "lab-3", "lab-2", "lab-1"], None)
    assert (problems.bodies, problems.total) == ([], 0)


async def test_a_section_goes_on_where_the_page_before_ended(marie: Context) -> None:
    first = (await marie.store.charts.fetch(marie, "marie", [Section("Observation", 2, LABORATORY)])).sections[0]

    second = (await marie.store.charts.fetch(marie, "marie", [Section("Observation", 9, LABORATORY, after=first.places[-1])])).sections[0]

    assert ids(second.bodies) == ["lab-3", "lab-2", "lab-1"]


async def test_a_kept_answer_is_given_only_while_the_record_stands_still(marie: Context) -> None:
    charts = marie.store.charts
    clock = (await charts.fetch(marie, "marie", [])).clock
    await charts.keep(marie, "marie", 7, clock, b"kept")

    kept = await charts.cached(marie, "marie", 7)
    known = await charts.cached(marie, "marie", 7, have=clock)
    await marie.store.create(marie, make_observation("marie"))
    stale = await charts.cached(marie, "marie", 7)
    await charts.keep(marie, "marie", 7, clock, b"late and old")
    still = await charts.cached(marie, "marie", 7)

    assert kept is not None and (kept.clock, kept.gz) == (clock, b"kept")
    assert known is not None and (known.clock, known.gz) == (clock, None)
    assert stale is not None and (stale.clock, stale.gz) == (clock + 1, None)
    assert still == stale
    assert await charts.cached(marie, "nobody", 7) is None


async def test_a_deleted_patient_has_no_chart(marie: Context) -> None:
    await marie.store.charts.keep(marie, "marie", 7, 1, b"kept")
    await marie.store.delete(marie, "Patient", "marie")

    with pytest.raises(Gone):
        await marie.store.charts.fetch(marie, "marie", [])
    with pytest.raises(NotFound):
        await marie.store.charts.fetch(marie, "nobody", [])
    cached = await marie.store.charts.cached(marie, "marie", 7)
    assert cached is not None and cached.gz is None
