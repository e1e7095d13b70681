"""$validate, and a tenant's profile policy on every kind of write; definitions loaded while the server runs."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from osler.platform.errors import Malformed
from osler.platform.store.definitions import put, remove, set_policy
from osler.platform.store.profiles import FRESH
from osler.platform.validation.packages import read_package

US_CORE_PATIENT = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
OWN = "http://clinic.test/StructureDefinition/with-birth-date"
BARE = {"resourceType": "Patient", "name": [{"family": "Curie"}]}
GOOD = BARE | {"identifier": [{"system": "urn:x:mrn", "value": "1"}], "gender": "female"}
PROFILE = {
    "resourceType": "StructureDefinition",
    "url": OWN,
    "version": "1.0.0",
    "name": "WithBirthDate",
    "status": "active",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "differential": {"element": [{"id": "Patient.birthDate", "path": "Patient.birthDate", "min": 1}]},
}


def claiming(resource: dict[str, Any], *urls: str) -> dict[str, Any]:
    return resource | {"meta": {"profile": list(urls)}}


def issues(answer: Any, status: int = 200) -> list[dict[str, Any]]:
    assert answer.status_code == status, answer.text
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    return list(outcome["issue"])


def errors(answer: Any, status: int = 200) -> list[str]:
    return [f"{i.get('expression', [''])[0]}: {i['diagnostics']}" for i in issues(answer, status) if i["severity"] in ("error", "fatal")]


@pytest.fixture
async def policy(clinic, module_database):
    """Sets alpha's policy and waits until the server follows; takes everything back afterwards."""
    key = clinic.tenants[0].key

    async def settle(mode: str, claimed: bool = True, **defaults: list[str]) -> None:
        async with module_database.owner() as owner:
            await set_policy(owner, key, mode, claimed, defaults)
        await asyncio.sleep(FRESH + 0.1)

    yield settle
    async with module_database.owner() as owner:
        await set_policy(owner, key, "off", True, {})
        await remove(owner, key, "test.guide")
    await asyncio.sleep(FRESH + 0.1)


async def test_every_issue_is_told_with_its_place(alpha) -> None:
    body = b'{"resourceType": "Patient",\n "gender": "woman",\n "birthDate": "2024-02-30",\n "nickname": "x"}'

    answer = await alpha.ask("POST", "Patient/$validate", body)

    found = issues(answer)
    assert {i["expression"][0] for i in found if i["severity"] == "error"} == {"Patient", "Patient.gender", "Patient.birthDate"}
    line = next(i for i in found if i.get("expression") == ["Patient.birthDate"])["extension"][0]
    assert line["valueInteger"] == 3
    assert await alpha.versions() == 0


async def test_a_good_resource_has_no_errors(alpha) -> None:
    assert errors(await alpha.ask("POST", "Patient/$validate", GOOD)) == []


async def test_what_is_not_json_or_no_resource_is_an_outcome_too(alpha) -> None:
    assert "not JSON" in errors(await alpha.ask("POST", "Patient/$validate", b'{"resourceType": "Patient", '))[0]
    assert "resourceType" in errors(await alpha.ask("POST", "Patient/$validate", b'{"name": []}'))[0]
    assert "type Patient is expected" in " ".join(errors(await alpha.ask("POST", "Patient/$validate", {"resourceType": "Basic"})))


async def test_a_profile_is_named_in_the_url_or_in_parameters(alpha) -> None:
    by_url = errors(await alpha.ask("POST", f"Patient/$validate?profile={US_CORE_PATIENT}", BARE))
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": BARE}, {"name": "profile", "valueUri": US_CORE_PATIENT}],
    }

    assert any("Patient.identifier: at least 1" in said for said in by_url)
    assert errors(await alpha.ask("POST", "Patient/$validate", parameters)) == by_url
    assert errors(await alpha.ask("POST", f"Patient/$validate?profile={US_CORE_PATIENT}", GOOD)) == []


async def test_a_profile_nobody_knows_is_an_error(alpha) -> None:
    assert "not known here" in errors(await alpha.ask("POST", "Patient/$validate?profile=http://clinic.test/none", GOOD))[0]


async def test_a_record_is_validated_where_it_is(alpha) -> None:
    made = await alpha.made(BARE)

    assert errors(await alpha.get(f"Patient/{made['id']}/$validate")) == []
    assert len(errors(await alpha.get(f"Patient/{made['id']}/$validate?profile={US_CORE_PATIENT}"))) >= 2
    assert (await alpha.get("Patient/none/$validate")).status_code == 404


async def test_an_update_needs_the_id_of_the_url(alpha) -> None:
    made = await alpha.made(BARE)
    place = f"Patient/{made['id']}/$validate?mode=update"

    assert "needs the id" in errors(await alpha.ask("POST", place, BARE))[0]
    assert "not the id in the URL" in errors(await alpha.ask("POST", place, BARE | {"id": "other"}))[0]
    assert errors(await alpha.ask("POST", place, BARE | {"id": made["id"]})) == []
    assert (await alpha.ask("POST", "Patient/$validate?mode=sometimes", BARE)).status_code == 400


async def test_xml_is_validated_as_well(alpha) -> None:
    xml = b'<Patient xmlns="http://hl7.org/fhir"><gender value="woman"/></Patient>'

    answer = await alpha.ask("POST", "Patient/$validate", xml, content_type="application/fhir+xml", accept="application/fhir+json")

    assert any(said.startswith("Patient.gender") for said in errors(answer))


async def test_what_is_too_much_is_said_and_bounded(alpha) -> None:
    many = {"resourceType": "Patient", "name": [{"use": "no"} for _ in range(3000)]}
    deep: Any = {"url": "http://x.test", "valueString": "x"}
    for _ in range(400):
        deep = {"url": "http://x.test", "extension": [deep]}

    found = issues(await alpha.ask("POST", "Patient/$validate", many))

    assert len(found) <= 1001
    assert any("there may be more" in i["diagnostics"] for i in found)
    assert any("deep" in said for said in errors(await alpha.ask("POST", "Patient/$validate", BARE | {"extension": [deep]})))


async def test_off_nothing_is_asked_of_profiles(alpha, policy) -> None:
    assert (await alpha.ask("POST", "Patient", claiming(BARE, US_CORE_PATIENT))).status_code == 201


async def test_warn_stores_and_says(alpha, policy) -> None:
    await policy("warn")

    answer = await alpha.ask("POST", "Patient", claiming(BARE, US_CORE_PATIENT), prefer="return=OperationOutcome")

    assert answer.status_code == 201
    assert any("Patient.gender: at least 1" in i["diagnostics"] for i in answer.json()["issue"])
    assert (await alpha.get(answer.headers["location"].rpartition("/fhir/")[2])).status_code == 200


async def test_enforce_refuses_every_kind_of_write_with_all_issues(alpha, policy, refused) -> None:
    made = await alpha.made(claiming(GOOD, US_CORE_PATIENT))
    await policy("enforce")
    bad = claiming(BARE, US_CORE_PATIENT)
    place = f"Patient/{made['id']}"

    outcome = await refused(422, "POST", "Patient", bad)
    assert len(outcome["issue"]) >= 2
    await refused(422, "PUT", place, bad | {"id": made["id"]})
    await refused(422, "PUT", f"Patient?_id={made['id']}", bad)
    await refused(422, "POST", "Patient", bad, if_none_exist="identifier=urn:x:mrn|nobody")
    patch = json.dumps([{"op": "remove", "path": "/gender"}]).encode()
    await refused(422, "PATCH", place, patch, content_type="application/json-patch+json")
    transaction = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": GOOD, "request": {"method": "POST", "url": "Patient"}},
            {"resource": bad, "request": {"method": "POST", "url": "Patient"}},
        ],
    }
    outcome = await refused(422, "POST", "", transaction)
    assert "Bundle.entry[1].resource" in {place for issue in outcome["issue"] for place in issue["expression"]}
    answer = await alpha.ask("POST", "", transaction | {"type": "batch"})
    assert [entry["response"]["status"][:3] for entry in answer.json()["entry"]] == ["201", "422"]
    assert (await alpha.ask("POST", "Patient", claiming(GOOD, US_CORE_PATIENT))).status_code == 201


async def test_a_type_can_be_held_to_a_profile_that_nobody_claims(alpha, beta, policy) -> None:
    await policy("enforce", Patient=[US_CORE_PATIENT])

    assert (await alpha.ask("POST", "Patient", BARE)).status_code == 422
    assert (await alpha.ask("POST", "Patient", GOOD)).status_code == 201
    assert (await beta.ask("POST", "Patient", BARE)).status_code == 201


async def test_claims_may_be_left_unchecked(alpha, policy) -> None:
    await policy("enforce", claimed=False)

    assert (await alpha.ask("POST", "Patient", claiming(BARE, US_CORE_PATIENT))).status_code == 201


async def test_a_profile_kept_as_a_record_is_used_within_seconds(alpha, beta) -> None:
    await alpha.made(PROFILE | {"url": f"{OWN}-record"})
    await asyncio.sleep(FRESH + 0.1)

    found = errors(await alpha.ask("POST", f"Patient/$validate?profile={OWN}-record", BARE))

    assert any("Patient.birthDate: at least 1" in said for said in found)
    assert "not known here" in errors(await beta.ask("POST", f"Patient/$validate?profile={OWN}-record", BARE))[0]


async def test_a_guide_is_loaded_and_removed_while_the_server_runs(clinic, alpha, policy, module_database, tmp_path) -> None:
    file = packaged(tmp_path, {"package/StructureDefinition-x.json": PROFILE})
    package = read_package(file)
    async with module_database.owner() as owner:
        made, replaced = await put(owner, clinic.tenants[0].key, package.name, package.definitions)
        again = await put(owner, clinic.tenants[0].key, package.name, package.definitions)
    await policy("enforce")

    assert (made, replaced) == ([f"StructureDefinition {OWN}|1.0.0"], [])
    assert again == ([], [f"StructureDefinition {OWN}|1.0.0"])
    assert (await alpha.ask("POST", "Patient", claiming(GOOD, OWN))).status_code == 422
    assert (await alpha.ask("POST", "Patient", claiming(GOOD | {"birthDate": "1867-11-07"}, OWN))).status_code == 201


def packaged(folder: Path, files: dict[str, Any], name: str = "test.guide") -> Path:
    """A package of these files."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for path, content in {"package/package.json": {"name": name, "version": "1.0.0"}, **files}.items():
            text = content if isinstance(content, bytes) else json.dumps(content).encode()
            info = tarfile.TarInfo(path)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
    file = folder / "guide.tgz"
    file.write_bytes(gzip.compress(made.getvalue()))
    return file


def test_a_package_is_trusted_with_nothing(tmp_path: Path) -> None:
    package = read_package(
        packaged(
            tmp_path,
            {
                "package/../../etc/x.json": PROFILE,
                "package/broken.json": b"{",
                "package/nameless.json": PROFILE | {"url": "no-url"},
                "package/r5.json": PROFILE | {"fhirVersion": "5.0.0"},
                "package/example/Patient-x.json": BARE,
                "package/good.json": PROFILE,
            },
        )
    )

    assert [d["url"] for d in package.definitions] == [OWN]
    assert {reason for _, reason in package.refused} == {
        "its path leads outside the package",
        "not JSON",
        "no canonical URL",
        "for FHIR 5.0.0, not R4",
    }


def test_what_is_no_package_is_refused_whole(tmp_path: Path) -> None:
    file = tmp_path / "x.tgz"
    for content in (b"", b"no archive", gzip.compress(b"no archive"), gzip.compress(b"\0" * 2048)):
        file.write_bytes(content)
        with pytest.raises(Malformed):
            read_package(file)


def test_a_package_that_unpacks_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("osler.platform.validation.packages.LARGEST_UNPACKED", 100_000)

    with pytest.raises(Malformed, match="unpacks to more"):
        read_package(packaged(tmp_path, {"package/big.json": b"[" + b" " * 1_000_000 + b"]"}))
