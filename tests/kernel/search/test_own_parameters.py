"""Search parameters that a tenant adds: indexed at once, searched by when complete, refused where they could not work."""

from __future__ import annotations

from typing import Any

import pytest
from tests.kernel.search.conftest import patient, put

from osler.platform.context import Context
from osler.platform.errors import Invalid, Unsupported
from osler.platform.store import filling
from osler.platform.store.search import parse_query
from osler.platform.testing.contexts import process_on

EYES = "http://example.org/eye-colour"


def definition(code: str = "eyes", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "SearchParameter", "id": code, "url": f"http://example.org/SearchParameter/{code}", "name": code,
        "status": "active", "description": "x", "code": code, "base": ["Patient"], "type": "token",
        "expression": f"Patient.extension.where(url='{EYES}').value",
    } | more  # fmt: skip


def with_eyes(id: str, colour: str) -> dict[str, Any]:  # noqa: A002
    return patient(id, extension=[{"url": EYES, "valueCoding": {"system": "urn:eyes", "code": colour}}])


async def fill(ctx: Context) -> int:
    return await filling.fill(ctx.store.kernel, ctx.tenant.key, settled=0)


async def found(ctx: Context, text: str) -> list[str]:
    type_name, _, rest = text.partition("?")
    pairs = [(name, value) for name, _, value in (pair.partition("=") for pair in rest.split("&"))]
    query = parse_query(type_name, pairs, parameters_of=await ctx.store.parameters.known(ctx.tenant.key))
    return sorted(stored.id for stored in (await ctx.store.search(ctx, query)).matches)


async def test_old_and_new_records_are_found_once_the_index_is_complete(ctx: Context, other: Context) -> None:
    await put(ctx, with_eyes("old", "brown"), patient("none"))
    await put(ctx, definition())

    with pytest.raises(Unsupported, match="cannot be searched yet"):
        await found(ctx, "Patient?eyes=brown")
    await put(ctx, with_eyes("meanwhile", "blue"))
    assert await fill(ctx) == 1

    assert await found(ctx, "Patient?eyes=brown") == ["old"]
    assert await found(ctx, "Patient?eyes=urn:eyes|blue") == ["meanwhile"]
    await put(ctx, with_eyes("new", "green"), with_eyes("old", "grey"))
    assert await found(ctx, "Patient?eyes=green") == ["new"]
    assert await found(ctx, "Patient?eyes=brown") == []
    assert await found(ctx, "Patient?eyes=grey&name=smith") == ["old"]
    assert await found(ctx, "Patient?eyes:missing=true") == ["none"]
    await ctx.store.delete(ctx, "Patient", "new")
    assert await found(ctx, "Patient?eyes=green") == []
    with pytest.raises(Unsupported):
        await found(other, "Patient?eyes=brown")
    assert await fill(ctx) == 0


async def test_withdrawn_or_changed_it_is_no_longer_answered(ctx: Context) -> None:
    await put(ctx, with_eyes("a", "brown"), definition())
    await fill(ctx)
    assert await found(ctx, "Patient?eyes=brown") == ["a"]

    await put(ctx, definition(expression="Patient.gender"))
    with pytest.raises(Unsupported, match="yet"):
        await found(ctx, "Patient?eyes=brown")
    await fill(ctx)
    assert await found(ctx, "Patient?eyes=brown") == []

    await put(ctx, definition(status="retired"))
    with pytest.raises(Unsupported, match="not known"):
        await found(ctx, "Patient?eyes=brown")
    await fill(ctx)
    async with ctx.store.connections.lend(ctx.tenant.key) as session:
        assert await session.fetch("select 1 as one from kernel.parameter_ready") == []


async def test_a_rewritten_definition_leaves_no_old_rows(ctx: Context, database: Any) -> None:
    await put(ctx, with_eyes("a", "brown"))
    async with database.owner() as owner:
        before = await owner.fetchval("select count(*) from patient.idx_token")

    await put(ctx, definition())
    await fill(ctx)
    await ctx.store.delete(ctx, "SearchParameter", "eyes")
    await fill(ctx)

    async with database.owner() as owner:
        assert await owner.fetchval("select count(*) from patient.idx_token") == before


@pytest.mark.parametrize(
    ("kind", "expression", "query", "hits"),
    [
        ("string", "Patient.name.family", "smi", ["a"]),
        ("date", "Patient.birthDate", "ge1970", ["a"]),
        ("reference", "Patient.managingOrganization", "Organization/o", ["a"]),
        ("number", "Patient.multipleBirth as integer", "2", ["a"]),
        ("uri", "Patient.implicitRules | Patient.meta.profile", "urn:p", ["a"]),
        ("token", "Patient.name.exists() and Patient.gender = 'female'", "true", ["a"]),
        ("string", "Patient.name.given.first() & ' ' & Patient.name.family.first()", "ann smith", ["a"]),
    ],
)
async def test_every_kind_of_parameter(ctx: Context, kind: str, expression: str, query: str, hits: list[str]) -> None:
    person = {"name": [{"given": ["Ann"], "family": "Smith"}], "birthDate": "1980-01-01", "gender": "female", "multipleBirthInteger": 2}
    organization = {"managingOrganization": {"reference": "Organization/o"}, "meta": {"profile": ["urn:p"]}}
    await put(ctx, {"resourceType": "Patient", "id": "a", **person, **organization}, patient("b", "Jones"))
    await put(ctx, definition("mine", type=kind, expression=expression))
    await fill(ctx)

    assert await found(ctx, f"Patient?mine={query}") == hits


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"code": "family"}, "code"),
        ({"code": "a b"}, "code"),
        ({"expression": "Patient.nothing.here("}, "expression"),
        ({"expression": "Patient.nosuch"}, "expression"),
        ({"expression": None}, "expression"),
        ({"type": "composite"}, "type"),
        ({"base": ["Resource"]}, "base"),
    ],
)
async def test_what_could_not_work_is_refused(ctx: Context, change: dict[str, Any], place: str) -> None:
    wrong = {name: value for name, value in (definition("mine") | change).items() if value is not None}

    with pytest.raises(Invalid, match=place):
        await put(ctx, wrong)

    assert (await ctx.store.parameters.look(ctx.tenant.key)) == {}
    await put(ctx, wrong | {"status": "draft"})


async def test_two_definitions_of_one_code_are_refused(ctx: Context) -> None:
    await put(ctx, definition())

    with pytest.raises(Invalid, match="taken"):
        await put(ctx, definition() | {"id": "second"})


async def test_every_process_learns_of_it(ctx: Context, database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with process_on(database) as second:
        there = second.context(database.alpha)
        with pytest.raises(Unsupported):
            await found(there, "Patient?eyes=brown")
        await put(ctx, definition())
        await fill(ctx)
        monkeypatch.setattr("osler.platform.store.parameters.FRESH", 0.0)

        await put(there, with_eyes("a", "brown"))

        assert await found(there, "Patient?eyes=brown") == ["a"]
        assert await found(ctx, "Patient?eyes=brown") == ["a"]


async def test_the_work_is_asked_for_by_itself(ctx: Context, database: Any) -> None:
    await put(ctx, definition())
    await ctx.store.parameters.fresh(ctx.tenant.key)

    async with database.owner() as owner:
        asked = await owner.fetch("select entrypoint from jobs.pgqueuer")
    assert [row["entrypoint"] for row in asked] == ["exchange.search-parameters"]
