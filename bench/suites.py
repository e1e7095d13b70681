"""The published workloads: T1 (crud), T2 (import) and T3 (search) of the FHIR server benchmark, M2 (search) of fhir-server-compare."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import json
import time
from pathlib import Path

import msgspec

from bench.bodies import ORDER, body, changed
from bench.queries import M2, Pools, Search, filled
from bench.talk import Job, Run, Talker


def t1() -> Job:
    """36 requests in a row: nine linked resources made, read, changed, and deleted in reverse."""

    async def round_of(talker: Talker) -> None:
        ids: dict[str, str] = {}
        resources = {}
        for kind in ORDER:
            resources[kind] = body(kind, ids, talker.dice)
            made = await talker.call(f"POST {kind}", "POST", f"/{kind}", msgspec.json.encode(resources[kind]), ok=(201,))
            if made.status != 201:
                return
            ids[kind] = made.new_id
        for kind in ORDER:
            await talker.call(f"GET {kind}", "GET", f"/{kind}/{ids[kind]}")
        for kind in ORDER:
            new = changed(resources[kind]) | {"id": ids[kind]}
            await talker.call(f"PUT {kind}", "PUT", f"/{kind}/{ids[kind]}", msgspec.json.encode(new))
        for kind in reversed(ORDER):
            await talker.call(f"DELETE {kind}", "DELETE", f"/{kind}/{ids[kind]}", ok=(200, 204))

    return round_of


def t3(searches: list[Search], *, escape: bool) -> Job:
    """Every parameter once in a round; each client begins with another one."""

    async def round_of(talker: Talker) -> None:
        start = talker.number * len(searches) // max(1, talker.run.clients)
        for search in searches[start:] + searches[:start]:
            await talker.call(search.name, "GET", "/" + search.path(talker.dice, escape=escape))

    return round_of


def m2(pools: Pools) -> Job:
    """One of thirty queries, each as likely as the others."""

    async def one(talker: Talker) -> None:
        template = talker.dice.choice(M2)
        path = filled(template, pools, talker.dice)
        await talker.call(template, "GET", f"/{path.replace('|', '%7C')}")

    return one


class Synthea:
    """A folder of Synthea's transaction Bundles: .json, .json.gz or .json.bz2."""

    def __init__(self, folder: Path) -> None:
        files = sorted(path for path in folder.rglob("*") if path.name.endswith((".json", ".json.gz", ".json.bz2")))
        self.shared = [path for path in files if "hospitalInformation" in path.name] + [
            path for path in files if "practitionerInformation" in path.name
        ]
        self.patients = [path for path in files if path not in self.shared]

    @staticmethod
    def read(path: Path) -> tuple[int, bytes]:
        """The number of entries, and the Bundle without its white space."""
        raw = path.read_bytes()
        text = bz2.decompress(raw) if path.suffix == ".bz2" else gzip.decompress(raw) if path.suffix == ".gz" else raw
        bundle = json.loads(text)
        return len(bundle["entry"]), msgspec.json.encode(bundle)


async def t2(run: Run, port: int, token: str, bundles: list[tuple[int, bytes]]) -> None:
    """Post every Bundle once; what counts is the entries written."""
    waiting = iter(bundles)
    run.on = True
    begun = time.perf_counter()

    async def work(number: int) -> None:
        talker = Talker(run, port, token, number)
        for entries, text in waiting:
            reply = await talker.call("POST Bundle", "POST", "", text)
            run.units += entries if reply.status == 200 else 0
        talker.line.transport.close()

    await asyncio.gather(*[work(number) for number in range(run.clients)])
    run.seconds, run.on = time.perf_counter() - begun, False
