"""The judge of US Core 7.0.0: the certification kit's sequence over the demo clinic, all 51 profiles, nothing skipped."""

from __future__ import annotations

import json

import pytest

from osler.platform.validation import Options, validate
from tests.conformance.us_core.elements import found, walk
from tests.conformance.us_core.must_support import MUST_SUPPORT, TARGETS
from tests.conformance.us_core.replay import Json, Replay
from tests.conformance.us_core.table import CORE, GROUPS, NOTES, REPORT_KINDS, SCREENINGS, Group

R4_AND_US_CORE_DIFFER = Options(observations=False)
"""R4's vital signs allow no L/min in a component, US Core's pulse oximetry demands it: the profile that is claimed decides."""
by_name = pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
PROFILES = {group.name: group.profile for group in GROUPS}


def passed(replay: Replay, group: Group, search: str) -> bool:
    return (group.name, search) in replay.asked and not replay.failures.get((group.name, search))


def missing(replay: Replay, group: Group) -> list[str]:
    """The must-support elements of a profile that no resource of the pool has."""
    pool = list(replay.pools[group.name].values())
    return [line for line in MUST_SUPPORT[group.name] if not any(found(one, path.strip()) for path in line.split(" / ") for one in pool)]


def unresolved(replay: Replay, group: Group) -> list[str]:
    """The must-support references of which no target could be read that conforms to the profile asked for."""
    lost: list[str] = []
    for path, wanted in TARGETS.get(group.name, {}).items():
        names = {one["reference"] for resource in replay.pools[group.name].values() for one in found(resource, path)}
        read = [target for name in names if (target := replay.targets.get(name)) is not None]
        if len(read) != len(names):
            lost.append(f"{path}: {len(names) - len(read)} targets cannot be read")
        claimed = {profile for target in read for profile in target["meta"]["profile"]}
        lost += [f"{path} -> {line}" for line in wanted if not claimed & {PROFILES[name] for name in line.split(" / ")}]
    return lost


def nonconformant(replay: Replay, group: Group) -> list[str]:
    """What our validator finds wrong with the resources of the pool as instances of the profile."""
    return [
        f"{name}: {issue.expression} {issue.diagnostics}"
        for name, resource in replay.pools[group.name].items()
        for issue in validate(json.dumps(resource).encode(), profiles=(group.profile,), options=R4_AND_US_CORE_DIFFER)
        if issue.severity in ("error", "fatal")
    ]


@pytest.fixture(scope="module")
def wrong(replay: Replay) -> dict[str, list[str]]:
    """Group -> everything that is wrong with it."""
    found: dict[str, list[str]] = {}
    for group in GROUPS:
        said = [f"{step}: {line}" for (name, step), lines in replay.failures.items() if name == group.name for line in lines]
        said += [f"no must-support {line}" for line in missing(replay, group)]
        found[group.name] = [*said, *unresolved(replay, group), *nonconformant(replay, group)]
    return found


@by_name
async def test_the_sequence_of_a_profile(wrong: dict[str, list[str]], group: Group) -> None:
    assert wrong[group.name] == []


async def test_every_search_of_the_capability_statement_is_answered(replay: Replay, wrong: dict[str, list[str]], judge) -> None:
    shall = [passed(replay, group, search) for group in GROUPS for search in group.shall]
    should = [passed(replay, group, search) for group in GROUPS for search in group.should]
    whole = [not wrong[group.name] for group in GROUPS]

    judge("US Core 7.0.0, searches a server SHALL answer", sum(shall), len(shall))
    judge("US Core 7.0.0, searches a server SHOULD answer", sum(should), len(should))
    judge("US Core 7.0.0, profiles in sequence", sum(whole), len(whole))
    assert (len(shall), len(should), len(whole)) == (126, 140, 51)
    assert all(shall)
    assert all(should)
    assert all(whole)
    assert {(group.name, f"include {include}") for group in GROUPS for include in group.includes} <= replay.asked


async def test_every_kind_of_clinical_note_is_there_and_what_hangs_on_a_report_is_filed_as_a_document(replay: Replay) -> None:
    documents = replay.pools["documentreference"].values()
    reports = replay.pools["diagnosticreport-note"].values()
    kinds = {code for one in documents for code in found(one, "type.coding.code")}
    sections = {code for one in reports for code in found(one, "category.coding.code")}
    attached = {url for one in reports for url in found(one, "presentedForm.url")}
    filed = {url for one in documents for url in found(one, "content.attachment.url")}

    assert set(NOTES) <= kinds
    assert set(REPORT_KINDS) <= sections
    assert attached
    assert attached <= filed


async def test_every_kind_of_screening_is_there(replay: Replay) -> None:
    screened = {
        code
        for one in replay.pools["observation-screening-assessment"].values()
        if "survey" in found(one, "category.coding.code")
        for code in found(one, "category.coding.code")
    }
    social: list[Json] = [
        one for one in replay.pools["condition-problems-health-concerns"].values() if "sdoh" in found(one, "category.coding.code")
    ]

    assert set(SCREENINGS) <= screened
    assert social


async def test_what_is_missing_is_said_by_extension_and_by_code(replay: Replay) -> None:
    nodes = [node for pool in replay.pools.values() for one in pool.values() for node in walk(one)]

    assert any(
        node.get("url") == "http://hl7.org/fhir/StructureDefinition/data-absent-reason" and node.get("valueCode") == "unknown"
        for node in nodes
    )
    assert any(
        node.get("system") == "http://terminology.hl7.org/CodeSystem/data-absent-reason" and node.get("code") == "unknown" for node in nodes
    )


async def test_the_capability_statement_claims_every_profile(replay: Replay) -> None:
    answer = await replay.http.get(f"{replay.base}/metadata", headers={"authorization": ""})
    statement = answer.json()
    claimed = {one.partition("|")[0] for resource in statement["rest"][0]["resource"] for one in resource.get("supportedProfile", [])}

    assert statement["fhirVersion"] == "4.0.1"
    assert "json" in statement["format"]
    assert "http://hl7.org/fhir/us/core/CapabilityStatement/us-core-server" in {one.partition("|")[0] for one in statement["instantiates"]}
    assert {group.profile for group in GROUPS} <= claimed
    assert all(one.startswith(CORE) for one in claimed)


async def test_nobody_is_answered_without_a_token(replay: Replay) -> None:
    for path in ("Patient/complete-woman", "Patient?_id=complete-woman", "Observation?patient=complete-woman&category=laboratory"):
        answer = await replay.http.get(f"{replay.base}/{path}", headers={"authorization": ""})
        assert answer.status_code == 401, path
