"""`osler definitions` as an operator uses it: a guide loaded, a policy set, and an import held to it."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

from tests.journeys.importing import Command, patient, stored, text

from osler.platform.testing.database import TestDatabase

OWN = "http://clinic.test/StructureDefinition/with-gender"
PROFILE = {
    "resourceType": "StructureDefinition",
    "url": OWN,
    "version": "1.0.0",
    "name": "WithGender",
    "status": "active",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "differential": {"element": [{"id": "Patient.gender", "path": "Patient.gender", "min": 1}]},
}


def guide(file: Path) -> Path:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in {"package.json": {"name": "test.guide", "version": "1.0.0"}, "StructureDefinition-a.json": PROFILE}.items():
            text = json.dumps(content).encode()
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
    file.write_bytes(gzip.compress(made.getvalue()))
    return file


async def test_an_import_is_held_to_a_guide_that_was_loaded(database: TestDatabase, tmp_path: Path) -> None:
    osler = Command(database, tmp_path / "data")
    some = [patient(1) | {"gender": "other"}, patient(2), patient(3) | {"gender": "male"}]
    (tmp_path / "some.ndjson").write_bytes(b"\n".join(map(text, some)))

    loaded = osler.run("definitions", "load", guide(tmp_path / "guide.tgz"), "--tenant", "alpha")
    told = osler.run("definitions", "list", "--tenant", "alpha")
    policy = osler.run("definitions", "policy", "alpha", "enforce", "--profile", f"Patient={OWN}")
    shown = osler.run("definitions", "policy", "alpha")
    done = osler.run("import", tmp_path / "some.ndjson", "--tenant", "alpha", "--continue-on-error", "--report", tmp_path / "report.json")

    assert "test.guide 1.0.0: 1 definitions loaded, 0 replaced, 0 refused" in loaded.stdout, loaded.stdout + loaded.stderr
    assert f"{OWN}|1.0.0" in told.stdout
    assert policy.returncode == 0, policy.stdout + policy.stderr
    assert shown.stdout.startswith("enforce")
    assert f"Patient: {OWN}" in shown.stdout
    assert done.returncode == 1
    issue = json.loads((tmp_path / "report.json").read_bytes())["filesInTrouble"][0]["issues"][0]
    assert issue["place"] == 2
    assert "gender" in issue["diagnostics"]
    assert (await stored(database, database.alpha))["Patient"] == 2


async def test_a_guide_can_be_taken_back(database: TestDatabase, tmp_path: Path) -> None:
    osler = Command(database, tmp_path / "data")

    first = osler.run("definitions", "load", guide(tmp_path / "guide.tgz"))
    again = osler.run("definitions", "load", guide(tmp_path / "guide.tgz"))
    gone = osler.run("definitions", "remove", "test.guide")

    assert "1 definitions loaded" in first.stdout, first.stdout + first.stderr
    assert "0 definitions loaded, 1 replaced" in again.stdout
    assert "1 definitions removed" in gone.stdout
    assert OWN not in osler.run("definitions", "list").stdout


async def test_what_cannot_be_loaded_is_refused_in_words(database: TestDatabase, tmp_path: Path) -> None:
    osler = Command(database, tmp_path / "data")
    (tmp_path / "not-a-package.tgz").write_bytes(b"plain text")

    for words in (
        ("load", tmp_path / "nothing.tgz"),
        ("load", tmp_path / "not-a-package.tgz"),
        ("list", "--tenant", "nobody"),
        ("policy", "alpha", "sometimes"),
        ("policy", "alpha", "warn", "--profile", "Patient"),
    ):
        done = osler.run("definitions", *words)
        assert done.returncode != 0, words
        assert "Traceback" not in done.stdout + done.stderr, words
