"""The real thing: 82 files with 60,271 resources that none of us wrote go in whole.

The rule of counting: every entry counts once, as created, updated or existing. An `ifNoneExist` that matched, and what an earlier
run has loaded, are existing; only what is created makes the store grow.
"""

from __future__ import annotations

import bz2
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from tests.journeys.importing import importing, load, stored

from osler.cli.importing.report import total_of
from osler.cli.importing.sources import sources
from osler.platform.testing import shared_data
from osler.platform.testing.contexts import TestProcess

pytestmark = pytest.mark.database


class Typed(msgspec.Struct):
    resourceType: str  # noqa: N815 - FHIR's spelling


class Entry(msgspec.Struct):
    resource: Typed


class Bundle(msgspec.Struct):
    entry: list[Entry]


def counted(folder: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for path in folder.glob("*.bz2"):
        found.update(entry.resource.resourceType for entry in msgspec.json.decode(bz2.decompress(path.read_bytes()), type=Bundle).entry)
    return found


async def test_all_synthea_files_load_completely_and_the_store_holds_as_many_of_each_type(process: TestProcess, tmp_path: Path) -> None:
    folder = shared_data("synthea", "blaze-2021")
    expected = counted(folder)
    assert expected.total() == 60_271

    began = time.monotonic()
    work = await load(process, folder)
    seconds = time.monotonic() - began

    total = total_of(work.results)
    print(f"\n{len(work.results)} files, {total.loaded:,} resources in {seconds:.1f} s, {total.loaded / seconds:,.0f}/s")
    print(", ".join(f"{kind} {count:,}" for kind, count in total.created.most_common()))
    assert [str(result.path) for result in work.results if result.failed] == []
    assert total.created == expected
    assert await stored(process.database, process.database.alpha) == expected


async def test_a_second_import_of_the_same_patients_makes_nothing(process: TestProcess, tmp_path: Path) -> None:
    folder = shared_data("synthea", "blaze-2021")
    smallest = sorted(folder.glob("*.bz2"), key=lambda path: path.stat().st_size)[:4]
    chosen = [*folder.glob("0-*.bz2"), *smallest]
    first = await load(process, tmp_path / "x", *chosen)
    before = await stored(process.database, process.database.alpha)

    again = await load(process, tmp_path / "x", *chosen)

    assert total_of(first.results).created == before
    assert total_of(again.results).existing == before
    assert total_of(again.results).created.total() == 0
    assert await stored(process.database, process.database.alpha) == before


async def test_hospitals_and_practitioners_come_before_the_patients_who_refer_to_them(process: TestProcess, tmp_path: Path) -> None:
    folder = shared_data("synthea", "blaze-2021")

    names = [source.path.name for source in sources([folder])]

    assert names[0].startswith("0-hospitalInformation")
    assert names[1].startswith("0-practitionerInformation")
    assert len(names) == 82


async def test_a_patient_whose_hospitals_are_missing_is_refused_whole_and_said_so(process: TestProcess, tmp_path: Path) -> None:
    folder = shared_data("synthea", "blaze-2021")
    one = min((path for path in folder.glob("*.bz2") if not path.name.startswith("0-")), key=lambda path: path.stat().st_size)
    work = importing(process, tmp_path / "journal.jsonl")

    await work.run(sources([one]))

    trouble = work.results[0].tally.troubles[0]
    assert work.results[0].failed
    assert (trouble.code, trouble.diagnostics) == ("not-found", "A conditional reference matches nothing")
    assert trouble.record in ("Encounter", "Claim", "Patient", "Condition", "Observation", "Procedure", "Immunization", "CareTeam")
    assert await stored(process.database, process.database.alpha) == Counter()
