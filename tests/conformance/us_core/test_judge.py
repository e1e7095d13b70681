"""The judge itself: it sees what is wrong, so that its silence means something."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from osler.platform.validation import validate
from tests.conformance.us_core import parameters
from tests.conformance.us_core.conftest import PATIENTS
from tests.conformance.us_core.elements import found
from tests.conformance.us_core.replay import Replay
from tests.conformance.us_core.table import GROUPS, OF_PATIENTS

Json = dict[str, Any]
Fault = Callable[[Json, str], Json]
GOAL = next(group for group in OF_PATIENTS if group.name == "goal")
MET = {
    "resourceType": "Goal",
    "id": "one",
    "meta": {"profile": [GOAL.profile], "versionId": "1", "lastUpdated": "2026-01-05T10:00:00Z"},
    "lifecycleStatus": "active",
    "description": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}], "text": "A1c below 7"},
    "subject": {"reference": "Patient/complete-woman"},
    "target": [{"dueDate": "2026-05-21"}],
}
PROVENANCE = {"resourceType": "Provenance", "id": "p", "target": [{"reference": "Goal/one"}]}


def bundle(*entries: tuple[str, Json]) -> Json:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one, "search": {"mode": mode}} for mode, one in entries]}


def answers(request: httpx.Request) -> Json:
    """A server that has one goal, and looks at the patient only."""
    asked = {**httpx.QueryParams(request.url.query.decode()), **httpx.QueryParams(request.content.decode())}
    if "patient" not in asked:
        return MET
    if not asked["patient"].endswith("complete-woman"):
        return bundle()
    extra = [("include", PROVENANCE)] if "_revinclude" in asked else []
    return bundle(("match", MET), *extra)


async def judged(respond: Callable[[httpx.Request], Json]) -> set[str]:
    """The steps of the sequence for Goal that a server fails which answers like this."""

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=respond(request))

    async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
        replay = Replay(http, "http://server/fhir", PATIENTS)
        await replay.group(GOAL)
        return {step for (_, step), words in replay.failures.items() if words}


def plus(mode: str, resource: Json) -> Fault:
    """One entry too many."""
    return lambda said, asked: {**said, "entry": [*said["entry"], {"resource": resource, "search": {"mode": mode}}]}


def silent_when(text: str) -> Fault:
    """Nothing is found when this is asked."""
    return lambda said, asked: bundle() if text in asked else said


FAULTS: dict[str, tuple[Fault, str]] = {
    "a stranger's record": (plus("match", MET | {"id": "x", "subject": {"reference": "Patient/other"}}), "patient"),
    "a record nobody asked for": (plus("include", PROVENANCE), "patient"),
    "POST finds nothing": (silent_when("_search"), "patient"),
    "Patient/ID finds nothing": (silent_when("Patient%2F"), "patient"),
    "dates find nothing": (silent_when("target-date"), "patient+target-date"),
    "lt finds nothing": (silent_when("target-date=lt"), "patient+target-date"),
    "no Provenance": (lambda said, asked: bundle(("match", MET)), "revinclude"),
}


async def test_a_server_that_answers_as_it_should_passes() -> None:
    assert await judged(answers) == set()


@pytest.mark.parametrize("name", FAULTS)
async def test_a_server_with_a_fault_does_not_pass(name: str) -> None:
    fault, step = FAULTS[name]

    def respond(request: httpx.Request) -> Json:
        said = answers(request)
        return fault(said, f"{request.url} {request.content.decode()}") if said.get("entry") else said

    assert step in await judged(respond)


async def test_a_search_without_a_value_to_search_for_has_failed() -> None:
    without = {name: value for name, value in MET.items() if name != "target"}

    def respond(request: httpx.Request) -> Json:
        return dict(json.loads(json.dumps(answers(request)).replace(json.dumps(MET), json.dumps(without))))

    assert "patient+target-date" in await judged(respond)


def test_the_checker_reads_searches_as_the_specification_has_them() -> None:
    person = {"resourceType": "Patient", "name": [{"family": "Çelik", "given": ["Åsa"]}], "gender": "female", "birthDate": "1987-05"}
    visit = {"resourceType": "Encounter", "period": {"start": "2026-03-01T10:00:00-07:00"}, "class": {"system": "s", "code": "AMB"}}

    said = {
        ("name", "åS"): True,
        ("name", "sa"): False,
        ("gender", "FEMALE"): True,
        ("birthdate", "1987"): True,
        ("birthdate", "1987-05-01"): False,
        ("birthdate", "gt1987-04-30"): True,
        ("birthdate", "lt1987-05-01"): False,
        ("birthdate", "le1987-05"): True,
    }
    assert {pair: parameters.matches(person, *pair, "") for pair in said} == said
    assert parameters.matches(visit, "date", "gt2027-01-01", "")
    assert not parameters.matches(visit, "date", "lt2026-03-01T17:00:00Z", "")
    assert parameters.matches(visit, "class", "s|amb", "")
    assert not parameters.matches(visit, "class", "t|AMB", "")
    assert parameters.split("a\\,b,c") == ["a,b", "c"]


def test_paths_reach_what_they_name_and_nothing_else() -> None:
    node = {"name": [{"use": "old", "family": "A"}, {"use": "official", "family": "B"}], "active": False}

    assert found(node, "name{use=old}.family") == ["A"]
    assert found(node, "name.given") == []
    assert found(node, "active") == [False]


def test_the_table_is_whole() -> None:
    assert len({group.name for group in GROUPS}) == 51
    assert sum(group.type == "Observation" for group in GROUPS) == 24


def test_the_validator_holds_a_resource_to_the_profile_it_claims() -> None:
    broken = {name: value for name, value in MET.items() if name != "description"}

    def faults(resource: Json) -> list[str]:
        return [issue.severity for issue in validate(json.dumps(resource).encode(), profiles=(GOAL.profile,)) if issue.severity == "error"]

    assert faults(MET) == []
    assert faults(broken)
