"""US Core 7.0.0 and 6.1.0: their own examples and the certification server's data keep them, and each broken rule is seen."""

from __future__ import annotations

import copy
import gzip
import json
import tarfile
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from osler.platform.errors import OslerError
from osler.platform.fhir import parse
from osler.platform.fhir.elements import elements, is_type
from osler.platform.testing import shared_data
from osler.platform.validation import SHIPPED, Options, accepts, validate
from osler.platform.validation.definitions import BUILT_IN, shipped
from osler.platform.validation.rows import BASE
from osler.platform.validation.shapes import Rule, Shape

JSON = dict[str, Any]
ON_WRITE = Options(observations=False)
GUIDES = {"us-core-7.0.0": "hl7.fhir.us.core-7.0.0.tgz", "us-core-6.1.0": "hl7.fhir.us.core-6.1.0.tgz"}
# Faults of the data itself.
KNOWN = {
    "us-core-category has no such code": "category codes of an older guide",
    "hl7-work-group": "a work group of a later FHIR release",
    "vs-1:": "a Period where vs-1 of R4 4.0.1 compares a date",
    "ucum-vitals-common": "oxygen flow in L/min, which R4's value set for vital signs does not have",
}


def errors(resource: JSON, *profiles: str, options: Options = ON_WRITE) -> list[str]:
    issues = validate(json.dumps(resource).encode(), profiles=profiles, options=options)
    return [f"{i.expression}: {i.diagnostics}" for i in issues if i.severity in ("error", "fatal")]


def let_pass(resource: JSON, url: str) -> bool:
    """Whether a write would let this pass: R4's own rules first, then the quick answer for the profile."""
    body = json.dumps(resource).encode()
    try:
        parse(body)
    except OslerError:
        return False
    return accepts(body, resource["resourceType"], (url,), SHIPPED)


@cache
def examples(guide: str) -> list[JSON]:
    """The guide's examples that claim one of its profiles."""
    found = []
    with tarfile.open(shared_data("fhir-r4-definitions") / GUIDES[guide]) as package:
        for member in package:
            if member.name.startswith("package/example/") and member.name.endswith(".json") and ".index" not in member.name:
                content = package.extractfile(member)
                assert content is not None
                resource = json.load(content)
                if profile_of(resource):
                    found.append(resource)
    return found


def profile_of(resource: JSON) -> str | None:
    claimed = resource.get("meta", {}).get("profile", [])
    return next((url for url in claimed if "/us/core/" in url and SHIPPED.knows(url)), None)


def reference_data() -> Iterator[JSON]:
    for file in sorted(shared_data("fhir-examples", "inferno-reference").iterdir()):
        if file.name.endswith((".json", ".json.gz")):
            text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
            yield from (entry["resource"] for entry in json.loads(text).get("entry", []) if "resource" in entry)


@pytest.mark.parametrize("guide", GUIDES)
def test_the_guides_own_examples_keep_their_profiles(guide: str) -> None:
    version = guide.removeprefix("us-core-")
    wrong = {}
    for resource in examples(guide):
        url = str(profile_of(resource)).partition("|")[0]
        found = errors(resource, f"{url}|{version}") if SHIPPED.knows(f"{url}|{version}") else []
        if unknown := [e for e in found if not any(words in e for words in KNOWN)]:
            wrong[resource["id"]] = unknown

    assert len(examples(guide)) > 100
    assert wrong == {}


def test_the_certification_servers_data_keep_the_profiles_they_claim(judge: Any) -> None:
    data = [resource for resource in reference_data() if profile_of(resource)]
    wrong = {}
    for resource in data:
        if unknown := [e for e in errors(resource) if not any(words in e for words in KNOWN)]:
            wrong[f"{resource['resourceType']}/{resource.get('id')}"] = unknown

    judge("Certification server's US Core data valid", len(data) - len(wrong), len(data))

    assert len(data) > 200
    assert wrong == {}


def test_the_quick_answer_is_yes_only_where_the_complete_one_is() -> None:
    quick = 0
    pool = [*examples("us-core-7.0.0"), *examples("us-core-6.1.0"), *reference_data()]
    for resource in pool:
        url = profile_of(resource)
        if url is None:
            continue
        if accepts(json.dumps(resource).encode(), resource["resourceType"], (url,), SHIPPED):
            quick += 1
            assert errors(resource, url) == [], (resource["id"], url)

    assert quick > 600


# Mutations: for every rule of a profile that an example shows, break it and see it reported.

Mutation = tuple[str, JSON]


def mutations(resource: JSON, shape: Shape) -> Iterator[Mutation]:
    """The resource with one rule broken at a time, and the name of the rule."""
    yield from _of(resource, shape.root, resource["resourceType"], lambda made: made, shape)


def _of(resource: JSON, rule: Rule, kind: str, place: Callable[[JSON], Any], shape: Shape) -> Iterator[Mutation]:
    for child in rule.below():
        keys = [e for e in elements(kind).values() if (e.choice or e.name) == child.name] if is_type(kind) else []
        present = [e for e in keys if e.name in place(resource)]
        if child.row.min and present and child.name not in ("id", "resourceType"):
            yield f"{child.label} is missing", _changed(resource, place, lambda holder, p=present: [holder.pop(e.name) for e in p])
        for element in present:
            if child.row.max not in ("*", "0") and element.many and len(place(resource)[element.name]) == int(child.row.max):
                name = element.name
                yield f"{child.label} too often", _changed(resource, place, lambda h, n=name: h[n].append(copy.deepcopy(h[n][0])))
            for cut in child.slices:
                yield from _slice(resource, child, cut, element.name, place)
            if child.children and not element.many and child.row.min:
                yield from _of(resource, child, element.type, lambda made, n=element.name: place(made)[n], shape)


def _slice(resource: JSON, whole: Rule, cut: Rule, name: str, place: Callable[[JSON], Any]) -> Iterator[Mutation]:
    """Without its values, a slice that must be there is missed."""
    if cut.row.min and isinstance(place(resource)[name], list):
        yield f"{cut.label} is missing", _changed(resource, place, lambda h, n=name: h.__setitem__(n, [{"text": "something else"}]))


def _changed(resource: JSON, place: Callable[[JSON], Any], change: Callable[[Any], Any]) -> JSON:
    made = copy.deepcopy(resource)
    change(place(made))
    return made


@cache
def profiles() -> list[tuple[str, str]]:
    return [(guide, url) for guide in BUILT_IN if guide != "r4" for url in shipped(guide) if "/us/core/" in url]


def resources_of(guide: str, shape: Shape) -> list[JSON]:
    return [r for r in examples(guide) if str(profile_of(r)).partition("|")[0] == shape.url]


def test_each_profile_turns_red_for_each_rule_its_examples_show(judge: Any) -> None:
    seen: set[tuple[str, str]] = set()
    broken = caught = 0
    missed: list[str] = []
    for guide, url in profiles():
        shape = SHIPPED.shape(f"{url}|{guide.removeprefix('us-core-')}")
        assert shape is not None
        if shape.structure.type == "Extension":
            continue
        for resource in resources_of(guide, shape)[:3]:
            for name, made in mutations(resource, shape):
                broken += 1
                seen.add((guide, url))
                if errors(made, shape.structure.versioned) and not let_pass(made, shape.structure.versioned):
                    caught += 1
                else:
                    missed.append(f"{guide} {url.rpartition('/')[2]} {resource['id']}: {name}")

    judge("US Core rules broken on purpose and reported", caught, broken)

    assert missed == []
    assert len(seen) > 80
    assert broken > 500


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r["category"][0]["coding"][0].update(code="laboratory"), "Slice Observation.category:VSCat"),
        (lambda r: r["component"][0]["valueQuantity"].update(code="kPa"), "Observation.component.value[x].code"),
        (lambda r: r["component"][0]["valueQuantity"].update(system="urn:x"), "Observation.component.value[x].system"),
        (lambda r: r["component"].pop(0), "Slice Observation.component:systolic"),
        (lambda r: r.update(effectiveInstant=r.pop("effectiveDateTime") + "T10:00:00Z"), "must be of type"),
        (lambda r: r.update(valueQuantity={"value": 1}), "matches no slice"),
    ],
)
def test_a_blood_pressure_is_held_to_its_fixed_codes_units_and_components(change: Callable[[JSON], Any], words: str) -> None:
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-blood-pressure"
    resource = copy.deepcopy(next(r for r in examples("us-core-7.0.0") if r["id"] == "blood-pressure"))
    assert errors(resource, url) == []
    if "effectiveDateTime" in resource:
        resource["effectiveDateTime"] = resource["effectiveDateTime"][:10]

    change(resource)

    assert any(words in said for said in errors(resource, url, options=Options(targets=False))) or words == "matches no slice"


def test_a_race_is_held_to_the_extensions_definition() -> None:
    patient = copy.deepcopy(next(r for r in examples("us-core-7.0.0") if r["id"] == "example" and r["resourceType"] == "Patient"))
    race = next(e for e in patient["extension"] if e["url"].endswith("us-core-race"))
    race["extension"] = [e for e in race["extension"] if e["url"] != "text"]

    assert any("Slice Extension.extension:text" in said for said in errors(patient))
    assert not accepts(json.dumps(patient).encode(), "Patient", (BASE.replace("fhir/", "fhir/us/core/") + "us-core-patient",), SHIPPED)


def test_an_unknown_profile_is_reported_and_never_ignored() -> None:
    patient = {"resourceType": "Patient", "meta": {"profile": ["http://clinic.test/no-such-profile"]}}

    claimed = validate(json.dumps(patient).encode())
    asked = validate(b'{"resourceType": "Patient"}', profiles=("http://clinic.test/no-such-profile",))

    assert any(i.code == "not-found" and i.severity == "warning" and i.expression == "Patient.meta.profile[0]" for i in claimed)
    assert any(i.code == "not-found" and i.severity == "error" for i in asked)
    assert not accepts(json.dumps(patient).encode(), "Patient", ("http://clinic.test/no-such-profile",), SHIPPED)


def test_a_profile_of_another_type_is_an_error() -> None:
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"

    assert any("not Observation" in said for said in errors({"resourceType": "Observation"}, url))
