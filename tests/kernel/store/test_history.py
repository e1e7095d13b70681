"""Histories show every version, deletions too, newest first, page by page without a gap or a double."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from osler.platform.clock import FixedClock
from osler.platform.context import Context
from osler.platform.errors import Malformed
from osler.platform.store import HistoryPage
from osler.platform.testing.resources import make_observation, make_patient

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def names(page: HistoryPage) -> list[str]:
    return [f"{entry.type}/{entry.id}/{entry.version}{'!' if entry.deleted else ''}" for entry in page.entries]


@pytest.fixture
async def past(ctx: Context) -> Context:
    """12:00 patient a, 13:00 observation o, 14:00 a again, 15:00 o deleted, 16:00 patient b."""
    clock = FixedClock(NOON)
    past = replace(ctx, clock=clock)
    for write in (
        lambda: past.store.update(past, make_patient("1"), "a"),
        lambda: past.store.update(past, make_observation("a"), "o"),
        lambda: past.store.update(past, make_patient("2"), "a"),
        lambda: past.store.delete(past, "Observation", "o"),
        lambda: past.store.update(past, make_patient("3"), "b"),
    ):
        await write()
        clock.advance(HOUR)
    return past


async def test_of_a_record_of_a_type_and_of_everything(past: Context) -> None:
    store = past.store
    assert names(await store.history(past, "Patient", "a")) == ["Patient/a/2", "Patient/a/1"]
    assert names(await store.history(past, "Observation", "o")) == ["Observation/o/2!", "Observation/o/1"]
    assert names(await store.history(past, "Patient")) == ["Patient/b/1", "Patient/a/2", "Patient/a/1"]
    everything = ["Patient/b/1", "Observation/o/2!", "Patient/a/2", "Observation/o/1", "Patient/a/1"]
    assert names(await store.history(past)) == everything


async def test_since_shows_what_was_written_then_or_later(past: Context) -> None:
    since = NOON + 2 * HOUR
    assert names(await past.store.history(past, since=since)) == ["Patient/b/1", "Observation/o/2!", "Patient/a/2"]
    assert names(await past.store.history(past, "Patient", "a", since=since + HOUR)) == []


async def test_at_shows_what_was_current_at_some_time_in_the_period(past: Context) -> None:
    half = timedelta(minutes=30)
    at = (NOON + HOUR + half, NOON + 2 * HOUR + half)
    assert names(await past.store.history(past, at=at)) == ["Patient/a/2", "Observation/o/1", "Patient/a/1"]
    late = (NOON + 9 * HOUR, NOON + 10 * HOUR)
    assert names(await past.store.history(past, "Patient", at=late)) == ["Patient/b/1", "Patient/a/2"]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 9])
async def test_pages_follow_each_other_without_gap_or_double(past: Context, size: int) -> None:
    whole = names(await past.store.history(past))
    found: list[str] = []
    cursor = None
    while True:
        page = await past.store.history(past, count=size, cursor=cursor)
        found += names(page)
        cursor = page.next
        if cursor is None:
            break
        assert len(page.entries) == size

    assert found == whole


async def test_a_page_link_we_did_not_write_is_refused(past: Context) -> None:
    with pytest.raises(Malformed):
        await past.store.history(past, cursor="bm9wZQ")
