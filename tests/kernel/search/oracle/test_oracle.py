"""Judge 5: random resources and random searches, our SQL against a slow, obvious reading of the same JSON."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.kernel.search.oracle.oracle import Address, World
from tests.kernel.search.oracle.resources import VALUE_SET, Json, Maker
from tests.kernel.search.oracle.searches import Search, searches
from tests.kernel.search.oracle.values import NOW, cut

from osler.platform import fhir
from osler.platform.access import readable
from osler.platform.context import Actor, Context
from osler.platform.errors import OslerError
from osler.platform.fhir import TYPES
from osler.platform.store.search import Query, parse_query, parse_types
from osler.platform.testing.contexts import process_on
from osler.platform.testing.database import TestDatabase

Judge = Callable[[str, int, int], None]
CLIENT = Actor("client/oracle", "client", frozenset({"system"}))
BILLER = Actor("user/biller", "user", frozenset({"biller"}))
ALWAYS = ("Patient", "Observation", "Encounter", "Condition", "Practitioner", "Organization", "MedicationRequest", "DiagnosticReport")
NEVER = {"Binary", "Bundle", "Parameters", "OperationOutcome", "SearchParameter", "CatalogEntry"}
"""Holders of other resources, and what changes how the server itself searches."""
EACH = 8
SEED = int(os.environ.get("OSLER_ORACLE_SEED", "1"))
PAIRS = int(os.environ.get("OSLER_ORACLE_PAIRS", "500"))
WORLDS, FULL_PAIRS = 20, 510
MOST_TOLD = 25


def types_of(seed: int) -> list[str]:
    """The types of one world: those every clinic has, and a slice of all others that moves on with the seed."""
    others = [kind for kind in TYPES if kind not in NEVER and kind not in ALWAYS]
    start = seed * 24 % len(others)
    return sorted({*ALWAYS, *(others + others)[start : start + 24]})


async def loaded(ctx: Context, seed: int) -> World:
    """A world in the store, read back. Many records had other content before, and some are deleted."""
    present: dict[tuple[str, str], Json] = {}
    kinds = types_of(seed)
    earlier = Maker(seed + 1000, kinds, EACH).world()
    for number, resource in enumerate([*earlier, *Maker(seed, kinds, EACH).world(), VALUE_SET]):
        address = resource["resourceType"], resource["id"]
        try:
            parsed = fhir.parse(json.dumps(resource).encode())
            present[address] = json.loads((await ctx.store.update(ctx, parsed, resource["id"])).stored.content)
            if number % 11 == 0 and resource is not VALUE_SET:
                await ctx.store.delete(ctx, *address)
                del present[address]
        except OslerError:
            continue
    return World(present.values())


def query_of(search: Search, more: Sequence[tuple[str, str]] = ()) -> Query:
    params = [*search.params, ("_count", str(search.count)), ("_total", "accurate"), *more]
    if search.keys:
        params.append(("_sort", ",".join(search.keys)))
    if len(search.types) > 1:
        return parse_types(search.types, params, now=NOW)
    return parse_query(search.types[0], params, now=NOW, compartment=search.compartment)


async def every_page(ctx: Context, search: Search) -> tuple[list[Address], int | None]:
    """What all pages show, in order, and the total the first one gave."""
    page = await ctx.store.search(ctx, query_of(search))
    found, total = [(stored.type, stored.id) for stored in page.matches], page.total
    while page.next:
        page = await ctx.store.search(ctx, query_of(search, [("_cursor", page.next)]))
        assert page.matches, "a next page shows something"
        found += [(stored.type, stored.id) for stored in page.matches]
    return found, total


async def cleared(connection: Any) -> None:
    """Forget everything in every schema, so that the next world stands alone."""
    tables = await connection.fetch(
        "select table_schema, table_name from information_schema.columns where column_name = 'tenant' "
        "and (table_name like 'resource%' or table_name like 'idx\\_%')"
    )
    for schema, table in tables:
        await connection.execute(f'truncate "{schema}"."{table}" cascade')


def in_order(world: World, resources: list[Json], keys: tuple[str, ...]) -> bool:
    """Whether no resource stands behind one that must come after it."""
    for before, after in pairwise(resources):
        for key in keys:
            one, other = world.sort_key(before, key), world.sort_key(after, key)
            if one == other:
                continue
            if one is None or (other is not None and (one < other) == key.startswith("-")):
                return False
            break
    return True


async def disagreement(ctx: Context, world: World, search: Search) -> str | None:
    """What the store and the oracle see differently, with the resources it is about."""
    expected = world.search(search.types, search.params, search.compartment)
    try:
        found, total = await every_page(ctx, search)
    except OslerError as refused:
        if ("cannot lead to" in refused.message or "does not point at" in refused.message) and not expected:
            return None
        return f"{search}: refused: {refused} {refused.issues}"
    if sorted(found) != sorted(expected):
        about = [world.resources.get(address) for address in sorted({*found} ^ expected)[:1]]
        return f"{search}\n  only store: {sorted({*found} - expected)}\n  only oracle: {sorted(expected - {*found})}\n  {json.dumps(about)}"
    if total != len(expected):
        return f"{search}: total {total} for {len(expected)}"
    if not in_order(world, [world.resources[address] for address in found], search.keys):
        keys = [[str(world.sort_key(world.resources[address], key)) for key in search.keys] for address in found]
        return f"{search}: out of order: {found} {keys}"
    return None


@pytest.fixture(scope="module")
async def ctx(module_database: TestDatabase) -> AsyncIterator[Context]:
    async with process_on(module_database) as running:
        yield running.context(module_database.alpha, CLIENT)


def drawn(world: World, pairs: int) -> list[Search]:
    """That many searches of a world, as hypothesis varies them."""
    made: list[Search] = []

    @settings(max_examples=pairs, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(search=searches(world))
    def collect(search: Search) -> None:
        made.append(search)

    collect()
    return made[:pairs]


async def smaller(ctx: Context, world: World, search: Search) -> Search:
    """The same disagreement with as little as shows it: parameters, alternatives and order taken away one by one."""
    while True:
        for less in reductions(search):
            if await disagreement(ctx, world, less) is not None:
                search = less
                break
        else:
            return search


def reductions(search: Search) -> list[Search]:
    """The search with one thing less."""
    found = [replace(search, params=search.params[:at] + search.params[at + 1 :]) for at in range(len(search.params))]
    for at, (name, text) in enumerate(search.params):
        parts = cut(text, ",")
        found += [replace(search, params=(*search.params[:at], (name, part), *search.params[at + 1 :])) for part in parts if len(parts) > 1]
    if search.keys:
        found.append(replace(search, keys=search.keys[1:]))
    if len(search.types) > 1:
        found += [replace(search, types=(one,)) for one in search.types]
    if search.compartment and search.params:
        found.append(replace(search, compartment=""))
    if search.count != 50:
        found.append(replace(search, count=50))
    return found


async def judged(ctx: Context, seed: int, pairs: int) -> Verdict:
    """Random searches of one world, most by somebody who may read everything, some by somebody who may read a part of it."""
    world = await loaded(ctx, seed)
    assert len(world.resources) > 100, "most random resources are valid"
    asked = drawn(world, pairs)
    finding = sum(1 for search in asked if world.search(search.types, search.params, search.compartment))
    assert finding * 4 > len(asked), "enough of the searches find something"
    partial = replace(ctx, actor=BILLER)
    part = world.only(readable(BILLER))
    verdict = Verdict()
    for number, search in enumerate(asked):
        if number % 4 == 3 and readable(BILLER).issuperset(search.types):
            await verdict.take(partial, part, search)
        else:
            await verdict.take(ctx, world, search)
    return verdict


@dataclass
class Verdict:
    """How many pairs agree, of how many, and each difference, as small as it gets."""

    agree: int = 0
    pairs: int = 0
    told: dict[str, str] = field(default_factory=dict)

    async def take(self, ctx: Context, world: World, search: Search) -> None:
        self.pairs += 1
        if await disagreement(ctx, world, search) is None:
            self.agree += 1
        elif len(self.told) < MOST_TOLD:
            least = await smaller(ctx, world, search)
            key = f"{least.types} {[name for name, _ in least.params]} {least.keys} {least.compartment} {ctx.actor.id}"
            self.told[key] = f"{ctx.actor.id}: {await disagreement(ctx, world, least)}"

    def add(self, other: Verdict) -> None:
        self.agree, self.pairs, self.told = self.agree + other.agree, self.pairs + other.pairs, self.told | other.told


async def test_sql_finds_what_reading_every_resource_finds(ctx: Context, judge: Judge) -> None:
    verdict = await judged(ctx, SEED, PAIRS)

    judge("Search, SQL against a plain reading of every resource", verdict.agree, verdict.pairs)
    assert verdict.told == {}, "\n\n".join(verdict.told.values())
    assert verdict.pairs >= min(PAIRS, 500)


@pytest.mark.full
async def test_sql_finds_the_same_over_all_types(module_database: TestDatabase, judge: Judge) -> None:
    verdict = Verdict()
    for seed in range(2, 2 + WORLDS):
        async with process_on(module_database) as running:
            verdict.add(await judged(running.context(module_database.alpha, CLIENT), seed, FULL_PAIRS))
            async with running.database.owner() as connection:
                await cleared(connection)

    judge("Search, SQL against a plain reading of every resource, full", verdict.agree, verdict.pairs)
    assert verdict.told == {}, "\n\n".join(verdict.told.values())
    assert verdict.pairs >= 10_000
