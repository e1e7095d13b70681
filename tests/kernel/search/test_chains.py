"""Chained parameters and `_has`: through any reference, in any schema, as deep as is allowed, and never through what one may not read."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
from tests.kernel.search.conftest import ids, observation, patient, put, search

from osler.platform.context import Actor, Context
from osler.platform.errors import Malformed, Unsupported
from osler.platform.fhir import TYPES, search_parameters
from osler.platform.store.search import parse_query
from osler.platform.testing.contexts import TestProcess

FRONT_DESK = Actor("user/00000000-0000-0000-0000-000000000002", "user", frozenset({"front.desk"}))


def ref(target: str) -> dict[str, str]:
    return {"reference": target}


def practitioner(id: str, family: str, **more: Any) -> dict[str, Any]:  # noqa: A002
    return {"resourceType": "Practitioner", "id": id, "name": [{"family": family}], **more}


def encounter(id: str, patient: str, kind: str = "AMB", **more: Any) -> dict[str, Any]:  # noqa: A002
    return {
        "resourceType": "Encounter", "id": id, "status": "finished", "class": {"system": "urn:act", "code": kind},
        "subject": ref(f"Patient/{patient}"), **more,
    }  # fmt: skip


@pytest.fixture
async def ward(ctx: Context) -> Context:
    """Two doctors of two hospitals, three patients, their stays and readings."""
    await put(
        ctx,
        {"resourceType": "Organization", "id": "general", "name": "General Hospital"},
        {"resourceType": "Organization", "id": "city", "name": "City Clinic", "partOf": ref("Organization/general")},
        practitioner("d1", "House", identifier=[{"system": "urn:npi", "value": "1"}], gender="male"),
        practitioner("d2", "Grey", identifier=[{"system": "urn:npi", "value": "2"}], gender="female"),
        {"resourceType": "Group", "id": "g", "type": "person", "actual": True, "identifier": [{"value": "mrn-1"}]},
        patient("p1", "Smith", gender="male", birthDate="1950-01-01", identifier=[{"system": "urn:mrn", "value": "mrn-1"}],
                generalPractitioner=[ref("Practitioner/d1")], managingOrganization=ref("Organization/city")),
        patient("p2", "Smythe", gender="female", birthDate="1980-01-01", identifier=[{"system": "urn:mrn", "value": "mrn-2"}],
                generalPractitioner=[ref("Practitioner/d2"), ref("Organization/city")]),
        patient("p3", "Jones", gender="female", generalPractitioner=[ref("Organization/general")]),
        encounter("e1", "p1", participant=[{"individual": ref("Practitioner/d1")}]),
        encounter("e2", "p2", "IMP", participant=[{"individual": ref("Practitioner/d2")}, {"individual": ref("Practitioner/d1")}]),
        encounter("e3", "p3", "IMP"),
        observation("o1", "p1", "8480-6", "2020-01-01", encounter=ref("Encounter/e1"), performer=[ref("Practitioner/d1")],
                    valueQuantity={"value": 120}),
        observation("o2", "p1", "718-7", "2020-01-02", encounter=ref("Encounter/e1/_history/1")),
        observation("o3", "p2", "8480-6", "2020-01-03", encounter=ref("Encounter/e2"), performer=[ref("Organization/city")],
                    valueQuantity={"value": 180}),
        observation("o4", "p3", "718-7", "2020-01-04", encounter=ref("Encounter/e3"), performer=[ref("Patient/p3")]),
        observation("o5", subject=ref("Group/g"), code="8480-6"),
        {"resourceType": "Provenance", "id": "v1", "recorded": "2020-01-01T00:00:00Z", "target": [ref("Observation/o1")],
         "agent": [{"who": ref("Practitioner/d2")}]},
    )  # fmt: skip
    return ctx


CHAINS = {
    "Observation?subject:Patient.name=smi": "o1 o2",
    "Observation?subject:Patient.name=sm": "o1 o2 o3",
    "Observation?patient.name=smythe": "o3",
    "Observation?patient.name:exact=Smythe": "o3",
    "Observation?patient.name:exact=smythe": "",
    "Observation?patient.name:contains=one": "o4",
    "Observation?patient.gender=female": "o3 o4",
    "Observation?patient.gender:not=female": "o1 o2",
    "Observation?patient.birthdate=lt1960": "o1 o2",
    "Observation?patient.birthdate:missing=true": "o4",
    "Observation?patient._id=p1,p3": "o1 o2 o4",
    "Observation?patient.identifier=urn:mrn|mrn-2": "o3",
    "Observation?patient._lastUpdated=gt2000": "o1 o2 o3 o4",
    "Observation?subject.identifier=mrn-1": "o1 o2 o5",
    "Observation?subject:Group.identifier=mrn-1": "o5",
    "Observation?code=8480-6&patient.name=smi": "o1",
    "Observation?code=8480-6&subject:Patient.gender=female": "o3",
    "Observation?patient=p1&patient.name=smi": "o1 o2",
    "Observation?patient=p1&patient.name=jones": "",
    "Observation?patient.name=smi,jones": "o1 o2 o4",
    "Observation?patient.name=sm&patient.gender=female": "o3",
    "Observation?encounter.class=AMB": "o1 o2",
    "Observation?encounter.class=IMP": "o3 o4",
    "Observation?encounter._id=e1": "o1 o2",
    "Observation?encounter:Encounter.participant:Practitioner.name=house": "o1 o2 o3",
    "Observation?encounter.participant.identifier=urn:npi|2": "o3",
    "Observation?encounter.patient.general-practitioner.name=house": "o1 o2",
    "Observation?performer.name=city": "o3",
    "Observation?performer:Patient.name=jones": "o4",
    "Observation?performer.name=house,city,jones": "o1 o3 o4",
    "Patient?general-practitioner.name=city": "p2",
    "Patient?general-practitioner:Organization.partof.name=general": "p2",
    "Observation?patient.organization:Organization.partof.name=general": "o1 o2",
    "Observation?encounter.patient.organization.partof.name=general": "o1 o2",
    "Provenance?target:Observation.patient.general-practitioner:Practitioner.identifier=1": "v1",
    "Observation?patient._has:Encounter:patient:class=IMP": "o3 o4",
    "Observation?encounter._has:Observation:encounter:code=718-7": "o1 o2 o4",
    "Observation?_sort=-date&patient.gender=female": "o4 o3",
    "Patient?_has:Observation:patient:code=8480-6": "p1 p2",
    "Patient?_has:Observation:subject:code=8480-6": "p1 p2",
    "Patient?_has:Observation:patient:code=http://loinc.org|": "p1 p2 p3",
    "Patient?_has:Observation:patient:value-quantity=gt150": "p2",
    "Patient?_has:Observation:patient:date=2020-01-04": "p3",
    "Patient?_has:Observation:patient:code:not=8480-6": "p1 p3",
    "Patient?_has:Observation:patient:_id=o1,o4": "p1 p3",
    "Patient?_has:Observation:performer:code=718-7": "p3",
    "Patient?_has:Observation:patient:code=8480-6&_has:Observation:patient:code=718-7": "p1",
    "Patient?_has:Observation:patient:code=8480-6,718-7": "p1 p2 p3",
    "Patient?name=smi&_has:Observation:patient:code=8480-6": "p1",
    "Patient?_has:Observation:patient:encounter.class=IMP": "p2 p3",
    "Patient?_has:Observation:patient:performer:Practitioner.name=house": "p1",
    "Patient?_has:Observation:patient:_has:Provenance:target:agent.identifier=2": "p1",
    "Practitioner?_has:Encounter:participant:class=IMP": "d1 d2",
    "Practitioner?_has:Encounter:participant:patient.name=smith": "d1",
    "Practitioner?_has:Patient:general-practitioner:gender=female": "d2",
    "Practitioner?_has:Patient:general-practitioner:_has:Observation:patient:code=718-7": "d1",
    "Encounter?_has:Observation:encounter:code=718-7": "e1 e3",
    "Encounter?_has:Observation:encounter:code=718-7&class=IMP": "e3",
    "Organization?_has:Organization:partof:name=city": "general",
    "Group?_has:Observation:subject:code=8480-6": "g",
}  # fmt: skip


async def test_every_kind_of_chain_finds_what_it_leads_to(ward: Context) -> None:
    found = {text: sorted(await ids(ward, text)) for text in CHAINS}

    assert found == {text: sorted(expected.split()) for text, expected in CHAINS.items()}


async def test_totals_and_pages_of_chains_agree(ward: Context) -> None:
    for text, expected in CHAINS.items():
        page = await search(ward, f"{text}&_count=1&_total=accurate")
        assert page.total == len(expected.split()), text
        seen = [stored.id for stored in page.matches]
        while page.next:
            page = await search(ward, f"{text}&_count=1&_cursor={page.next}")
            seen += [stored.id for stored in page.matches]
        assert sorted(seen) == sorted(expected.split()), text


async def test_a_chain_leads_to_nothing_of_another_tenant(ward: Context, other: Context) -> None:
    await put(other, observation("o1", "p1", encounter=ref("Encounter/e1"), performer=[ref("Practitioner/d1")]), patient("p2", "Alone"))

    for text in CHAINS:
        assert not set(await ids(other, text)) & {"p1", "p3", "d1", "d2", "e1", "e2", "e3", "g", "o2", "o3", "o4", "o5"}, text
    assert await ids(other, "Observation?patient.name=smi") == []
    assert await ids(other, "Observation?performer.name=house") == []
    assert await ids(other, "Patient?_has:Observation:patient:encounter.class=AMB") == []


async def test_a_type_one_may_not_read_answers_nothing_whatever_it_holds(ward: Context, running: TestProcess) -> None:
    clerk = running.context(running.database.alpha, FRONT_DESK)

    assert sorted(await ids(clerk, "Patient?name=sm")) == ["p1", "p2"]
    for text in (
        "Patient?_has:Observation:patient:code=8480-6",
        "Patient?_has:Observation:patient:code:not=8480-6",
        "Patient?_has:Observation:patient:code:missing=true",
        "Patient?_has:Encounter:patient:class=AMB",
        "Patient?general-practitioner.name=house&_has:Observation:patient:_id=o1",
        "Appointment?actor:Patient._has:Observation:patient:code=8480-6",
        "Practitioner?_has:Encounter:participant:class=IMP",
        "Practitioner?_has:Patient:general-practitioner:_has:Observation:patient:code=718-7",
    ):
        page = await search(clerk, f"{text}&_total=accurate")
        assert (page.matches, page.total) == ([], 0), text
        assert any("role" in note for note in page.notes), text
    assert await ids(clerk, "Patient?general-practitioner.name=house") == ["p1"]


async def test_a_deleted_end_leads_nowhere(ward: Context) -> None:
    await ward.store.delete(ward, "Patient", "p1")
    await ward.store.delete(ward, "Encounter", "e2")

    assert await ids(ward, "Observation?patient.name=smi") == []
    assert await ids(ward, "Observation?patient._id=p1") == []
    assert await ids(ward, "Observation?encounter.class=IMP") == ["o4"]
    assert sorted(await ids(ward, "Patient?_has:Encounter:patient:class=IMP")) == ["p3"]


async def test_a_canonical_leads_to_the_definition_with_that_url(ctx: Context) -> None:
    form = {"resourceType": "Questionnaire", "status": "active"}
    await put(
        ctx,
        {**form, "id": "q1", "url": "http://forms/phq9", "version": "1", "title": "Mood"},
        {**form, "id": "q2", "url": "http://forms/gad7", "title": "Worry"},
        {"resourceType": "QuestionnaireResponse", "id": "r1", "status": "completed", "questionnaire": "http://forms/phq9|1"},
        {"resourceType": "QuestionnaireResponse", "id": "r2", "status": "in-progress", "questionnaire": "http://forms/gad7"},
    )

    assert await ids(ctx, "QuestionnaireResponse?questionnaire.title=mood") == ["r1"]
    assert await ids(ctx, "QuestionnaireResponse?questionnaire:Questionnaire._id=q2") == ["r2"]
    assert await ids(ctx, "Questionnaire?_has:QuestionnaireResponse:questionnaire:status=completed") == ["q1"]


REFUSED = {
    "Observation?patient.nmae=x": "nmae",
    "Observation?patient.name:fuzzy=x": "name:fuzzy",
    "Observation?code.name=x": "code",
    "Observation?subject:Practitioner.name=x": "subject:Practitioner",
    "Observation?subject:Nothing.name=x": "subject:Nothing",
    "Observation?subject.nothing=x": "nothing",
    "Observation?patient.general-practitioner.nmae=x": "nmae",
    "Patient?_has:Observation:patient:coed=x": "coed",
    "Patient?_has:Observation:encounter:code=x": "encounter",
    "Patient?_has:Nothing:patient:code=x": "_has",
    "Patient?_has:Observation:nothing:code=x": "nothing",
    "Provenance?target.status=final": "target",
    "Organization?partof.partof.partof.partof.partof.partof.name=x": "5",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_no_chain_can_follow_is_refused_by_name(text: str) -> None:
    kind, _, rest = text.partition("?")
    name, _, value = rest.partition("=")

    with pytest.raises(Unsupported, match=REFUSED[text]):
        parse_query(kind, [(name, value)])
    assert parse_query(kind, [(name, value)], lenient=True).ignored == (name,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patient.birthdate", "yesterday"),
        ("patient.name", ""),
        ("_has:Observation:patient", "x"),
        ("_has:Observation:patient:date", "x"),
        ("subject.birthdate", "no-date"),
    ],
)
def test_values_inside_chains_are_checked(name: str, value: str) -> None:
    with pytest.raises(Malformed):
        parse_query("Observation" if "subject" in name or "." in name else "Patient", [(name, value)])


@pytest.mark.parametrize(
    "text",
    [
        "ActivityDefinition?derived-from.based-on.based-on.based-on.based-on._id=x",
        "Basic?subject.subject.subject.subject.subject._id=x",
        "Provenance?target.based-on.subject._id=x",
        "Provenance?target._id=x",
    ],
)
def test_a_chain_that_branches_without_end_is_refused_at_once(text: str) -> None:
    kind, _, rest = text.partition("?")
    name, _, value = rest.partition("=")
    for every in TYPES:
        search_parameters(every)
    started = process_time()

    with pytest.raises(Unsupported, match="name one"):
        parse_query(kind, [(name, value)])
    assert process_time() - started < 1
    with pytest.raises(Unsupported) as refused:
        parse_query("Observation", [("_filter", " or ".join(["subject.identifier eq x"] * 99))])
    assert refused.value.issues[0].code == "too-costly"


def test_five_steps_are_followed() -> None:
    assert parse_query("Organization", [("partof.partof.partof.partof.partof.name", "x")]).conditions


async def test_has_finds_only_the_type_searched_though_others_are_pointed_at(ctx: Context) -> None:
    account = {"resourceType": "Account", "id": "same", "status": "active"}
    definition = {"resourceType": "ChargeItemDefinition", "id": "other", "status": "draft", "url": "http://x.example/1"}
    composition = {
        "resourceType": "Composition",
        "id": "c",
        "status": "final",
        "type": {"text": "note"},
        "date": "2020-01-01",
        "author": [{"reference": "Practitioner/d"}],
        "title": "Smith",
        "subject": {"reference": "Account/same"},
    }
    await put(ctx, account, definition, composition)

    assert await ids(ctx, "Account?_has:Composition:subject:title=Smith") == ["same"]
    assert await ids(ctx, "ChargeItemDefinition?_has:Composition:subject:title=Smith") == []
