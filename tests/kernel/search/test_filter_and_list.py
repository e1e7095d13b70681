"""`_filter` and `_list`: the same answers as the plain parameters would give, joined by and, or, not."""

from __future__ import annotations

from typing import Any

import pytest
from tests.kernel.search.conftest import ids, observation, patient, put, search

from osler.platform.context import Actor, Context
from osler.platform.errors import Malformed, Unsupported
from osler.platform.store.search import parse_query
from osler.platform.testing.contexts import TestProcess

CLERK = Actor("user/00000000-0000-0000-0000-000000000002", "user", frozenset({"front.desk"}))


def lasting(id: str, whose: str, start: str, end: str) -> dict[str, Any]:  # noqa: A002
    record = observation(id, whose, effectivePeriod={"start": start, "end": end})
    del record["effectiveDateTime"]
    return record


@pytest.fixture
async def clinic(ctx: Context) -> Context:
    await put(
        ctx,
        patient("p1", "Smith", gender="male", birthDate="1950-01-01", identifier=[{"system": "urn:mrn", "value": "1"}]),
        patient("p2", "Smythe", gender="female", birthDate="1980-06-01", active=True),
        patient("p3", "O'Neil, Jr", gender="female"),
        patient("p4", "Goldsmith", name=[{"family": "Goldsmith"}, {"family": "Stone"}], birthDate="2001-01-01"),
        observation("o1", "p1", "8480-6", "2020-01-01", valueQuantity={"value": 120, "code": "mm[Hg]", "system": "http://unitsofmeasure.org"}),
        observation("o2", "p2", "718-7", "2020-02-02"),
        lasting("o3", "p2", "2020-03-01", "2020-03-10"),
        {"resourceType": "Questionnaire", "id": "q", "status": "active", "url": "http://forms/phq9"},
    )  # fmt: skip
    return ctx


FILTERS = {
    "Patient": {
        'name co "smith"': "p1 p4",
        "name co SMITH": "p1 p4",
        "name sw smi": "p1",
        "name ew smith": "p1 p4",
        "name eq smith": "p1",
        "family ne smith": "p2 p3 p4",
        "family ne goldsmith": "p1 p2 p3 p4",
        'name eq "o\'neil, jr"': "p3",
        "gender eq male": "p1",
        "gender ne male": "p2 p3",
        "not (gender eq male)": "p2 p3 p4",
        "gender eq male or gender eq female": "p1 p2 p3",
        "gender eq female and name sw smy": "p2",
        "gender eq female and (name sw smy or name sw o)": "p2 p3",
        "name eq smith or gender eq female and active eq true": "p2",
        "name eq smith or (gender eq female and active eq true)": "p1 p2",
        "birthdate ge 1980": "p2 p4",
        "birthdate gt 1980-06-01": "p4",
        "birthdate lt 1980 or birthdate sa 2000": "p1 p4",
        "birthdate ne 1980-06-01": "p1 p4",
        "birthdate pr false": "p3",
        "birthdate pr true and not(gender pr true)": "p4",
        "identifier eq urn:mrn|1": "p1",
        "identifier ne urn:mrn|2": "p1",
        "identifier pr true": "p1",
        "_id eq p2": "p2",
        "_lastUpdated gt 2000": "p1 p2 p3 p4",
        "_has:Observation:patient:code eq 718-7": "p2",
        "_has:Observation:patient:date ge 2020-02-02": "p2",
    },
    "Observation": {
        "patient.name co smith": "o1",
        "subject:Patient.gender eq female": "o2 o3",
        "patient.name ew mythe and code eq 8480-6": "o3",
        "patient.gender ne male": "o2 o3",
        "code eq http://loinc.org|718-7": "o2",
        "code ne 718-7": "o1 o3",
        "date po 2020-03": "o3",
        "date po 2020-03-05": "o3",
        "date eb 2020-02": "o1",
        "value-quantity gt 100": "o1",
        "value-quantity eq 120||mm[Hg]": "o1",
        "patient re Patient/p2": "o2 o3",
        "patient eq p1": "o1",
        "patient ne p1": "o2 o3",
        "encounter pr false": "o1 o2 o3",
    },
    "Questionnaire": {"url eq http://forms/phq9": "q", "url ne http://forms/phq9": ""},
}


async def test_every_operator_finds_what_the_page_says(clinic: Context) -> None:
    wanted = {(kind, text): sorted(names.split()) for kind, asked in FILTERS.items() for text, names in asked.items()}

    found = {}
    for kind, text in wanted:
        page = await clinic.store.search(clinic, parse_query(kind, [("_filter", text), ("_total", "accurate")]))
        found[kind, text] = sorted(stored.id for stored in page.matches)
        assert page.total == len(page.matches), text

    assert found == wanted


async def test_a_filter_joins_the_other_parameters_and_pages(clinic: Context) -> None:
    asked = [("_filter", "gender eq female or name co smith"), ("birthdate", "gt1900"), ("_count", "1"), ("_sort", "birthdate")]
    page = await clinic.store.search(clinic, parse_query("Patient", asked))
    seen = [stored.id for stored in page.matches]
    while page.next:
        page = await clinic.store.search(clinic, parse_query("Patient", [*asked, ("_cursor", page.next)]))
        seen += [stored.id for stored in page.matches]

    assert seen == ["p1", "p2", "p4"]


@pytest.mark.parametrize(
    "text",
    [
        "name", "name co", "co x", "name xx y", "name EQ y", "(name co x", "name co x)", "name co x and", "and name co x", "not name co x",
        'name co "x', 'name co ""', "birthdate gt yesterday", "birthdate pr maybe", "name co x gender eq male", "()",
        "(" * 30 + "name co x" + ")" * 30, " or ".join(["name co x"] * 200), 'name co "\\q"',
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_query("Patient", [("_filter", text)])
    assert refused.value.issues[0].expression == "http._filter"


@pytest.mark.parametrize(
    "text", ["nmae co x", "patient.name co x", "gender co mal", "birthdate co 19", "name gt a", "general-practitioner.nmae eq x",
             "contact[relationship eq N].name co x", "name re Patient/1"],
)  # fmt: skip
def test_what_a_filter_cannot_compare_is_refused_by_name(text: str) -> None:
    with pytest.raises(Unsupported) as refused:
        parse_query("Patient", [("_filter", text)])
    assert refused.value.issues[0].expression == "http._filter"


async def test_a_filter_looks_at_no_other_tenant_and_no_type_one_may_not_read(
    clinic: Context, other: Context, running: TestProcess
) -> None:
    await put(other, patient("px", "Lonely"))
    clerk = running.context(running.database.alpha, CLERK)

    for text in ("name co smith", "_has:Observation:patient:code eq 718-7", "family ne lonely", "identifier ne urn:mrn|2"):
        found = await other.store.search(other, parse_query("Patient", [("_filter", text)]))
        assert found.matches == [], text
    page = await clerk.store.search(clerk, parse_query("Patient", [("_filter", "_has:Observation:patient:code eq 718-7 or name co stone")]))
    assert [stored.id for stored in page.matches] == ["p4"]
    assert page.notes


async def test_a_list_finds_the_records_it_names(clinic: Context, other: Context, running: TestProcess) -> None:
    entries = [{"item": {"reference": name}} for name in ("Patient/p1", "Patient/p4", "Observation/o2", "Patient/nobody")]
    await put(clinic, {"resourceType": "List", "id": "l", "status": "current", "mode": "working", "entry": entries})
    await put(
        clinic,
        {"resourceType": "List", "id": "m", "status": "current", "mode": "working", "entry": [{"item": {"reference": "Patient/p2"}}]},
    )
    await put(other, patient("p1", "Theirs"))

    assert sorted(await ids(clinic, "Patient?_list=l")) == ["p1", "p4"]
    assert sorted(await ids(clinic, "Patient?_list=List/l,m")) == ["p1", "p2", "p4"]
    assert await ids(clinic, "Patient?_list=l&name=stone") == ["p4"]
    assert await ids(clinic, "Observation?_list=l") == ["o2"]
    assert await ids(clinic, "Observation?_list=l&patient=p2") == ["o2"]
    assert (await search(clinic, "Patient?_list=l&_total=accurate&_count=1")).total == 2
    assert await ids(clinic, "Patient?_list=nothing") == []
    assert await ids(other, "Patient?_list=l") == []
    assert await ids(running.context(running.database.alpha, CLERK), "Patient?_list=l") == []


def test_functional_lists_are_refused_by_name() -> None:
    with pytest.raises(Unsupported, match="functional"):
        parse_query("AllergyIntolerance", [("_list", "$current-allergies")])
