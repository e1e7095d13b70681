"""Every search of the published workloads, explained on a loaded database of two sizes: none reads a table, none reads more because
there is more. `make bench` prints the same at two million.
"""

from __future__ import annotations

import json
import random
from math import sqrt
from typing import Any
from urllib.parse import parse_qsl, unquote

from bench.plans import Plan, explained, prepare
from bench.queries import HARD, M2, filled, harvest, t3
from tests.kernel.search.loaded import SYSTEM, copy, load

from osler.platform.context import Context
from osler.platform.store.search import parse_query
from osler.platform.store.search.walks import LEAST_CAP
from osler.platform.testing.contexts import process_on
from osler.platform.testing.database import TestDatabase

DRAWS = 3
PAGE = 150
"""Rows a page of twenty may cost, with its probes, whatever the size."""
WALKED = 6
"""Times the cap of the density probe, which is a square root of the size: what a sorted search may read in all."""
LINEAR = (
    ("_total=accurate", "a count reads its hits"),
    (":contains=", "a text that nobody has is looked for in all names of the type"),
    ("_content=", "every hit of a word is read before they are put in order"),
    ("_text=", "as _content"),
    (":text=", "as _content"),
    ("_sort=family", "no index has the texts in the order of whole names"),
    ("|&", "no index begins with the code system"),
    (":missing=", "no index holds what is not there"),
    ("&value-quantity=", "where few meet both conditions, all that meet the better one are read"),
    ("_has:", "who has it is found from the hits"),
    ("subject:Patient", "a chain is walked from the end that leaves less"),
)
"""What is known to read more when there is more, and why; docs/decisions tells the cost."""


async def resources(ctx: Context, path: str) -> list[dict[str, Any]]:
    kind, _, rest = path.partition("?")
    page = await ctx.store.search(ctx, parse_query(kind, parse_qsl(rest)))
    return [json.loads(stored.content) for stored in page.matches]


async def searches(ctx: Context) -> list[str]:
    """T3 with several values for each parameter, M2, and those known to be hard."""
    asked: dict[str, list[dict[str, Any]]] = {}
    for path in ("Patient", "Encounter", "Practitioner", "Location", "Condition", "Procedure", "Observation"):
        asked[f"{path}?_count=200"] = await resources(ctx, f"{path}?_count=200")
    asked["Organization?_count=100"] = await resources(ctx, "Organization?_count=100")
    pools, dice = harvest(asked.__getitem__), random.Random(5)
    found = [unquote(search.path(dice)) for search in t3(pools) for _ in range(DRAWS)]
    found += [unquote(filled(template, pools, dice)) for template in (*M2, *HARD) if "?" in template]
    return list(dict.fromkeys(found))


async def plans(database: TestDatabase, texts: list[str]) -> dict[str, Plan]:
    """How the process's role runs them."""
    schemas = {kind: service.name for service in database.services for kind in service.types}
    async with database.connection(database.alpha) as connection:
        await prepare(connection, database.alpha.key)
        return {text: await explained(connection, database.alpha.key, text, schemas.__getitem__) for text in texts}


async def test_no_search_of_the_workloads_reads_more_because_there_is_more(database: TestDatabase) -> None:
    async with process_on(database) as process:
        ctx = process.context(database.alpha, SYSTEM)
        await load(ctx, 6)
        await copy(process, ctx, 4)
        texts = await searches(ctx)
        assert len(texts) > 120
        small = await plans(database, texts)
        made = await copy(process, ctx, 4, first=100)
        large = await plans(database, texts)

    for text, plan in large.items():
        assert not plan.sequential, f"{text} reads all of {plan.sequential}\n{plan.sql}"
        if any(mark in text for mark, _ in LINEAR):
            continue
        allowed = WALKED * max(LEAST_CAP, sqrt(21 * made)) if "_sort=" in text else max(small[text].rows * 1.2, PAGE)
        grown = f"read {small[text].rows} rows, and {plan.rows} when there were four times as many"
        assert plan.rows <= allowed, f"{text} {grown}\n{plan.sql}"
