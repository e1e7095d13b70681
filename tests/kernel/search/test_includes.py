"""What comes with the matches: by every kind of reference, step by step, each record once, and none that may not be seen."""

from __future__ import annotations

from typing import Any

import pytest
from tests.kernel.search.conftest import observation, patient, put

from osler.platform.context import Actor, Context
from osler.platform.errors import Malformed, Unsupported
from osler.platform.store.search import includes, parse_query, parse_types, run
from osler.platform.testing.contexts import TestProcess

BASE = "http://osler.example/alpha/fhir"
FRONT_DESK = Actor("user/00000000-0000-0000-0000-000000000002", "user", frozenset({"front.desk"}))


def ref(target: str) -> dict[str, str]:
    return {"reference": target}


def organization(id: str, part_of: str = "", **more: Any) -> dict[str, Any]:  # noqa: A002
    upper = {"partOf": ref(f"Organization/{part_of}")} if part_of else {}
    return {"resourceType": "Organization", "id": id, "name": id, **upper, **more}


async def found(ctx: Context, text: str) -> list[str]:
    """The included records, each with its type; every one of them once and none a match."""
    kind, _, rest = text.partition("?")
    params = [(name, value) for name, _, value in (pair.partition("=") for pair in rest.split("&"))]
    page = await ctx.store.search(ctx, parse_query(kind, params, base=BASE))
    names = [f"{stored.type}/{stored.id}" for stored in page.included]
    assert len(names) == len(set(names)), text
    assert not set(names) & {f"{stored.type}/{stored.id}" for stored in page.matches}, text
    return sorted(names)


@pytest.fixture
async def hospital(ctx: Context) -> Context:
    await put(
        ctx,
        organization("top"),
        organization("middle", "top"),
        organization("ward", "middle"),
        organization("circle-a", "circle-b"),
        organization("circle-b", "circle-a"),
        {"resourceType": "Practitioner", "id": "d", "name": [{"family": "House"}]},
        {"resourceType": "Device", "id": "cuff"},
        patient("p", managingOrganization=ref("Organization/ward"), generalPractitioner=[ref("Practitioner/d"), ref("Organization/top")]),
        observation("parent", "p", performer=[ref("Practitioner/d")], device=ref("Device/cuff"), hasMember=[ref("Observation/child")]),
        observation("child", "p", derivedFrom=[ref("Observation/grandchild/_history/1")]),
        observation("grandchild", "p", performer=[ref(f"{BASE}/Practitioner/d")]),
        observation("contained", "p", contained=[{"resourceType": "Practitioner", "id": "inner"}], performer=[ref("#inner")]),
        {"resourceType": "Provenance", "id": "v", "recorded": "2020-01-01T00:00:00Z", "target": [ref("Observation/parent")],
         "agent": [{"who": ref("Practitioner/d")}]},
        {"resourceType": "Questionnaire", "id": "q", "status": "active", "url": "http://forms/phq9"},
        {"resourceType": "QuestionnaireResponse", "id": "r", "status": "completed", "questionnaire": "http://forms/phq9|2"},
    )  # fmt: skip
    return ctx


INCLUDED = {
    "Observation?_id=parent&_include=Observation:patient": "Patient/p",
    "Observation?_id=parent&_include=Observation:subject:Patient": "Patient/p",
    "Observation?_id=parent&_include=Observation:subject:Group": "",
    "Observation?_id=parent&_include=Observation:performer": "Practitioner/d",
    "Observation?_id=parent&_include=Observation:performer:Patient": "",
    "Observation?_id=parent&_include=*": "Device/cuff Observation/child Patient/p Practitioner/d",
    "Observation?_id=parent&_include=Observation:*": "Device/cuff Observation/child Patient/p Practitioner/d",
    "Observation?_id=parent,child&_include=Observation:has-member": "",
    "Observation?_id=parent&_include=Observation:has-member": "Observation/child",
    "Observation?_id=child&_include=Observation:derived-from": "Observation/grandchild",
    "Observation?_id=grandchild&_include=Observation:performer": "Practitioner/d",
    "Observation?_id=contained&_include=Observation:performer": "",
    "Observation?_id=parent&_include=Observation:patient&_include:iterate=Patient:organization": "Organization/ward Patient/p",
    "Observation?_id=parent&_include=Observation:patient&_include:recurse=Patient:organization": "Organization/ward Patient/p",
    "Observation?_id=parent&_include=Observation:patient&_include:iterate=Patient:organization&_include:iterate=Organization:partof":
        "Organization/middle Organization/top Organization/ward Patient/p",
    "Organization?_id=ward&_include=Organization:partof": "Organization/middle",
    "Organization?_id=ward&_include:iterate=Organization:partof": "Organization/middle Organization/top",
    "Organization?_id=circle-a&_include:iterate=Organization:partof": "Organization/circle-b",
    "Organization?_id=top&_revinclude=Organization:partof": "Organization/middle",
    "Organization?_id=top&_revinclude:iterate=Organization:partof": "Organization/middle Organization/ward",
    "Organization?_id=circle-a&_revinclude:iterate=Organization:partof": "Organization/circle-b",
    "Observation?_id=parent&_include:iterate=Observation:has-member&_include:iterate=Observation:derived-from":
        "Observation/child Observation/grandchild",
    "Observation?_id=parent&_revinclude=Provenance:target": "Provenance/v",
    "Observation?_id=parent&_revinclude=Provenance:target:Observation": "Provenance/v",
    "Observation?_id=parent&_revinclude=Provenance:target:Patient": "",
    "Observation?_id=parent&_revinclude=Provenance:target&_include:iterate=Provenance:agent": "Practitioner/d Provenance/v",
    "Observation?_id=parent&_revinclude=Provenance:*": "Provenance/v",
    "Observation?_id=parent&_revinclude=*": "Provenance/v",
    "Patient?_id=p&_revinclude=Observation:patient&_revinclude:iterate=Provenance:target":
        "Observation/child Observation/contained Observation/grandchild Observation/parent Provenance/v",
    "Practitioner?_id=d&_revinclude=*": "Observation/parent Patient/p Provenance/v",
    "QuestionnaireResponse?_id=r&_include=QuestionnaireResponse:questionnaire": "Questionnaire/q",
    "Questionnaire?_id=q&_revinclude=QuestionnaireResponse:questionnaire": "QuestionnaireResponse/r",
}  # fmt: skip


async def test_every_kind_of_include(hospital: Context) -> None:
    wanted = {text: names.split() for text, names in INCLUDED.items()}

    assert {text: await found(hospital, text) for text in wanted} == wanted


async def test_includes_of_several_types_start_from_each(hospital: Context) -> None:
    asked = [("_id", "parent,ward"), ("_include", "Observation:performer"), ("_include", "Organization:partof")]
    page = await hospital.store.search(hospital, parse_types(["Observation", "Organization"], asked))

    assert sorted(stored.id for stored in page.matches) == ["parent", "ward"]
    assert sorted(stored.id for stored in page.included) == ["d", "middle"]


async def test_no_step_leads_to_what_may_not_be_seen(hospital: Context, running: TestProcess, other: Context) -> None:
    clerk = running.context(running.database.alpha, FRONT_DESK)
    await put(other, organization("ward", "top"))

    assert await found(clerk, "Patient?_id=p&_revinclude=Observation:patient&_revinclude:iterate=Provenance:target&_revinclude=*") == []
    assert await found(clerk, "Patient?_id=p&_include=*&_include:iterate=Organization:partof") == [
        "Organization/middle", "Organization/top", "Organization/ward", "Practitioner/d",
    ]  # fmt: skip
    assert await found(other, "Organization?_id=ward&_include:iterate=Organization:partof&_revinclude=*") == []


async def test_what_is_cut_off_is_said(hospital: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(includes, "MOST_INCLUDED", 2)
    monkeypatch.setattr(run, "MOST_INCLUDED", 2)
    page = await hospital.store.search(hospital, parse_query("Patient", [("_id", "p"), ("_revinclude", "Observation:patient")]))
    assert len(page.included) == 2
    assert any("left out" in note for note in page.notes)

    monkeypatch.setattr(run, "MOST_STEPS", 1)
    chain = [("_id", "top"), ("_revinclude:iterate", "Organization:partof")]
    await put(hospital, organization("bed", "ward"))
    page = await hospital.store.search(hospital, parse_query("Organization", chain))
    assert [stored.id for stored in page.included] == ["middle", "ward"]
    assert any("steps" in note for note in page.notes)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_include", "Nothing:patient"), ("_include", "Observation:nothing"), ("_include", "Observation:code"), ("_include", "Observation"),
        ("_include", "Patient:organization"), ("_include", "Observation:subject:Nothing"), ("_include:all", "*"), ("_revinclude:x", "*"),
        ("_include:iterate", "Patient:nothing"), ("_revinclude", "Provenance"),
    ],
)  # fmt: skip
def test_an_include_that_cannot_be_followed_is_refused(name: str, value: str) -> None:
    with pytest.raises((Malformed, Unsupported), match=name.partition(":")[0]):
        parse_query("Observation", [(name, value)])
