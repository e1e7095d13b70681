"""`make bench`: starts a server of its own, measures every row at concurrency 8 and 32, and writes bench/results.md."""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import uvloop

from bench import limits, report
from bench.cpu import Usage
from bench.load import Result, load
from bench.subject import Subject, free_port
from bench.workloads import Workload, harvest, workloads

WARM_UP = 1.0


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


def main() -> None:
    """Measure everything and write the table."""
    wanted = argparse.ArgumentParser(prog="make bench", description=__doc__)
    wanted.add_argument("--seconds", type=float, default=8.0, help="for each row")
    wanted.add_argument("--patients", type=int, default=200)
    wanted.add_argument("--only", default="", help="rows whose name contains this")
    wanted.add_argument("--out", type=Path, default=Path(__file__).parent / "results.md")
    options = wanted.parse_args()
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
    if not options.only:
        options.out.write_text(report.table(facts, rows))
        print(f"Wrote {options.out}")
    print(json.dumps({"start": facts.start, "memory": facts.memory, "storage": facts.storage and facts.storage.ratio}))


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    main()
