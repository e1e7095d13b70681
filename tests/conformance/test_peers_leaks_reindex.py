"""Threads of peers about reindexing: jobs that never start, end with nothing indexed, or grow until the memory is gone."""

import pytest

from osler.platform.store import reindexing
from osler.platform.store.filling import Filling
from tests.conformance.peers import Threads

thread = Threads("reindexing")
EYES = "http://hospital.example/eyes"
PEOPLE = 620


@pytest.fixture(scope="module")
async def coloured(clinic):
    """620 patients with an extension that no search parameter of R4 speaks of."""
    colours = [{"system": "urn:eyes", "code": ("blue", "brown")[number % 2]} for number in range(PEOPLE)]
    people = [{"resourceType": "Patient", "extension": [{"url": EYES, "valueCoding": colour}]} for colour in colours]
    entries = [{"request": {"method": "POST", "url": "Patient"}, "resource": one} for one in people]
    answer = await clinic.alpha.ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert answer.status_code == 200, answer.text
    return PEOPLE


async def total(client, query):
    answer = await client.get(f"{query}&_summary=count")
    assert answer.status_code == 200, answer.text
    return answer.json()["total"]


@thread("microsoft#4020", "hapi#5041", "hapi#3684", "microsoft#2200")
async def test_a_new_parameter_is_refused_until_it_is_complete_and_then_finds_every_old_record(clinic, alpha, beta, coloured):
    parameter = {
        "resourceType": "SearchParameter",
        "url": "http://hospital.example/SearchParameter/eyes",
        "name": "eyes",
        "status": "active",
        "description": "The colour of the eyes",
        "code": "eyes",
        "base": ["Patient"],
        "type": "token",
        "expression": f"Patient.extension.where(url='{EYES}').value",
    }
    assert (await alpha.get("Patient?eyes=blue")).status_code == 400
    await alpha.made(parameter)
    assert (await alpha.get("Patient?eyes=blue")).status_code == 400  # never an answer that lacks what was there before

    kernel = clinic.store.kernel
    filling = Filling(kernel.connections, kernel.owners, kernel.parameters, reindexing.reindexing(kernel))
    assert await filling.run(clinic.tenants[0].key, settled=0) == 1

    assert await total(alpha, "Patient?eyes=blue") == await total(alpha, "Patient?eyes=urn:eyes|brown") == coloured // 2
    await alpha.made({"resourceType": "Patient", "extension": [{"url": EYES, "valueCoding": {"system": "urn:eyes", "code": "green"}}]})
    assert await total(alpha, "Patient?eyes=green") == 1
    assert (await beta.get("Patient?eyes=blue")).status_code == 400


@thread("hapi#4764")
async def test_it_goes_in_batches_of_a_fixed_size_and_counts_what_it_has_done(clinic, alpha, coloured):
    steps = []

    done = await reindexing.reindexing(clinic.store.kernel).run(clinic.tenants[0].key, "Patient", advance=steps.append)

    assert done.records == sum(steps) >= coloured
    assert len(steps) > 1
    assert max(steps) <= reindexing.BATCH <= 1000
    assert done.counted >= done.records
    assert done.added == done.removed == 0


@thread("hapi#5041 resumed")
async def test_one_that_was_cut_off_goes_on_where_it_stopped(clinic, alpha, coloured):
    class Cut(Exception):
        pass

    def cut_off(_):
        raise Cut

    with pytest.raises(Cut):
        await reindexing.reindexing(clinic.store.kernel).run(clinic.tenants[0].key, "Patient", advance=cut_off)
    steps = []
    done = await reindexing.reindexing(clinic.store.kernel).run(clinic.tenants[0].key, "Patient", resume=True, advance=steps.append)

    assert done.records >= coloured
    assert await total(alpha, "Patient?active:missing=true") >= coloured


def test_threads_about_reindexing(judge):
    thread.report(judge)
