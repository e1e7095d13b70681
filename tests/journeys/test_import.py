"""`osler import`: every container, broken files said by name, and an interrupted run that loads nothing twice."""

from __future__ import annotations

import bz2
import gzip
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.importing import Command, context, importing, load, observation, patient, stored, text, versions

from osler.cli.importing.report import total_of
from osler.cli.importing.sources import sources
from osler.platform.errors import Malformed
from osler.platform.testing.contexts import TestProcess
from osler.platform.testing.database import TestDatabase
from osler.platform.testing.waiting import until

pytestmark = pytest.mark.database


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def post(resource: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"]} | more}


def lines(*resources: object) -> bytes:
    return b"".join(text(resource) + b"\n" for resource in resources)


LINKED = [
    {"fullUrl": "urn:uuid:0e40ff46-3bd5-4f26-9a53-31a5aeb5ed5e", "resource": patient(1, id_=False)},
    {
        "fullUrl": "urn:uuid:27b85b9f-7a19-4fd2-9d0a-7ab0ab9a8b5b",
        "resource": observation(1) | {"subject": {"reference": "urn:uuid:0e40ff46-3bd5-4f26-9a53-31a5aeb5ed5e"}},
    },
]
CONTAINERS: dict[str, bytes] = {
    "single.json": text(patient(1)),
    "single-without-id.json": text(patient(1, id_=False)),
    "pretty.json": json.dumps(patient(1), indent=4).encode(),
    "lines.ndjson": lines(patient(1), patient(2), observation(1)),
    "lines.jsonl": b"\n" + lines(patient(1)) + b"\n\n" + text(patient(2)),
    "lines.ndjson.gz": gzip.compress(lines(patient(1), patient(2))),
    "lines.ndjson.bz2": bz2.compress(lines(patient(1), patient(2))),
    "single.json.gz": gzip.compress(text(patient(1))),
    "transaction.json.bz2": bz2.compress(text(bundle("transaction", post(patient(1)), post(observation(1))))),
    "batch.json": text(bundle("batch", post(patient(1)), post(observation(1)))),
    "collection.json": text(bundle("collection", {"resource": patient(1)}, {"resource": observation(1)})),
    "linked-collection.json": text(bundle("collection", *LINKED)),
    "searchset.json": text(bundle("searchset", {"resource": patient(1), "search": {"mode": "match"}})),
    "document.json": text(bundle("document", {"resource": patient(1)}, {"resource": observation(2)})),
    "bundles.ndjson": lines(bundle("collection", {"resource": patient(1)}), bundle("transaction", post(observation(1)))),
}


@pytest.mark.parametrize("name", CONTAINERS)
async def test_every_container_loads_and_loading_it_again_adds_nothing(name: str, process: TestProcess, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / name).write_bytes(CONTAINERS[name])
    expected = {"lines": {"Patient": 2}, "single": {"Patient": 1}, "pretty": {"Patient": 1}, "searchset": {"Patient": 1}}.get(
        name.split(".")[0].split("-")[0], {"Patient": 1, "Observation": 1}
    ) | ({"Observation": 1} if name == "lines.ndjson" else {})

    first = await load(process, folder)
    again = await load(process, folder)

    assert [result.tally.troubles for result in (*first.results, *again.results)] == [[], []]
    assert total_of(first.results).created == Counter(expected)
    assert total_of(again.results).created == Counter()
    assert total_of(again.results).loaded == sum(expected.values())
    assert await stored(process.database, process.database.alpha) == Counter(expected)


async def test_folders_are_searched_and_other_files_left_alone(process: TestProcess, tmp_path: Path) -> None:
    deep = tmp_path / "files" / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "one.json").write_bytes(text(patient(1)))
    (deep.parent / "README.md").write_text("not FHIR")
    (tmp_path / "files" / "Observation.ndjson").write_bytes(lines(observation(1)))

    work = await load(process, tmp_path / "files")

    assert [result.path.name for result in work.results if result.failed] == []
    assert await stored(process.database, process.database.alpha) == Counter({"Patient": 1, "Observation": 1})


def test_ndjson_of_what_others_point_to_comes_first(tmp_path: Path) -> None:
    for name in ("AllergyIntolerance", "Encounter", "Location", "Observation", "Organization", "Patient", "Practitioner"):
        (tmp_path / f"{name}.000.ndjson").write_bytes(b"")

    names = [source.path.name.split(".")[0] for source in sources([tmp_path])]

    assert names == ["Organization", "Location", "Practitioner", "Patient", "AllergyIntolerance", "Encounter", "Observation"]


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="nowhere is not there"):
        sources([tmp_path / "nowhere"])
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(Malformed, match=r"notes.txt is none of .json"):
        sources([tmp_path / "notes.txt"])


async def test_numbers_keep_their_digits_and_references_inside_a_collection_are_resolved(process: TestProcess, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    body = text(bundle("collection", *LINKED)).replace(b'"value":1,', b'"value":1.00,')
    (folder / "linked.json").write_bytes(body)

    work = await load(process, folder)

    ids = dict(await names(process))
    found = await context(process).store.read(context(process), "Observation", ids["Observation"])
    assert not work.results[0].failed
    assert b'"value":1.00,' in found.content
    assert f'"reference":"Patient/{ids["Patient"]}"'.encode() in found.content


async def names(process: TestProcess) -> list[tuple[str, str]]:
    found = []
    async with process.database.owner() as owner:
        for schema, kind in (("patient", "Patient"), ("encounter", "Observation")):
            found += [(kind, row["id"]) for row in await owner.fetch(f"select id from {schema}.resource")]
    return found


def broken(folder: Path) -> None:
    """Good and bad files side by side."""
    folder.mkdir()
    (folder / "a-good.json").write_bytes(text(patient(1)))
    (folder / "b-truncated.ndjson.gz").write_bytes(gzip.compress(lines(*(patient(n) for n in range(1000, 3000))), 1)[:9000])
    (folder / "c-bad-line.ndjson").write_bytes(lines(patient(10)) + b'{"resourceType": "Patient", "name": [\n' + lines(patient(11)))
    (folder / "d-wrong-type.json").write_bytes(b'{"resourceType":"Pateint","id":"x"}')
    (folder / "e-not-fhir.json").write_bytes(b'{"name":"package","version":"1.0.0"}')
    (folder / "f-broken-rule.ndjson").write_bytes(lines(patient(20), patient(21) | {"gender": "masculine"}, patient(22)))
    (folder / "g-one-bad-entry.json").write_bytes(text(bundle("transaction", post(patient(30)), post({"resourceType": "Observation"}))))
    (folder / "h-cut-off.json").write_bytes(text(bundle("collection", {"resource": patient(40)}))[:-20])
    (folder / "i-not-gzip.json.gz").write_bytes(b"plain text")
    (folder / "j-good.json").write_bytes(text(patient(50)))


async def test_each_broken_file_is_reported_by_name_and_place_and_the_rest_is_loaded(database: TestDatabase, tmp_path: Path) -> None:
    broken(tmp_path / "files")

    done = Command(database, tmp_path / "data").run(
        "import", tmp_path / "files", "--tenant", "alpha", "--continue-on-error", "--report", tmp_path / "report.json"
    )

    report = json.loads((tmp_path / "report.json").read_bytes())
    said = {Path(file["file"]).name: file["issues"][0] for file in report["filesInTrouble"]}
    assert done.returncode == 1, done.stdout + done.stderr
    assert list(said) == sorted(said)
    assert set(said) == {path.name for path in (tmp_path / "files").iterdir()} - {"a-good.json", "j-good.json"}
    assert "before the end-of-stream marker" in said["b-truncated.ndjson.gz"]["diagnostics"]
    assert (said["c-bad-line.ndjson"]["place"], said["c-bad-line.ndjson"]["code"]) == (2, "structure")
    assert said["d-wrong-type.json"]["code"] == "not-supported"
    assert said["e-not-fhir.json"]["diagnostics"] == "not a FHIR resource: it has no resourceType"
    assert (said["f-broken-rule.ndjson"]["place"], said["f-broken-rule.ndjson"]["expression"]) == (2, "Patient.gender")
    assert (said["g-one-bad-entry.json"]["place"], said["g-one-bad-entry.json"]["record"]) == (1, "Observation")
    assert "not JSON" in said["h-cut-off.json"]["diagnostics"]
    assert "Not a gzipped file" in said["i-not-gzip.json.gz"]["diagnostics"]
    assert "8 files in trouble" in done.stdout
    assert report["failed"] == sum(file["failed"] for file in report["filesInTrouble"])
    loaded = await stored(database, database.alpha)
    assert loaded["Observation"] == 0
    async with database.connection(database.alpha) as connection:
        there = {row["id"] for row in await connection.fetch("select id from patient.resource where not deleted")}
    assert {"pat-1", "pat-10", "pat-11", "pat-20", "pat-22", "pat-50"} <= there
    assert not {"pat-21", "pat-30", "pat-40"} & there


async def test_without_continue_on_error_it_stops_at_the_first_broken_file(database: TestDatabase, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    for number in range(40):
        (tmp_path / "files" / f"{number:02}.json").write_bytes(b"{" if number == 0 else text(patient(number)))

    done = Command(database, tmp_path / "data").run("import", tmp_path / "files", "--tenant", "alpha")

    assert done.returncode == 1
    assert "files not tried" in done.stdout.replace("\n", " ")
    assert (await stored(database, database.alpha))["Patient"] < 39


async def test_a_report_says_nothing_about_the_person(process: TestProcess, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    secret = patient(1) | {"name": [{"family": "Unmistakable", "given": 7}], "birthDate": "1944-13-77"}
    (folder / "one.ndjson").write_bytes(lines(secret))

    work = await load(process, folder)

    said = str(work.results[0].tally.troubles)
    assert work.results[0].failed
    assert "Unmistakable" not in said
    assert "1944" not in said


async def test_good_files_end_with_code_0_and_plain_lines_where_there_is_no_terminal(database: TestDatabase, tmp_path: Path) -> None:
    (tmp_path / "one.ndjson").write_bytes(lines(*(patient(number) for number in range(600))))

    done = Command(database, tmp_path / "data").run("import", tmp_path / "one.ndjson", "--tenant", "alpha")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "600 resources from 1 files" in done.stdout.replace("\n", " ")
    assert "\x1b[" not in done.stdout
    assert (await stored(database, database.alpha))["Patient"] == 600


Writes = Callable[[Path], Counter[str]]


def without_ids(folder: Path) -> Counter[str]:
    """Nothing in these lines tells whether a resource has been loaded before."""
    (folder / "observations.ndjson").write_bytes(lines(*(observation(number) for number in range(8_000))))
    return Counter({"Observation": 8_000})


def with_ids(folder: Path) -> Counter[str]:
    (folder / "patients.ndjson").write_bytes(lines(*(patient(number) for number in range(8_000))))
    return Counter({"Patient": 8_000})


def transactions(folder: Path) -> Counter[str]:
    """Server-assigned ids throughout, as Synthea writes them."""
    for number in range(60):
        one = {"fullUrl": "urn:uuid:0e40ff46-3bd5-4f26-9a53-31a5aeb5ed5e"} | post(patient(number, id_=False))
        results = [post(observation(value) | {"subject": {"reference": one["fullUrl"]}}) for value in range(150)]
        (folder / f"{number:03}.json").write_bytes(text(bundle("transaction", one, *results)))
    return Counter({"Patient": 60, "Observation": 60 * 150})


@pytest.mark.parametrize("write", [without_ids, with_ids, transactions])
async def test_after_kill_9_in_the_middle_resume_loads_the_rest_and_nothing_twice(
    write: Writes, database: TestDatabase, tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    expected = write(tmp_path / "files")
    osler = Command(database, tmp_path / "data")
    journal = tmp_path / "data" / "import" / "alpha.jsonl"

    running = osler.start("import", tmp_path / "files", "--tenant", "alpha")
    until(lambda: journal.exists() and journal.read_bytes().count(b"\n") >= 6, "the first chunks", 60)
    running.kill()
    running.communicate()
    partly = (await stored(database, database.alpha)).total()
    resumed = osler.run("import", tmp_path / "files", "--tenant", "alpha", "--resume")

    assert 0 < partly < expected.total()
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert await stored(database, database.alpha) == expected
    assert await versions(database) == 0


async def test_resume_skips_what_the_journal_has_and_reads_a_changed_file_again(process: TestProcess, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "one.json").write_bytes(text(patient(1)))
    (folder / "two.json").write_bytes(text(patient(2)))
    await load(process, folder)
    (folder / "two.json").write_bytes(text(patient(2) | {"gender": "female"}))

    work = importing(process, tmp_path / "journal.jsonl", resume=True)
    await work.run(sources([folder]))

    assert {result.path.name: result.done_before for result in work.results} == {"one.json": True, "two.json": False}
    assert total_of(work.results).updated == Counter({"Patient": 1})
    assert await versions(process.database) == 1
