"""The published workloads at two sizes: Synthea's Bundles as they come, and the same records copied until there are millions."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import asyncpg
import uvloop

from bench.cpu import Usage
from bench.limits import on_database, schemas, settle
from bench.plans import Plan, explained, prepare
from bench.queries import HARD, M2, Pools, Search, filled, harvest, t3
from bench.subject import Subject
from bench.suites import Synthea, t1, t2
from bench.suites import m2 as m2_job
from bench.suites import t3 as t3_job
from bench.talk import Job, Run, talk
from osler.app.services import SERVICES
from osler.platform.postgres import Login

DRAWS = 12
"""Values of each T3 parameter whose plans are looked at."""
SCHEMAS = {kind: service.name for service in SERVICES for kind in service.types}


@dataclass(slots=True)
class Measured:
    """A run with the CPU it took."""

    run: Run
    used: Usage


@dataclass(slots=True)
class Size:
    """All that was measured at one size."""

    resources: int = 0
    bytes: int = 0
    """Tables and indexes of current records."""
    runs: dict[str, Measured] = field(default_factory=dict)
    plans: list[Plan] = field(default_factory=list)


def measured(subject: Subject, name: str, clients: int, job: Job, seconds: float) -> Measured:
    """Warm up, run, and say in a line what came of it."""
    run, before = Run(name, clients), [subject.cpu()]

    def started() -> None:
        before[0] = subject.cpu()

    uvloop.run(talk(run, subject.port, subject.token, job, warm=min(4.0, seconds / 3), seconds=seconds, started=started))
    found = Measured(run, subject.cpu().since(before[0]))
    print(line(found), flush=True)
    for kind, op in run.ops.items():
        if op.failed:
            print(f"   {kind}: {dict(op.failed)} {op.sample!r}", flush=True)
    return found


def line(found: Measured) -> str:
    """One run for the terminal."""
    run, every = found.run, found.run.whole()
    cost = 1000 * (found.used.server + found.used.postgres) / max(1, run.done)
    return (
        f"{run.name:<28} c{run.clients:<3} {run.done / run.seconds:8,.0f}/s, p50 {every.quantile(0.5):.2f} p95 {every.quantile(0.95):.2f} "
        f"p99 {every.quantile(0.99):.2f} ms, {cost:.3f} CPU-ms, {run.failed} failed"
    )


def imported(subject: Subject, synthea: Synthea, clients: int) -> Measured:
    """T2: what all share first, then every patient's Bundle once."""
    uvloop.run(t2(Run("T2 set-up", 1), subject.port, subject.token, [synthea.read(path) for path in synthea.shared]))
    bundles = [synthea.read(path) for path in synthea.patients]
    run, before = Run("T2 import", clients), subject.cpu()
    uvloop.run(t2(run, subject.port, subject.token, bundles))
    found = Measured(run, subject.cpu().since(before))
    print(f"{line(found)}, {run.units / run.seconds:,.0f} resources/s", flush=True)
    return found


def pools_of(subject: Subject) -> Pools:
    """What values are drawn from, over HTTP."""
    return harvest(lambda path: [entry["resource"] for entry in subject.get(f"/demo/fhir/{path}").get("entry", [])])


def searches(subject: Subject, size: Size, seconds: float) -> None:
    """T3 as it is meant, T3 as the published script sends it, and M2."""
    pools = pools_of(subject)
    every = t3(pools)
    for name, job in (
        ("T3 search", t3_job(every, escape=False)),
        ("T3 search, escaped", t3_job(every, escape=True)),
        ("M2 search", m2_job(pools)),
    ):
        size.runs[name] = measured(subject, name, 4, job, seconds)
    size.plans = plans(subject, pools, every)


def texts(pools: Pools, every: list[Search]) -> list[str]:
    """The searches whose plans are looked at."""
    import random

    dice = random.Random(5)
    found = [unquote(search.path(dice)) for search in every for _ in range(DRAWS)]
    found += [unquote(filled(template, pools, dice)) for template in (*M2, *HARD) if "?" in template]
    return list(dict.fromkeys(found))


def plans(subject: Subject, pools: Pools, every: list[Search]) -> list[Plan]:
    """EXPLAIN ANALYZE of every search, the second time it runs."""

    async def work(connection: asyncpg.Connection, login: Login) -> list[Plan]:
        tenant = await connection.fetchval("select key from kernel.tenant where name = 'demo'")
        role = await connection.fetchval(
            "select rolname from pg_roles where rolcanlogin and rolname like 'osler\\_%' and not rolsuper limit 1"
        )
        await connection.execute(f"set role {role}")
        await prepare(connection, tenant)
        found = []
        for text in texts(pools, every):
            await explained(connection, tenant, text, SCHEMAS.__getitem__)
            found.append(await explained(connection, tenant, text, SCHEMAS.__getitem__))
        return found

    return on_database(subject, work)


def weigh(subject: Subject, size: Size) -> None:
    """How many records there are and what they weigh, history and audit left out."""

    async def work(connection: asyncpg.Connection, _login: Login) -> None:
        for schema in await schemas(connection):
            size.resources += await connection.fetchval(f"select count(*) from {schema}.resource where not deleted")
            size.bytes += await connection.fetchval(
                "select coalesce(sum(pg_total_relation_size(c.oid)), 0)::int8 from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                "where n.nspname = $1 and c.relkind = 'r' and c.relname <> 'resource_history'",
                schema,
            )

    on_database(subject, work)


def clone(data: Path, times: int) -> None:
    """Copy the records in a process of its own, with no server running."""
    subprocess.run([sys.executable, "-m", "bench.clones", "--data", data, "--times", str(times)], check=True)


def small(subject: Subject, synthea: Synthea, seconds: float) -> Size:
    """T1 on an empty server, T2, then the searches over what T2 has brought."""
    size = Size()
    size.runs["T1 crud"] = measured(subject, "T1 crud", 16, t1(), seconds)
    size.runs["T2 import"] = imported(subject, synthea, 4)
    settle(subject)
    weigh(subject, size)
    searches(subject, size, seconds)
    return size


def large(subject: Subject, seconds: float) -> Size:
    """The searches, then T1, over the copies."""
    size = Size()
    weigh(subject, size)
    searches(subject, size, seconds)
    size.runs["T1 crud"] = measured(subject, "T1 crud", 16, t1(), seconds)
    return size


def served(data: Path, work: Callable[[Subject], Size]) -> Size:
    """Do it with a server on this data folder."""
    subject = Subject(data, 0)
    subject.start()
    try:
        subject.sign_in()
        return work(subject)
    finally:
        subject.stop()


def sizes(folder: Path, synthea: Synthea, seconds: float, times: int, kept: Path | None) -> list[Size]:
    """Both sizes. `kept`: a data folder that holds the copies already, or shall keep them."""
    data = folder / "scale"
    found = [served(data, lambda subject: small(subject, synthea, seconds))]
    if times > 1:
        if kept is None or not kept.exists():
            begun = time.monotonic()
            clone(data, times)
            print(f"copied in {time.monotonic() - begun:.0f} s", flush=True)
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                data.rename(kept)
        found.append(served(kept or data, lambda subject: large(subject, seconds)))
    return found


def save(found: list[Size], place: Path) -> None:
    """The figures as JSON, for those who want more than the table."""
    place.write_text(
        json.dumps(
            [
                {
                    "resources": size.resources,
                    "bytes": size.bytes,
                    "runs": {
                        name: {kind: [len(op.latencies), op.quantile(0.5), op.quantile(0.99)] for kind, op in one.run.ops.items()}
                        for name, one in size.runs.items()
                    },
                    "plans": [[plan.text, plan.milliseconds, plan.rows, plan.pages, plan.sequential] for plan in size.plans],
                }
                for size in found
            ],
            indent=1,
        )
    )


asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
