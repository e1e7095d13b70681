"""Search against a real database: what is found, in which order, on which page, and what the audit knows of it."""

from __future__ import annotations

import asyncio
import json

import pytest
from msgspec.structs import replace
from tests.kernel.search.conftest import ids, observation, patient, put, search

from osler.platform import fhir
from osler.platform.audit import verify
from osler.platform.audit.verify import ROWS
from osler.platform.context import Context
from osler.platform.errors import Malformed
from osler.platform.store.search import parse_query
from osler.platform.testing.contexts import TestProcess

# The record lasted from 2020-03-10 to 2020-03-20. https://hl7.org/fhir/R4/search.html#prefix
PERIOD = {
    "2020": True, "2020-03": True, "2020-03-15": False, "2021": False, "2019,2020": True,
    "ne2020": False, "ne2020-03-15": True,
    "gt2020-03-19": True, "gt2020-03-20": False, "gt2020-03-09": True,
    "ge2020-03-20": True, "ge2020-03-21": False, "ge2020-03-20T23:59:59Z": True, "ge2020-03-20T23:59:59-12:00": False,
    "lt2020-03-10": False, "lt2020-03-11": True,
    "le2020-03-10": True, "le2020-03-09": False,
    "sa2020-03-09": True, "sa2020-03-10": False,
    "eb2020-03-21": True, "eb2020-03-20": False,
    "ap2020-03-15": True, "ap1990-01-01": False,
}  # fmt: skip
# The value was 100.4 mg.
AMOUNT = {
    "100": True, "1e2": True, "100.0": False, "100.4": True, "99": False, "ap110": True, "ap120": False,
    "gt100.4": False, "ge100.4": True, "lt100.4": False, "le100.4": True, "sa100": True, "eb101": True, "ne100": False,
    "100.4||mg": True, "100.4|http://unitsofmeasure.org|mg": True, "100.4||kg": False, "100.4|urn:other|mg": False,
}  # fmt: skip


async def test_a_period_against_every_kind_of_date(ctx: Context) -> None:
    record = observation("o", effectivePeriod={"start": "2020-03-10", "end": "2020-03-20"})
    del record["effectiveDateTime"]
    await put(ctx, record)

    assert {sent: bool(await ids(ctx, f"Observation?date={sent}")) for sent in PERIOD} == PERIOD
    assert {sent: bool(await ids(ctx, f"Observation?patient=p1&date={sent}")) for sent in PERIOD} == PERIOD
    assert {sent: bool(await ids(ctx, f"Observation?code=8480-6&date={sent}")) for sent in PERIOD} == PERIOD


async def test_a_number_is_as_exact_as_its_digits(ctx: Context) -> None:
    await put(ctx, observation("o", valueQuantity={"value": 100.4, "system": "http://unitsofmeasure.org", "code": "mg"}))

    assert {sent: bool(await ids(ctx, f"Observation?value-quantity={sent}")) for sent in AMOUNT} == AMOUNT
    assert {sent: bool(await ids(ctx, f"Observation?patient=p1&value-quantity={sent}")) for sent in AMOUNT} == AMOUNT


async def test_strings_match_by_start_part_or_exactly(ctx: Context) -> None:
    await put(ctx, patient("a", "Müller"), patient("b", "muller"), patient("c", "Obermuller"), patient("d", "O'Neil, Jr"))

    assert sorted(await ids(ctx, "Patient?family=MUL")) == ["a", "b"]
    assert sorted(await ids(ctx, "Patient?family:contains=mull")) == ["a", "b", "c"]
    assert await ids(ctx, "Patient?family:exact=Müller") == ["a"]
    assert await ids(ctx, "Patient?family:exact=muller") == ["b"]
    assert await ids(ctx, "Patient?family=o'neil\\, jr") == ["d"]
    assert sorted(await ids(ctx, "Patient?family=o'neil\\, jr,ober")) == ["c", "d"]


async def test_a_deleted_or_changed_record_is_found_by_nothing_it_was(ctx: Context) -> None:
    await put(ctx, patient("a", "Before"), patient("b", "Gone"))

    await put(ctx, patient("a", "After"))
    await ctx.store.delete(ctx, "Patient", "b")

    assert await ids(ctx, "Patient?name=before") == await ids(ctx, "Patient?name=gone") == await ids(ctx, "Patient?_id=b") == []
    assert await ids(ctx, "Patient?name=after") == ["a"]


async def test_a_last_page_has_no_next_and_a_total_counts_records_once(ctx: Context) -> None:
    two_codings = {"coding": [{"system": "http://loinc.org", "code": "x"}, {"system": "urn:other", "code": "x"}]}
    await put(ctx, *(observation(f"o{number}", code="x") | {"code": two_codings} for number in range(4)))

    for query in ("Observation?code=x", "Observation?code=x,8480-6", "Observation?patient=p1&code=x", "Observation?_id=o0,o1,o2,o3"):
        page = await search(ctx, f"{query}&_count=4&_total=accurate")
        assert (len(page.matches), page.total, page.next) == (4, 4, None), query
        assert (await search(ctx, f"{query}&_summary=count")).total == 4


@pytest.mark.parametrize(
    ("query", "shown_first"),
    [
        ("Observation?code=8480-6", 3),
        ("Observation?code=8480-6&_sort=-date", 3),
        ("Observation?code=8480-6,718-7", 2),
        ("Observation?patient=p1&code=8480-6&_sort=-date", 3),
        ("Observation?patient=p1&code=8480-6&_sort=date,-_id", 1),
        ("Observation?date=ge2000", 3),
        ("Observation?value-quantity=gt1", 3),
        ("Observation?_sort=-_lastUpdated", 3),
    ],
)
async def test_pages_with_equal_keys_show_each_record_once_while_others_arrive(ctx: Context, query: str, shown_first: int) -> None:
    await put(ctx, *(observation(f"o{number:02}", valueQuantity={"value": 5}) for number in range(11)))

    seen, text = [], f"{query}&_count={shown_first}"
    page = await search(ctx, text)
    while True:
        seen += [stored.id for stored in page.matches]
        if page.next is None:
            break
        await put(ctx, observation(f"new{len(seen)}", valueQuantity={"value": 5}))
        page = await search(ctx, f"{text}&_cursor={page.next}")

    assert [found for found in sorted(seen) if found.startswith("o")] == [f"o{number:02}" for number in range(11)]
    assert len(seen) == len(set(seen))


async def test_a_cursor_works_by_itself_and_names_nobody(ctx: Context) -> None:
    await put(ctx, *(patient(f"p{number}", "Secretname") for number in range(3)))

    first = await search(ctx, "Patient?name=secretname&_count=2")
    assert first.next is not None
    second = await search(ctx, f"Patient?_cursor={first.next}")

    assert sorted(stored.id for stored in [*first.matches, *second.matches]) == ["p0", "p1", "p2"]
    assert second.next is None
    assert "ecretname" not in first.next


async def test_a_cursor_of_another_search_tenant_or_maker_is_refused(ctx: Context, other: Context) -> None:
    await put(ctx, *(patient(f"p{number}") for number in range(3)))
    cursor = (await search(ctx, "Patient?name=smith&_count=1")).next
    assert cursor is not None

    for asker, query in (
        (ctx, f"Patient?name=jones&_cursor={cursor}"),
        (ctx, f"Observation?_cursor={cursor}"),
        (other, f"Patient?name=smith&_cursor={cursor}"),
        (ctx, f"Patient?name=smith&_cursor={cursor[:-3]}AAA"),
        (ctx, "Patient?name=smith&_cursor=nonsense"),
    ):
        with pytest.raises(Malformed):
            await search(asker, query)


async def test_records_without_the_date_come_last_in_both_directions(ctx: Context) -> None:
    undated = observation("none")
    del undated["effectiveDateTime"]
    await put(ctx, undated, observation("new", day="2021"), observation("old", day="2019"))

    assert await ids(ctx, "Observation?_sort=-date") == ["new", "old", "none"]
    assert await ids(ctx, "Observation?_sort=date") == ["old", "new", "none"]
    assert await ids(ctx, "Observation?patient=p1&_sort=-date") == ["new", "old", "none"]


async def test_sorting_by_several_keys(ctx: Context) -> None:
    await put(
        ctx,
        patient("a", "Jones", birthDate="1980-01-01"),
        patient("b", "jones", birthDate="1990-01-01"),
        patient("c", "Adams", birthDate="1970-01-01"),
    )

    assert await ids(ctx, "Patient?_sort=-birthdate") == ["b", "a", "c"]
    assert await ids(ctx, "Patient?_sort=family,-birthdate") == ["c", "b", "a"]
    assert await ids(ctx, "Patient?_sort=family,birthdate") == ["c", "a", "b"], "Jones and jones are one name"
    assert await ids(ctx, "Patient?_sort=-_id") == ["c", "b", "a"]


async def test_include_brings_what_matches_point_at_once(ctx: Context) -> None:
    practitioner = {"resourceType": "Practitioner", "id": "d"}
    performers = [{"reference": "Practitioner/d"}, {"reference": "Organization/none"}]
    await put(ctx, patient("p1"), practitioner, observation("a", performer=performers), observation("b", performer=performers))

    async def included(parameter: str) -> list[str]:
        page = await search(ctx, f"Observation?code=8480-6&_include={parameter}")
        assert len(page.matches) == 2
        return [f"{stored.type}/{stored.id}" for stored in page.included]

    assert await included("Observation:patient") == ["Patient/p1"]
    assert await included("Observation:subject:Patient") == ["Patient/p1"]
    assert await included("Observation:subject:Group") == []
    assert await included("Observation:performer") == ["Practitioner/d"]
    assert await included("*") == ["Patient/p1", "Practitioner/d"]


async def test_revinclude_brings_what_points_at_matches(ctx: Context) -> None:
    provenance = {
        "resourceType": "Provenance", "id": "v", "recorded": "2020-01-01T00:00:00Z",
        "target": [{"reference": "Patient/p1"}, {"reference": "Observation/o"}],
        "agent": [{"who": {"reference": "Practitioner/d"}}],
    }  # fmt: skip
    await put(ctx, patient("p1"), patient("p2"), observation("o"), observation("q", patient="p2"), provenance)

    async def included(query: str) -> list[str]:
        return [f"{stored.type}/{stored.id}" for stored in (await search(ctx, query)).included]

    assert await included("Patient?_id=p1&_revinclude=Observation:patient") == ["Observation/o"]
    assert await included("Patient?_id=p1&_revinclude=Provenance:target") == ["Provenance/v"]
    assert await included("Observation?_id=o&_revinclude=Provenance:target") == ["Provenance/v"]
    assert await included("Patient?_id=p1&_revinclude=*") == ["Observation/o", "Provenance/v"]
    assert await included("Patient?_id=p2&_revinclude=*&_revinclude=Observation:subject") == ["Observation/q"]


async def test_hidden_labels_are_as_if_they_were_not_there(ctx: Context, running: TestProcess) -> None:
    await put(ctx, patient("p1"), observation("a"), observation("b"))
    async with running.database.owner() as connection:
        await connection.execute("update encounter.resource set labels = 4 where id = 'b'")

    for text in ("Observation?code=8480-6", "Observation?patient=p1", "Observation?_id=a,b", "Observation?", "Observation?date=2020"):
        name, _, rest = text.partition("?")
        query = parse_query(name, [tuple(pair.split("=")) for pair in rest.split("&") if pair] + [("_total", "accurate")])  # type: ignore[misc]
        hiding = await ctx.store.search(ctx, replace(query, hidden=4))
        assert ([stored.id for stored in hiding.matches], hiding.total) == (["a"], 1), text
        assert (await ctx.store.search(ctx, replace(query, hidden=2))).total == 2
    with_results = parse_query("Patient", [("_id", "p1"), ("_revinclude", "Observation:subject")])
    page = await ctx.store.search(ctx, replace(with_results, hidden=4))
    assert [stored.id for stored in page.included] == ["a"]


async def test_a_combined_parameter_finds_what_either_of_its_parts_holds(ctx: Context) -> None:
    pulse = {"code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}, "valueQuantity": {"value": 60, "unit": "/min"}}
    await put(
        ctx,
        patient("p1"),
        observation("own", code="8867-4", day="2020-01-01", valueQuantity={"value": 70, "unit": "/min"}),
        observation("part", code="85354-9", day="2020-01-02", component=[pulse]),
        observation("both", code="8867-4", day="2020-01-03", component=[pulse]),
        observation("neither", day="2020-01-04"),
    )

    for text, found in {
        "combo-code=8867-4": ["both", "part", "own"],
        "combo-code=http://loinc.org|8867-4": ["both", "part", "own"],
        "combo-code=http://other|8867-4": [],
        "combo-code=8867-4,85354-9": ["both", "part", "own"],
        "combo-code=8867-4&patient=p1&_sort=-date": ["both", "part", "own"],
        "combo-code=8867-4&patient=p1&_sort=date&_count=1": ["own"],
        "combo-code=8867-4&date=2020-01-02": ["part"],
        "combo-code:not=8867-4": ["neither"],
        "combo-code=http://loinc.org|&status=final": ["neither", "both", "part", "own"],
        "combo-value-quantity=60": ["both", "part"],
        "combo-value-quantity=gt65": ["own"],
        "combo-value-quantity:missing=true": ["neither"],
        "combo-value-quantity:missing=false": ["both", "part", "own"],
        "code=8867-4": ["both", "own"],
        "component-code=8867-4": ["both", "part"],
    }.items():
        assert sorted(await ids(ctx, f"Observation?{text}")) == sorted(found), text
    assert await ids(ctx, "Observation?combo-code=8867-4&patient=p1&_sort=-date") == ["both", "part", "own"]


async def test_searches_that_arrive_together_are_answered_and_audited_one_by_one(ctx: Context, running: TestProcess) -> None:
    await put(ctx, *(patient(f"p{n}", f"Name{n:02}") for n in range(40)))

    found = await asyncio.gather(*(ids(ctx, f"Patient?name=name{n:02}&_count={1 + n % 3}") for n in range(41)))

    assert found == [[f"p{n}"] for n in range(40)] + [[]]
    async with running.database.owner() as connection:
        every = await connection.fetch(ROWS, running.database.alpha.key)
    rows = [row for row in every if row["action"] == b"S"]
    assert verify(every) == []
    assert len({row["batch"] for row in rows}) < len(rows)
    assert sorted(row["detail"] for row in rows) == sorted([*(f"?name _count Patient/p{n}/1" for n in range(40)), "?name _count"])


async def test_a_transaction_finds_what_it_has_written(ctx: Context) -> None:
    async with ctx.transaction() as tx:
        await tx.create(fhir.parse(json.dumps(patient("x", "Newcomer")).encode()))
        page = await tx.search(parse_query("Patient", [("name", "newcomer")]))
        assert len(page.matches) == 1
    assert len(await ids(ctx, "Patient?name=newcomer")) == 1


async def test_a_search_is_audited_with_what_it_returned_and_without_what_was_asked(ctx: Context, running: TestProcess) -> None:
    await put(ctx, patient("p1", "Secretname"), observation("o"))

    await search(ctx, "Patient?name=secretname&_count=1")
    await search(ctx, "Observation?patient=p1&_include=Observation:patient")

    async with running.database.owner() as connection:
        rows = await connection.fetch("select prid, rtype, outcome, detail from audit.event where action = 'S' order by stream, seq")
    found = [(row["prid"] == fhir.rid("Patient", "p1"), row["rtype"], row["outcome"], row["detail"]) for row in rows]
    assert found == [
        (True, fhir.TYPE_CODE["Patient"], 200, "?name _count Patient/p1/1"),
        (True, fhir.TYPE_CODE["Observation"], 200, "?patient _include Observation/o/1"),
        (True, 0, 200, "?patient _include included Patient/p1/1"),
    ]


async def test_amounts_in_base_units_and_as_sent_may_be_alternatives(ctx: Context) -> None:
    weight = {"valueQuantity": {"value": 2, "unit": "kg", "code": "kg", "system": "http://unitsofmeasure.org"}}
    await put(ctx, observation("known", **weight), observation("unknown", valueQuantity={"value": 700}))

    assert sorted(await ids(ctx, "Observation?value-quantity=ge1000|http://unitsofmeasure.org|g,ge500")) == ["known", "unknown"]


async def test_a_reference_that_shares_the_patients_element_has_its_own_missing(ctx: Context) -> None:
    answer = {"resourceType": "AppointmentResponse", "appointment": {"reference": "Appointment/x"}, "participantStatus": "accepted"}
    await put(
        ctx,
        {**answer, "id": "of-patient", "actor": {"reference": "Patient/p"}},
        {**answer, "id": "of-doctor", "actor": {"reference": "Practitioner/d"}},
    )

    assert await ids(ctx, "AppointmentResponse?practitioner:missing=false") == ["of-doctor"]
    assert await ids(ctx, "AppointmentResponse?practitioner:missing=true") == ["of-patient"]
    assert await ids(ctx, "AppointmentResponse?patient:missing=false") == ["of-patient"]
    assert await ids(ctx, "AppointmentResponse?practitioner=d") == ["of-doctor"]
    assert await ids(ctx, "AppointmentResponse?location:missing=false") == []
