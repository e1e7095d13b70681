"""`make bench`: starts a server of its own, measures every row at concurrency 8 and 32, and writes bench/results.md."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import uvloop

from bench import limits, report, scale, scale_report
from bench.cpu import Usage
from bench.load import Result, load
from bench.subject import Subject, free_port
from bench.suites import Synthea
from bench.workloads import Workload, harvest, workloads

WARM_UP = 1.0
SHARED = Path(os.environ.get("OSLER_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data")
SYNTHEA = SHARED / "synthea"


def measure(make: Callable[[], bytes], port: int, concurrency: int, seconds: float, cpu: Callable[[], Usage]) -> tuple[Result, Usage]:
    """Warm up, then run one workload; answers what came back and the CPU it took."""
    uvloop.run(load("127.0.0.1", port, make, concurrency, WARM_UP))
    before = cpu()
    result = uvloop.run(load("127.0.0.1", port, make, concurrency, seconds))
    return result, cpu().since(before)


def static_rows(seconds: float) -> list[report.Row]:
    """The limit of the HTTP server: 3 KB from memory."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.static:app", "--port", str(port), "--log-level", "error", "--no-access-log"]
    server = subprocess.Popen([*command, "--loop", "uvloop", "--http", "httptools"])
    try:
        limits.wait_for(port)
        rows = []
        for concurrency in (8, 32):
            request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
            found, used = measure(lambda request=request: request, port, concurrency, seconds, lambda: limits.alone(server.pid))
            rows.append(report.Row("static 3 KB body", None, concurrency, 1, found, used))
        return rows
    finally:
        server.terminate()
        server.wait(10)


def workload_rows(subject: Subject, chosen: list[Workload], seconds: float) -> list[report.Row]:
    """Every workload at both concurrencies."""
    rows = []
    for concurrency in (8, 32):
        for workload in chosen:
            found, used = measure(workload.make, subject.port, concurrency, seconds, subject.cpu)
            rows.append(report.Row(workload.name, workload.budget, concurrency, workload.per, found, used))
            print(report.line(rows[-1]), flush=True)
            if found.failed:
                print(f"   {found.failed} failed: {dict(found.statuses)} {found.sample[:300]!r}", flush=True)
    return rows


def point_rows(options: argparse.Namespace) -> str:
    """Every row of the first table."""
    with tempfile.TemporaryDirectory(prefix="osler-bench-") as folder:
        Path(folder).chmod(0o755)
        subject = Subject(Path(folder) / "data", options.patients)
        facts = report.Facts(platform.machine(), time.strftime("%Y-%m-%d"), options.patients)
        facts.first_start = subject.start()
        try:
            subject.stop()
            facts.start = subject.start()
            facts.memory = subject.memory()
            subject.sign_in()
            limits.settle(subject)
            facts.storage = limits.storage(subject)
            chosen = [one for one in workloads(subject, harvest(subject)) if options.only in one.name]
            rows = static_rows(options.seconds) + workload_rows(subject, chosen, options.seconds)
            facts.pgbench = limits.pgbench(subject, options.seconds)
        finally:
            subject.stop()
    print(json.dumps({"start": facts.start, "memory": facts.memory, "storage": facts.storage and facts.storage.ratio}))
    return report.table(facts, rows)


def scale_rows(options: argparse.Namespace) -> str:
    """The published workloads at both sizes."""
    with tempfile.TemporaryDirectory(prefix="osler-bench-") as folder:
        Path(folder).chmod(0o755)
        found = scale.sizes(Path(folder), Synthea(options.synthea), options.suite_seconds, options.times, options.keep)
    if options.json:
        scale.save(found, options.json)
    return scale_report.section(found, time.strftime("%Y-%m-%d"))


def main() -> None:
    """Measure and write the tables; a part that is not measured stays as it was."""
    wanted = argparse.ArgumentParser(prog="make bench", description=__doc__)
    wanted.add_argument("--part", choices=("all", "rows", "scale"), default="all")
    wanted.add_argument("--seconds", type=float, default=8.0, help="for each row")
    wanted.add_argument("--patients", type=int, default=200)
    wanted.add_argument("--only", default="", help="rows whose name contains this; nothing is written")
    wanted.add_argument("--synthea", type=Path, default=SYNTHEA, help="folder of Synthea's transaction Bundles")
    wanted.add_argument("--suite-seconds", type=float, default=30.0, help="for each of T1, T3 and M2")
    wanted.add_argument(
        "--times", type=int, default=34, help="how often the Bundles' records are there in the large size; 1: no large size"
    )
    wanted.add_argument("--keep", type=Path, help="data folder of the large size: used when it is there, made when it is not")
    wanted.add_argument("--json", type=Path, help="write the figures of the published workloads there, too")
    wanted.add_argument("--out", type=Path, default=Path(__file__).parent / "results.md")
    options = wanted.parse_args()
    before = options.out.read_text() if options.out.exists() else ""
    rows, _, suites = before.partition(scale_report.TITLE)
    suites = scale_report.TITLE + suites if suites else ""
    if options.part in ("all", "rows"):
        rows = point_rows(options)
    if options.part in ("all", "scale"):
        if options.synthea.is_dir():
            suites = scale_rows(options)
        else:
            print(f"The published workloads are left out: {options.synthea} is not there (--synthea, or OSLER_SHARED_DATA)")
    if not options.only:
        options.out.write_text(f"{rows.rstrip()}\n\n{suites.rstrip()}".rstrip() + "\n")
        print(f"Wrote {options.out}")


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    main()
