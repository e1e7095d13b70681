"""Records under a label that an actor may not know of: no chain, list, filter, order, total or include tells that they are there."""

from __future__ import annotations

from msgspec.structs import replace
from tests.kernel.search.conftest import observation, patient, put

from osler.platform.context import Context
from osler.platform.store.search import parse_query, parse_types
from osler.platform.testing.contexts import TestProcess

LABEL = 4


def ref(target: str) -> dict[str, str]:
    return {"reference": target}


async def test_no_way_of_searching_reaches_a_hidden_record(ctx: Context, running: TestProcess) -> None:
    secret = observation("secret", "seen", "hush", encounter=ref("Encounter/stay"), performer=[ref("Practitioner/d")])
    await put(
        ctx,
        patient("seen", "Open"),
        patient("hidden", "Veiled", gender="male"),
        {"resourceType": "Practitioner", "id": "d", "name": [{"family": "House"}]},
        {"resourceType": "Encounter", "id": "stay", "status": "finished", "class": {"code": "AMB"}, "subject": ref("Patient/seen")},
        observation("plain", "seen", "open", encounter=ref("Encounter/stay")),
        observation("of-hidden", "hidden", "open"),
        secret,
        {"resourceType": "List", "id": "list", "status": "current", "mode": "working",
         "entry": [{"item": ref("Observation/secret")}, {"item": ref("Observation/plain")}]},
        {"resourceType": "List", "id": "closed", "status": "current", "mode": "working", "entry": [{"item": ref("Patient/seen")}]},
    )  # fmt: skip
    async with running.database.owner() as connection:
        for service in running.database.services:
            await connection.execute(f"update {service.name}.resource set labels = {LABEL} where id in ('secret', 'hidden', 'closed')")

    searches = {
        "Observation?patient.name=veiled": [],
        "Observation?subject:Patient.gender=male": [],
        "Observation?patient.gender:missing=false": [],
        "Observation?code=open&patient.name=veiled": [],
        "Patient?_has:Observation:patient:code=hush": [],
        "Patient?_has:Observation:patient:code:missing=false&name=veiled": [],
        "Encounter?_has:Observation:encounter:code=hush": [],
        "Practitioner?_has:Observation:performer:code=hush": [],
        "Observation?_list=list": ["plain"],
        "Patient?_list=closed": [],
        "Patient?_filter=name co veil or _has:Observation:patient:code eq hush": [],
        "Observation?_sort=code&patient=seen": ["plain"],
        "Observation?_sort=-date&patient=seen": ["plain"],
        "Observation?encounter.class=AMB": ["plain"],
        "Patient?_sort=name": ["seen"],
    }
    for text, expected in searches.items():
        kind, _, rest = text.partition("?")
        params = [(name, value) for name, _, value in (pair.partition("=") for pair in rest.split("&"))]
        for total in ("accurate", "estimate"):
            query = parse_query(kind, [*params, ("_total", total)])
            page = await ctx.store.search(ctx, replace(query, hidden=LABEL))
            assert ([stored.id for stored in page.matches], page.total) == (expected, len(expected)), text
        everything = await ctx.store.search(ctx, parse_query(kind, params))
        assert len(everything.matches) > len(expected), f"{text}: it is there for those who may know"

    inside = parse_query("Observation", [("_total", "accurate")], compartment="Patient/seen")
    assert (await ctx.store.search(ctx, replace(inside, hidden=LABEL))).total == 1
    both = parse_types(["Patient", "Observation"], [("_total", "accurate")])
    assert (await ctx.store.search(ctx, replace(both, hidden=LABEL))).total == 3
    include = parse_query("Encounter", [("_revinclude", "Observation:encounter"), ("_include:iterate", "Observation:performer")])
    page = await ctx.store.search(ctx, replace(include, hidden=LABEL))
    assert [stored.id for stored in page.included] == ["plain"]
