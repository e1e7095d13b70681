"""The CapabilityStatement claims what is true and all of what it claims: every claim is tried, and what is not claimed is refused.

https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Iterable, Iterator
from typing import Any

import httpx
import pytest

from osler.platform.errors import OslerError
from osler.platform.fhir import TYPES, parse, search_parameters
from osler.platform.store.filling import fill
from osler.platform.store.search import parse_query
from osler.platform.testing.minimal import minimal
from osler.platform.validation import validate
from tests.conformance.us_core.table import GROUPS

Json = dict[str, Any]
VALUES = {
    "date": "2020",
    "number": "1",
    "quantity": "1",
    "reference": "Patient/1",
    "special": "32.2|-110.9|10|km",
    "uri": "http://a.example/b",
    "token": "a",
    "string": "a",
}
KNOWN = "http://hl7.org/fhir/ValueSet/administrative-gender"
BY_MODIFIER = {"missing": "true", "of-type": "s|a|b", "in": KNOWN, "not-in": KNOWN, "identifier": "s|a"}
MODIFIERS = ("missing", "exact", "contains", "text", "not", "in", "not-in", "above", "below", "of-type", "identifier", "[type]")
ADDITION = b"""<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>
<part><name value="type"/><valueCode value="add"/></part><part><name value="path"/><valueString value="Patient"/></part>
<part><name value="name"/><valueString value="active"/></part><part><name value="value"/><valueBoolean value="true"/></part>
</parameter></Parameters>"""
AT_ONCE = 6


@pytest.fixture(scope="module")
async def statement(clinic) -> Json:
    answer = await clinic.anyone.get(f"{clinic.origin}/alpha/fhir/metadata")
    assert answer.status_code == 200
    return dict(answer.json())


@pytest.fixture(scope="module")
def resources(statement: Json) -> dict[str, Json]:
    return {resource["type"]: resource for resource in statement["rest"][0]["resource"]}


@pytest.fixture(scope="module")
async def stored(clinic) -> dict[str, Json]:
    """One record of every type."""
    found: dict[str, Json] = {}

    async def make(kind: str) -> None:
        found[kind] = (await clinic.alpha.made(smallest(kind))) if kind != "Binary" else await binary(clinic.alpha)

    await all_of(make(kind) for kind in TYPES)
    return found


def smallest(kind: str) -> Json:
    """The smallest record of a type; a search parameter only drafted, for an active one has to work."""
    return dict(json.loads(minimal(kind).body)) | ({"status": "draft"} if kind == "SearchParameter" else {})


async def binary(alpha) -> Json:
    answer = await alpha.ask("POST", "Binary", {"resourceType": "Binary", "contentType": "text/plain", "data": "aGVsbG8="})
    assert answer.status_code == 201, answer.text
    return dict((await alpha.get(f"Binary/{answer.headers['location'].split('/')[-3]}", accept="application/fhir+json")).json())


async def all_of(work: Iterable[Awaitable[None]]) -> None:
    """A few at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(each: Awaitable[None]) -> None:
        async with gate:
            await each

    await asyncio.gather(*(one(each) for each in work))


async def posted(alpha, kind: str, form: str) -> httpx.Response:
    """A search sent as a form."""
    return await alpha.ask("POST", f"{kind}/_search", form.encode(), content_type="application/x-www-form-urlencoded")


def sample(kind: str, name: str) -> str:
    """A value this parameter can read."""
    parameter = search_parameters(kind)[name]
    if parameter.kind == "composite":
        return "$".join(VALUES[part.kind] for part in parameter.components)
    return VALUES[parameter.kind]


def claimed(one: Json) -> set[str]:
    """The modifiers that a parameter's documentation names."""
    said = re.search(r"Modifiers: ([^.]*)\.", one["documentation"])
    assert said is not None, one
    return {word.removeprefix(":") for word in said[1].split()}


async def test_the_statement_needs_no_sign_in_and_is_valid(clinic, statement: Json) -> None:
    answer = await clinic.anyone.get(f"{clinic.origin}/alpha/fhir/metadata")

    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert parse(answer.content).type == "CapabilityStatement"
    assert [issue for issue in validate(answer.content) if issue.severity in ("error", "fatal")] == []
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == f"{clinic.origin}/alpha/fhir"
    assert (await clinic.anyone.get(f"{clinic.origin}/alpha/fhir/metadata?_format=xml")).text.startswith("<")
    assert (await clinic.anyone.get(f"{clinic.origin}/alpha/fhir/metadata?_format=turtle")).status_code == 406
    assert (await clinic.anyone.head(f"{clinic.origin}/alpha/fhir/metadata")).status_code == 200


def test_every_type_of_r4_and_every_profile_of_us_core_is_listed(statement: Json, resources: dict[str, Json]) -> None:
    profiles = {(resource["type"], profile) for resource in resources.values() for profile in resource.get("supportedProfile", [])}
    combined = {
        (kind, frozenset(part["valueString"] for part in extension["extension"]))
        for kind, resource in resources.items()
        for extension in resource.get("extension", [])
    }
    asked = {(group.type, frozenset(search.split("+"))) for group in GROUPS for search in (*group.shall, *group.should) if "+" in search}

    assert set(resources) == set(TYPES)
    assert profiles == {(group.type, group.profile) for group in GROUPS}
    assert combined == asked
    assert {one.partition("|")[2] for one in statement["instantiates"]} == {"", "7.0.0", "6.1.0"}


async def test_every_search_parameter_of_every_type_is_answered(alpha, resources: dict[str, Json]) -> None:
    refused: list[str] = []

    async def ask(kind: str, name: str, value: str) -> None:
        answer = await alpha.get(f"{kind}?{name}={value}&_count=1")
        if answer.status_code != 200:
            refused.append(f"{kind}?{name}={value}: {answer.status_code} {answer.text[:200]}")

    listed = [(kind, one["name"]) for kind, resource in resources.items() for one in resource["searchParam"]]
    await all_of(ask(kind, name, sample(kind, name)) for kind, name in listed)

    assert refused == []
    assert len(listed) > 1378


async def test_every_parameter_that_is_not_listed_is_refused(alpha, resources: dict[str, Json]) -> None:
    names = {name for kind in TYPES for name in search_parameters(kind)}
    for kind in ("Patient", "Observation", "Encounter", "Binary"):
        own = {one["name"] for one in resources[kind]["searchParam"]}
        for name in [*sorted(names - own), "nonsense"]:
            answer = await alpha.get(f"{kind}?{name}=1")
            assert answer.status_code == 400, (kind, name)
            assert answer.json()["issue"][0]["code"] == "not-supported"


def understood(kind: str, name: str, value: str) -> bool:
    try:
        parse_query(kind, [(name, value)], False, "http://a.example/fhir")
    except OslerError:
        return False
    return True


def test_exactly_the_modifiers_listed_are_understood(resources: dict[str, Json]) -> None:
    wrong: list[str] = []
    for kind, resource in resources.items():
        for one in resource["searchParam"]:
            name = one["name"]
            targets = search_parameters(kind)[name].targets
            for modifier in MODIFIERS:
                if modifier == "[type]":
                    said, tried = "[type]" in claimed(one), [(f"{name}:{target}", f"{target}/1") for target in targets or ("Patient",)]
                else:
                    plain = sample(kind, name)
                    coded = "http://a.example|a" if modifier in ("above", "below") and one["type"] == "token" else plain
                    pointed = f"{targets[0]}/1" if targets and modifier in ("above", "below") else coded
                    said = modifier in claimed(one)
                    tried = [(f"{name}:{modifier}", BY_MODIFIER.get(modifier, pointed))]
                if any(understood(kind, *pair) is not said for pair in tried):
                    wrong.append(f"{kind}.{name}:{modifier} is {'claimed' if said else 'not claimed'}")

    assert wrong == []


async def test_modifiers_and_prefixes_work_over_http(alpha, resources: dict[str, Json]) -> None:
    hierarchy = {"resourceType": "CodeSystem", "url": "http://a.example/cs", "status": "active", "content": "complete"}
    await alpha.made(hierarchy | {"hierarchyMeaning": "is-a", "concept": [{"code": "a", "concept": [{"code": "b"}]}]})
    for kind in ("Observation", "Patient", "Location", "ValueSet", "RiskAssessment"):
        for one in resources[kind]["searchParam"]:
            name, value = one["name"], sample(kind, one["name"])
            for modifier in claimed(one) - {"[type]"}:
                token = "http://a.example/cs|a" if one["type"] == "token" else value
                text = BY_MODIFIER.get(modifier, token if modifier in ("above", "below") else value)
                answer = await alpha.get(f"{kind}?{name}:{modifier}={text}")
                assert answer.status_code == 200, (kind, name, modifier, answer.text)
            if prefixes := re.search(r"Prefixes: ([a-z ]*)\.", one["documentation"]):
                for prefix in prefixes[1].split():
                    assert (await alpha.get(f"{kind}?{name}={prefix}{value}")).status_code == 200, (kind, name, prefix)


def parts(items: list[str], size: int = 25) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def test_every_include_is_answered_and_no_other(alpha, resources: dict[str, Json], stored: dict[str, Json]) -> None:
    refused: list[str] = []

    async def ask(kind: str, word: str, values: list[str]) -> None:
        words = "&".join(f"{word}={one}" for one in values)
        answer = await posted(alpha, kind, f"_id={stored[kind]['id']}&{words}")
        if answer.status_code != 200:
            refused.append(f"{kind} {word} {values}: {answer.text[:200]}")

    asked = [
        ask(kind, word, values)
        for kind, resource in resources.items()
        for word, member in (("_include", "searchInclude"), ("_revinclude", "searchRevInclude"))
        for values in parts(resource.get(member, []))
    ]
    await all_of(asked)

    assert refused == []
    for wrong in (
        "_include=Patient:name",
        "_include=Patient:nonsense",
        "_revinclude=Observation:code",
        "_include=Observation:subject",
        "_revinclude=Patient",
    ):
        assert (await alpha.get(f"Patient?{wrong}")).status_code == 400, wrong


async def test_every_interaction_of_every_type_works(alpha, resources: dict[str, Json], stored: dict[str, Json]) -> None:
    expected = ["read", "vread", "search-type", "history-instance", "history-type", "create", "update", "patch", "delete"]
    wrong: list[str] = []

    async def use(kind: str) -> None:
        one = stored[kind]
        place, body = f"{kind}/{one['id']}", {name: value for name, value in one.items() if name != "meta"}
        tagged = {**body, "meta": {"tag": [{"system": "http://a.example", "code": "x"}]}}
        patch = json.dumps([{"op": "add", "path": "/meta/tag/-", "value": {"system": "http://a.example", "code": "y"}}]).encode()
        answers = {
            "read": await alpha.get(place, accept="application/fhir+json"),
            "vread": await alpha.get(f"{place}/_history/1", accept="application/fhir+json"),
            "update": await alpha.ask("PUT", place, tagged),
            "patch": await alpha.ask("PATCH", place, patch, content_type="application/json-patch+json"),
            "search-type": await alpha.get(f"{kind}?_id={one['id']}&_tag=y"),
            "history-instance": await alpha.get(f"{place}/_history"),
            "history-type": await alpha.get(f"{kind}/_history?_count=1"),
            "conditional read": await alpha.get(place, accept="application/fhir+json", if_none_match='W/"3"'),
            "conditional create": await alpha.ask("POST", kind, body, if_none_exist=f"_id={one['id']}"),
            "conditional update": await alpha.ask("PUT", f"{kind}?_id={one['id']}", tagged),
            "conditional delete": await alpha.ask("DELETE", f"{kind}?_id={one['id']}"),
            "read of the deleted": await alpha.get(place),
            "update as create": await alpha.ask("PUT", f"{kind}/{one['id']}x", {**body, "id": f"{one['id']}x"}),
            "delete": await alpha.ask("DELETE", f"{kind}/{one['id']}x"),
        }
        found = {name: answer.status_code for name, answer in answers.items()}
        wanted = dict.fromkeys(answers, 200) | {"conditional read": 304, "read of the deleted": 410, "update as create": 201}
        if found != wanted or answers["search-type"].json()["entry"][0]["resource"]["meta"]["versionId"] != "3":
            wrong.append(f"{kind}: {[(name, code, answers[name].text[:150]) for name, code in found.items() if code != wanted[name]]}")

    for resource in resources.values():
        assert [one["code"] for one in resource["interaction"]] == expected
        assert (resource["versioning"], resource["readHistory"], resource["updateCreate"]) == ("versioned-update", True, True)
        assert (resource["conditionalRead"], resource["conditionalDelete"]) == ("full-support", "single")
    await all_of(use(kind) for kind in resources)

    assert wrong == []


async def test_every_operation_is_there_and_no_other(clinic, alpha, statement: Json, resources: dict[str, Json]) -> None:
    unknown = re.compile("does not know that operation|cannot be called at this address")
    names = {one["name"] for resource in resources.values() for one in resource.get("operation", [])}
    names |= {one["name"] for one in statement["rest"][0]["operation"]}
    assert {
        "everything",
        "validate",
        "meta",
        "meta-add",
        "meta-delete",
        "expunge",
        "lastn",
        "stats",
        "match",
        "docref",
        "graphql",
        "diff",
    } <= names
    for kind in ("Patient", "Encounter", "Observation", "DocumentReference", "Medication", ""):
        own = statement["rest"][0]["operation"] if not kind else resources[kind].get("operation", [])
        listed = {one["name"] for one in own}
        for name in sorted(names | {"nonsense"}):
            places = [f"{kind}/${name}", f"{kind}/none/${name}"] if kind else [f"${name}"]
            answers = [
                await alpha.ask(method, place, {"resourceType": "Parameters"} if method == "POST" else None)
                for place in places
                for method in ("GET", "POST")
            ]
            known = any(unknown.search(answer.text) is None for answer in answers)
            assert known is (name in listed), (kind, name, [answer.text[:120] for answer in answers])
            assert all(answer.status_code < 500 for answer in answers), (kind, name)
    for one in [*statement["rest"][0]["operation"], *(each for resource in resources.values() for each in resource.get("operation", []))]:
        if one["definition"].startswith(clinic.origin):
            answer = await alpha.get(one["definition"].partition("/fhir/")[2])
            assert (answer.status_code, answer.json()["code"]) == (200, one["name"])


async def test_every_format_answers_and_no_other(alpha, statement: Json) -> None:
    made = await alpha.made({"resourceType": "Patient", "active": True})
    removal = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": "Patient.active"}]
    patches = {
        "application/json-patch+json": b'[{"op": "replace", "path": "/active", "value": false}]',
        "application/fhir+json": json.dumps({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": removal}]}).encode(),
        "application/fhir+xml": ADDITION,
    }

    assert set(statement["patchFormat"]) == set(patches)
    for form in statement["format"]:
        answer = await alpha.get("Patient", accept=form) if "/" in form else await alpha.get(f"Patient?_format={form}")
        assert answer.status_code == 200, form
        assert form.rpartition("/")[2].rpartition("+")[2] in answer.headers["content-type"], form
    for form in ("text/turtle", "application/pdf", "application/fhir+json; fhirVersion=3.0"):
        assert (await alpha.get("Patient", accept=form)).status_code == 406, form
    for form, body in patches.items():
        assert (await alpha.ask("PATCH", f"Patient/{made['id']}", body, content_type=form)).status_code == 200, form
    assert (await alpha.ask("PATCH", f"Patient/{made['id']}", b"x", content_type="text/plain")).status_code == 415


async def test_what_is_claimed_for_the_whole_system_works(clinic, alpha, statement: Json, resources: dict[str, Json]) -> None:
    rest = statement["rest"][0]
    bundle = {"resourceType": "Bundle", "entry": [{"request": {"method": "GET", "url": "Patient?_count=1"}}]}
    whole = {"_filter": "Patient?_filter=active eq true", "_has": "Patient?_has:Observation:patient:code=x", "_list": "Patient?_list=x"}
    whole["_type"] = "?_type=Patient,Observation&_count=1"

    assert {one["code"] for one in rest["interaction"]} == {"transaction", "batch", "history-system", "search-system"}
    for kind in ("transaction", "batch"):
        assert (await alpha.ask("POST", "", bundle | {"type": kind})).status_code == 200
    assert (await alpha.get("_history?_count=1")).status_code == 200
    assert {one["name"] for one in rest["searchParam"]} == set(whole)
    for url in whole.values():
        answer = await alpha.http.get(f"{alpha.base}{'' if url[0] == '?' else '/'}{url}")
        assert answer.status_code == 200, (url, answer.text)


async def test_every_compartment_is_answered(alpha, statement: Json) -> None:
    kinds = {url.rpartition("/")[2]: url for url in statement["rest"][0]["compartment"]}
    assert set(kinds) == {"patient", "encounter", "relatedperson", "practitioner", "device"}
    for kind in ("Patient", "Encounter", "RelatedPerson", "Practitioner", "Device"):
        made = await alpha.made(smallest(kind))
        answer: httpx.Response = await alpha.get(f"{kind}/{made['id']}/Observation")
        assert answer.status_code == 200, answer.text
        assert (await alpha.get(f"{kind}/{made['id']}/*?_count=1")).status_code == 200
    assert (await alpha.get("Location/x/Observation")).status_code in (400, 404)


async def test_the_limits_are_those_that_are_stated(alpha, statement: Json) -> None:
    said = statement["rest"][0]["documentation"]
    usual, most = (
        int(number.replace(",", "")) for number in re.findall(r"holds ([\d,]+) entries, or what `_count` asks, up to ([\d,]+)", said)[0]
    )
    values = int(re.findall(r"takes up to ([\d,]+) values", said)[0].replace(",", ""))
    steps = int(re.findall(r"chains go (\d+) steps", said)[0])
    await asyncio.gather(*(alpha.made({"resourceType": "Basic", "code": {"text": "x"}}) for _ in range(usual + 1)))

    page = (await alpha.get("Basic")).json()
    wide = (await alpha.get(f"Basic?_count={most + 1}")).json()
    assert len(page["entry"]) == usual
    assert f"_count was taken as {most}" in wide["entry"][-1]["resource"]["issue"][0]["diagnostics"]
    assert (await posted(alpha, "Basic", f"_id={','.join(['x'] * values)}")).status_code == 200
    assert (await posted(alpha, "Basic", f"_id={','.join(['x'] * (values + 1))}")).status_code == 400
    chain = ".".join(["partof"] * steps)
    assert (await alpha.get(f"Organization?{chain}.name=x")).status_code == 200
    assert (await alpha.get(f"Organization?{chain}.partof.name=x")).status_code == 400


async def test_a_tenants_own_search_parameter_is_listed_when_it_answers_and_only_for_that_tenant(clinic, alpha, beta) -> None:
    own = {
        "resourceType": "SearchParameter",
        "url": "http://a.example/sp/nickname",
        "name": "nickname",
        "status": "active",
        "description": "x",
    }
    own |= {"code": "nickname", "base": ["Patient"], "type": "string", "expression": "Patient.name.where(use='nickname').given"}
    await alpha.made(own)
    await asyncio.sleep(1.1)  # a process looks again after a second
    await fill(clinic.store.kernel, clinic.tenants[0].key, settled=0)
    await asyncio.sleep(1.1)

    async def listed(client) -> bool:
        patient = next(one for one in (await client.get("metadata")).json()["rest"][0]["resource"] if one["type"] == "Patient")
        return "nickname" in {one["name"] for one in patient["searchParam"]}

    assert (await alpha.get("Patient?nickname=x")).status_code == 200
    assert [await listed(alpha), await listed(beta)] == [True, False]
    assert (await beta.get("Patient?nickname=x")).status_code == 400
