"""The complaints users have about other FHIR servers, as claims about ours: which thread, and whether it was proven in this run."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable
from typing import Any

from osler.platform.access import readable
from osler.platform.store.connections import SETTINGS
from osler.platform.store.search import parse_query
from osler.platform.store.search.page import page
from osler.platform.store.search.scope import World

Test = Callable[..., Awaitable[None]]

NOT_OURS_YET = {
    "hapi#8374": "bulk export runs out of memory: bulk export comes with its own issue",
    "microsoft#3755": "bulk export runs out of memory: bulk export comes with its own issue",
    "hapi#4013": "a second export is empty: bulk export comes with its own issue",
    "fhir-works-on-aws#439": "a group export takes 17 hours: bulk export comes with its own issue",
    "hapi#6002": "notifications are lost: subscriptions come with their own issue",
    "hapi#3234": "a dead subscription blocks the start: subscriptions come with their own issue",
    "microsoft#1114": "there are no subscriptions: they come with their own issue",
    "hapi#4338": "reference data shared across tenants: every tenant has records of its own, and the built-in definitions are everybody's",
}
"""Threads about what this server has not yet, each with the reason; nothing is claimed of them."""


class Threads:
    """The threads one file answers, those whose tests ran, and those of which one failed."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.all: set[str] = set()
        self.begun: set[str] = set()
        self.failed: set[str] = set()

    def __call__(self, *names: str) -> Callable[[Test], Test]:
        """Mark a test as the answer to these threads."""
        self.all |= set(names)

        def marked(test: Test) -> Test:
            @functools.wraps(test)
            async def run(*arguments: Any, **named: Any) -> None:
                self.begun |= set(names)
                try:
                    await test(*arguments, **named)
                except BaseException:
                    self.failed |= set(names)
                    raise

            return run

        return marked

    def report(self, judge: Callable[[str, int, int], None]) -> None:
        """Print the count: every case of every test about a thread must have held. A run of one test counts that one only."""
        judge(f"Peers' threads on {self.subject} answered", len(self.begun - self.failed), len(self.all))
        assert not self.failed
        assert not self.all & NOT_OURS_YET.keys()


def literal(value: Any) -> str:
    """A value as it stands in EXECUTE."""
    if isinstance(value, list | tuple):
        return "'{" + ",".join("null" if item is None else f'"{item}"' for item in value) + "}'"
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"


async def plan_of(clinic: Any, database: Any, text: str) -> str:
    """The plan of a search's page as the server's own connections would make it."""
    ctx = clinic.context()
    kind, _, rest = text.partition("?")
    query = parse_query(kind, [tuple(pair.split("=", 1)) for pair in rest.split("&")])  # type: ignore[misc]
    statement = page(query, World(clinic.store.schema_of, readable(ctx.actor)), audited=False)
    async with database.connection(ctx.tenant) as connection:
        for name in ("jit", "plan_cache_mode", "enable_seqscan"):
            await connection.execute(f"set {name} = {SETTINGS[name]}")
        await connection.execute(f"prepare asked as {statement.sql}")
        values = ", ".join(map(literal, (ctx.tenant.key, *statement.values)))
        rows = await connection.fetch(f"explain (costs off) execute asked ({values})")
    return "\n".join(row[0] for row in rows)


def scans(plan: str) -> list[str]:
    """The tables a plan reads from end to end."""
    return re.findall(r"Seq Scan on (\w+)", plan)


async def every_page(client: Any, path: str) -> list[list[str]]:
    """`Type/id` of the matches of every page."""
    pages: list[list[str]] = []
    following: str | None = path
    while following:
        answer = await client.get(following)
        assert answer.status_code == 200, answer.text
        entries = answer.json().get("entry", [])
        pages.append([f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in entries if e["search"]["mode"] == "match"])
        links = {link["relation"]: link["url"] for link in answer.json()["link"]}
        following = links["next"].removeprefix(client.base + "/") if "next" in links else None
        assert len(pages) < 1000
    return pages
