"""One record's life: created, read, updated, deleted, restored, and every version still there."""

from __future__ import annotations

import msgspec
import pytest

from osler.platform.context import Context
from osler.platform.errors import Conflict, Gone, NotFound, VersionConflict
from osler.platform.testing.resources import make_patient


async def test_what_is_created_is_read_back_byte_for_byte_with_id_and_version(ctx: Context) -> None:
    written = await ctx.store.create(ctx, make_patient())

    read = await ctx.store.read(ctx, "Patient", written.stored.id)

    assert written.created
    assert read == written.stored
    body = msgspec.json.decode(read.content)
    assert body["id"] == read.id
    assert body["meta"]["versionId"] == "1"
    assert body["name"] == [{"family": "Curie"}]


async def test_an_update_makes_a_new_version_and_keeps_the_old_one(ctx: Context) -> None:
    first = await ctx.store.create(ctx, make_patient())

    second = await ctx.store.update(ctx, make_patient("Sklodowska"), first.stored.id)

    assert (second.outcome, second.stored.version) == ("updated", 2)
    assert await ctx.store.read(ctx, "Patient", first.stored.id) == second.stored
    assert await ctx.store.vread(ctx, "Patient", first.stored.id, "1") == first.stored
    assert await ctx.store.vread(ctx, "Patient", first.stored.id, "2") == second.stored
    with pytest.raises(NotFound):
        await ctx.store.vread(ctx, "Patient", first.stored.id, "3")


async def test_an_update_of_what_is_not_there_creates_it_under_that_id(ctx: Context) -> None:
    written = await ctx.store.update(ctx, make_patient(), "marie.1")

    assert (written.created, written.stored.id, written.stored.version) == (True, "marie.1", 1)
    with pytest.raises(Conflict):
        await ctx.store.create(ctx, make_patient(), "marie.1")
    with pytest.raises(VersionConflict):
        await ctx.store.update(ctx, make_patient(), "marie.1", if_none_match_any=True)


async def test_a_deleted_record_answers_410_keeps_its_history_and_goes_on_counting_when_it_comes_back(ctx: Context) -> None:
    first = await ctx.store.create(ctx, make_patient())
    id_ = first.stored.id

    deleted = await ctx.store.delete(ctx, "Patient", id_)
    again = await ctx.store.delete(ctx, "Patient", id_)
    with pytest.raises(Gone):
        await ctx.store.read(ctx, "Patient", id_)
    with pytest.raises(Gone):
        await ctx.store.vread(ctx, "Patient", id_, "2")
    back = await ctx.store.update(ctx, make_patient(), id_)

    assert (deleted.outcome, deleted.stored.version, again.outcome) == ("deleted", 2, "unchanged")
    assert (back.outcome, back.stored.version) == ("created", 3)
    page = await ctx.store.history(ctx, "Patient", id_)
    assert [(entry.version, entry.method) for entry in page.entries] == [(3, "PUT"), (2, "DELETE"), (1, "POST")]


async def test_deleting_what_never_was_changes_nothing(ctx: Context) -> None:
    written = await ctx.store.delete(ctx, "Patient", "nobody")

    assert (written.outcome, written.stored.version) == ("unchanged", 0)
    with pytest.raises(NotFound):
        await ctx.store.history(ctx, "Patient", "nobody")


async def test_if_match_lets_only_the_present_version_be_replaced(ctx: Context) -> None:
    first = await ctx.store.create(ctx, make_patient())
    id_ = first.stored.id
    await ctx.store.update(ctx, make_patient(), id_, if_match=1)

    for attempt in (ctx.store.update(ctx, make_patient("Late"), id_, if_match=1), ctx.store.delete(ctx, "Patient", id_, if_match=1)):
        with pytest.raises(VersionConflict):
            await attempt
    with pytest.raises(VersionConflict):
        await ctx.store.update(ctx, make_patient(), "nobody", if_match=1)

    assert (await ctx.store.read(ctx, "Patient", id_)).version == 2
