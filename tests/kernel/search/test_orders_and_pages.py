"""Orders of every kind, pages forwards and backwards while records come and go, totals, and cursors in the wrong hands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.kernel.search.conftest import observation, patient, put, search

from osler.platform.clock import SystemClock
from osler.platform.context import Actor, Context
from osler.platform.errors import Malformed
from osler.platform.store.search import page as paging
from osler.platform.store.search import parse_query, parse_types, sorting
from osler.platform.testing.contexts import TestProcess

NURSE = Actor("user/00000000-0000-0000-0000-000000000003", "user", frozenset({"nurse"}))


class Later(SystemClock):
    """Two days on."""

    def now(self) -> Any:
        return super().now() + timedelta(days=2)


def ids_of(page: Any) -> list[str]:
    return [stored.id for stored in page.matches]


async def walk(ctx: Context, text: str, count: int) -> list[list[str]]:
    """Every page from the first to the last."""
    page = await search(ctx, f"{text}&_count={count}")
    pages = [ids_of(page)]
    while page.next:
        page = await search(ctx, f"{text}&_count={count}&_cursor={page.next}")
        pages.append(ids_of(page))
    return pages


@pytest.fixture
async def records(ctx: Context) -> Context:
    await put(
        ctx,
        patient("a", "Zeta", gender="male", birthDate="1990-01-01", identifier=[{"value": "3"}],
                generalPractitioner=[{"reference": "Practitioner/z"}]),
        patient("b", "Alpha", gender="female", identifier=[{"value": "1"}]),
        patient("c", "alpha", birthDate="1980", identifier=[{"value": "2"}], generalPractitioner=[{"reference": "Practitioner/a"}]),
        patient("d", "Mid", gender="female", birthDate="2000-05-05"),
        observation("o1", "a", "2-2", "2020-01-01", valueQuantity={"value": 7}),
        observation("o2", "b", "1-1", "2020-01-02", valueQuantity={"value": 5, "comparator": "<"}),
        observation("o3", "a", "2-2", "2020-01-03"),
        observation("o4", "c", "3-3", "2020-01-04", valueQuantity={"value": 6}),
        {"resourceType": "RiskAssessment", "id": "r1", "status": "final", "subject": {"reference": "Patient/a"},
         "prediction": [{"probabilityDecimal": 0.7}]},
        {"resourceType": "RiskAssessment", "id": "r2", "status": "final", "subject": {"reference": "Patient/a"},
         "prediction": [{"probabilityDecimal": 0.2}]},
        {"resourceType": "Questionnaire", "id": "q1", "status": "active", "url": "http://b"},
        {"resourceType": "Questionnaire", "id": "q2", "status": "active", "url": "http://a"},
    )  # fmt: skip
    return ctx


ORDERS = {
    "Patient?_sort=family,_id": "b c d a",
    "Patient?_sort=-family,-_id": "a d c b",
    "Patient?_sort=birthdate,_id": "c a d b",
    "Patient?_sort=-birthdate,_id": "d a c b",
    "Patient?_sort=gender,_id": "b d a c",
    "Patient?_sort=-gender,_id": "a b d c",
    "Patient?_sort=identifier,_id": "b c a d",
    "Patient?_sort=-identifier": "a c b d",
    "Patient?_sort=general-practitioner,_id": "c a b d",
    "Patient?_sort=gender,-birthdate": "d b a c",
    "Patient?_sort=family,-gender,birthdate": "b c d a",
    "Patient?_sort=_id": "a b c d",
    "Patient?_sort=-_id": "d c b a",
    "Observation?_sort=value-quantity,_id": "o2 o4 o1 o3",
    "Observation?_sort=-value-quantity": "o1 o4 o2 o3",
    "Observation?_sort=code,-date": "o2 o3 o1 o4",
    "Observation?_sort=-code,date": "o4 o1 o3 o2",
    "Observation?_sort=date": "o1 o2 o3 o4",
    "Observation?_sort=patient,_id": "o1 o3 o2 o4",
    "Observation?patient=a&_sort=-code,_id": "o1 o3",
    "Observation?code=2-2&_sort=-date": "o3 o1",
    "Observation?patient.gender=male&_sort=status,-date": "o3 o1",
    "RiskAssessment?_sort=probability": "r2 r1",
    "RiskAssessment?_sort=-probability": "r1 r2",
    "Questionnaire?_sort=url": "q2 q1",
}


async def test_every_kind_of_parameter_orders_and_without_a_value_is_last(records: Context) -> None:
    found = {text: " ".join(ids_of(await search(records, text))) for text in ORDERS}

    assert found == ORDERS


async def test_pages_of_every_order_go_forwards_and_back_the_same_way(records: Context) -> None:
    for text, expected in ORDERS.items():
        pages = await walk(records, text, 1)
        assert [found for page in pages for found in page] == expected.split(), text

        page = await search(records, f"{text}&_count=1")
        while page.next:
            page = await search(records, f"{text}&_count=1&_cursor={page.next}")
        back = [ids_of(page)]
        while page.prev:
            page = await search(records, f"{text}&_count=1&_cursor={page.prev}")
            back.append(ids_of(page))
        assert back == pages[::-1], text
        assert page.first is not None
        assert ids_of(await search(records, f"{text}&_count=1&_cursor={page.first}")) == pages[0], text


@pytest.mark.parametrize("text", ["Patient?", "Patient?name=page", "Patient?_sort=_id", "Patient?_sort=family", "Patient?_sort=gender",
                                  "Patient?_sort=birthdate", "Patient?gender=male"])  # fmt: skip
async def test_what_stays_is_shown_once_while_others_come_change_and_go(ctx: Context, text: str) -> None:
    await put(ctx, *(patient(f"s{number:02}", f"Page{number:02}", gender="male", birthDate="1990-01-01") for number in range(20)))

    page = await search(ctx, f"{text}&_count=3")
    seen = ids_of(page)
    step = 0
    while page.next:
        step += 1
        await put(
            ctx,
            patient(f"n{step}", f"Page{step}x", gender="male"),
            patient("s19", "Page19", gender="male", birthDate="1990-01-01", active=True),
        )
        if step == 2:
            await ctx.store.delete(ctx, "Patient", seen[0])
        page = await search(ctx, f"{text}&_count=3&_cursor={page.next}")
        seen += ids_of(page)

    assert len(seen) == len(set(seen))
    assert {f"s{number:02}" for number in range(20)} <= set(seen)


async def test_a_page_read_backwards_shows_what_has_come_since(ctx: Context) -> None:
    await put(ctx, *(patient(f"p{number}") for number in (0, 2, 4, 6)))

    first = await search(ctx, "Patient?_sort=_id&_count=2")
    second = await search(ctx, f"Patient?_cursor={first.next}")
    await put(ctx, patient("p3"))
    before = await search(ctx, f"Patient?_cursor={second.prev}")

    assert (ids_of(first), ids_of(second), ids_of(before)) == (["p0", "p2"], ["p4", "p6"], ["p2", "p3"])
    assert before.next
    assert ids_of(await search(ctx, f"Patient?_cursor={before.next}")) == ["p4", "p6"]


async def test_a_cursor_is_for_one_actor_one_search_and_one_day(records: Context, running: TestProcess) -> None:
    cursor = (await search(records, "Patient?_sort=family&_count=1")).next

    colleague = running.context(running.database.alpha, NURSE)
    tomorrow = running.context(running.database.alpha, clock=Later())
    stranger = running.context(running.database.beta)
    for who in (colleague, stranger):
        with pytest.raises(Malformed, match="_cursor"):
            await search(who, f"Patient?_cursor={cursor}")
    with pytest.raises(Malformed, match="expired"):
        await search(tomorrow, f"Patient?_cursor={cursor}")
    for text in (
        f"Observation?_cursor={cursor}",
        f"Patient?gender=male&_cursor={cursor}",
        f"Patient?_cursor={cursor}x",
        f"Patient?_cursor=x{cursor}",
    ):
        with pytest.raises(Malformed, match="_cursor"):
            await search(records, text.format(cursor))


async def test_totals_are_exact_estimated_or_absent(records: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await search(records, "Patient?_count=1")).total is None
    assert (await search(records, "Patient?_total=none&gender=female")).total is None
    for total in ("accurate", "estimate"):
        page = await search(records, f"Patient?gender=female&_count=1&_total={total}")
        assert (page.total, page.notes) == (2, ())
        assert (await search(records, f"Patient?_sort=gender&_count=1&_total={total}")).total == 4
    counted = await search(records, "Patient?_count=0")
    assert (counted.matches, counted.total, counted.next) == ([], 4, None)

    monkeypatch.setattr(paging, "MOST_COUNTED", 2)
    monkeypatch.setattr("osler.platform.store.search.run.MOST_COUNTED", 2)
    page = await search(records, "Patient?_total=estimate")
    assert page.total is not None
    assert page.total >= 3
    assert any("estimate" in note for note in page.notes)


async def test_too_many_to_put_in_order_are_refused_not_cut(records: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "MOST_SORTED", 3)

    with pytest.raises(Malformed, match="too many to sort by gender") as refused:
        await search(records, "Patient?_sort=gender")
    assert refused.value.issues[0].code == "too-costly"
    assert ids_of(await search(records, "Patient?gender=female&_sort=gender,_id")) == ["b", "d"]


async def test_what_a_page_is_ordered_by_is_read_but_only_the_page_is_recorded(records: Context) -> None:
    page = await search(records, "Patient?_sort=gender&_count=1")

    sql = "select detail from audit.event where tenant = $1 and action = 'S' order by at desc limit 1"
    async with records.store.connections.lend(records.tenant.key) as session:
        rows = await session.fetch(sql, records.tenant.key)
    assert [word for word in rows[0][0].split() if "/" in word] == [f"Patient/{page.matches[0].id}/1"]


@pytest.mark.parametrize("name", ["_count", "_sort", "_total", "_summary", "_cursor"])
def test_what_a_search_has_once_is_refused_twice(name: str) -> None:
    value = {"_count": "1", "_sort": "_id", "_total": "none", "_summary": "true", "_cursor": "x"}[name]

    with pytest.raises(Malformed, match=name):
        parse_query("Patient", [(name, value), (name, value)])


def test_a_page_larger_than_the_largest_says_so() -> None:
    query = parse_query("Patient", [("_count", "5000")])

    assert query.count == 1000
    assert any("1000" in note for note in query.notes)


async def test_several_types_are_one_search(records: Context, other: Context) -> None:
    await put(other, patient("z"), observation("y"))
    types = ["Patient", "Observation", "Questionnaire"]

    async def every(params: list[tuple[str, str]]) -> list[str]:
        page = await records.store.search(records, parse_types(types, params))
        found = [f"{stored.type}/{stored.id}" for stored in page.matches]
        while page.next:
            page = await records.store.search(records, parse_types(types, [*params, ("_cursor", page.next)]))
            found += [f"{stored.type}/{stored.id}" for stored in page.matches]
        return found

    assert sorted(await every([("_count", "3")])) == sorted(
        [f"Patient/{name}" for name in "abcd"]
        + [f"Observation/o{number}" for number in range(1, 5)]
        + ["Questionnaire/q1", "Questionnaire/q2"]
    )
    assert await every([("_id", "a,o2,q1,nobody"), ("_sort", "_id"), ("_count", "1")]) == [
        "Patient/a",
        "Observation/o2",
        "Questionnaire/q1",
    ]
    newest = await every([("_sort", "-_lastUpdated"), ("_count", "4")])
    assert await every([("_sort", "_lastUpdated"), ("_count", "4")]) == newest[::-1]
    page = await records.store.search(records, parse_types(types, [("_lastUpdated", "gt2000"), ("_total", "accurate"), ("_count", "2")]))
    assert page.total == 10
    back = await records.store.search(records, parse_types(types, [("_cursor", page.next or "")]))
    assert back.prev is not None
    again = await records.store.search(records, parse_types(types, [("_cursor", back.prev)]))
    assert ids_of(again) == ids_of(page)


def test_what_one_of_several_types_does_not_know_is_left_out_for_all() -> None:
    query = parse_types(
        ["Patient", "Observation"], [("_type", "Patient,Observation"), ("family", "x"), ("code", "y"), ("_id", "z")], lenient=True
    )

    assert query.ignored == ("family", "code")
    assert query.used == (("_type", "Patient,Observation"), ("_id", "z"))
    assert [len(part.conditions) for part in query.parts] == [1, 1]


async def test_a_count_needs_no_order(records: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "MOST_SORTED", 1)

    assert (await search(records, "Patient?_sort=gender&_count=0")).total == 4


@pytest.mark.parametrize("params", [[("family", "x")], [("_sort", "family")], [("_include", "Encounter:patient")]])
def test_several_types_take_what_all_of_them_know(params: list[tuple[str, str]]) -> None:
    with pytest.raises(Exception, match=params[0][0]):
        parse_types(["Patient", "Observation"], params)


async def test_pages_of_a_word_are_whole_whether_the_type_is_walked_or_its_hits_are_gathered(ctx: Context) -> None:
    """The walk goes through 250 records at least: of the 700, a dense word fills its pages there, a rare one does not."""
    made = []
    for number in range(700):
        words = ["common", *(["seldom"] if number % 140 == 3 else [])]
        made.append(patient(f"w{number:03}", "Word", text={"status": "generated", "div": narrative(" ".join(words))}))
    await put(ctx, *made)

    for word, expected in (("common", {f"w{number:03}" for number in range(700)}), ("seldom", {f"w{3 + 140 * n:03}" for n in range(5)})):
        pages = await walk(ctx, f"Patient?_text={word}", 3 if word == "seldom" else 90)
        found = [one for page in pages for one in page]
        assert sorted(found) == sorted(expected)
        assert found == sorted(found, reverse=True)

    first = await search(ctx, "Patient?_text=common&_count=90")
    second = await search(ctx, f"Patient?_text=common&_count=90&_cursor={first.next}")
    back = await search(ctx, f"Patient?_text=common&_count=90&_cursor={second.prev}")
    assert ids_of(back) == ids_of(first)


def narrative(text: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{text}</div>'
