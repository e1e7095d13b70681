"""The table of bench/results.md."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.cpu import Usage
from bench.load import Result


@dataclass(frozen=True, slots=True)
class Row:
    """One workload at one concurrency."""

    name: str
    budget: float | None
    concurrency: int
    per: int
    result: Result
    used: Usage

    @property
    def server_ms(self) -> float:
        return 1000 * self.used.server / max(1, sum(self.result.statuses.values())) / self.per

    @property
    def postgres_ms(self) -> float:
        return 1000 * self.used.postgres / max(1, sum(self.result.statuses.values())) / self.per

    @property
    def cost(self) -> float:
        return self.server_ms + self.postgres_ms

    @property
    def rate(self) -> float:
        return self.result.done * self.per / self.result.seconds


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes of the database for the resources in it."""

    resources: int
    bodies: int
    stored: int

    @property
    def ratio(self) -> float:
        """KB stored for each KB of resource."""
        return self.stored / self.bodies


@dataclass(slots=True)
class Facts:
    """What is measured once."""

    machine: str
    day: str
    patients: int
    start: float = 0.0
    first_start: float = 0.0
    memory: tuple[float, float] = (0.0, 0.0)
    storage: Storage | None = None
    pgbench: dict[str, float] = field(default_factory=dict)


def line(row: Row) -> str:
    """One row for the terminal."""
    cost = f"{row.cost:.3f} CPU-ms ({row.server_ms:.3f} + {row.postgres_ms:.3f})"
    times = f"p50 {row.result.quantile(0.5):.2f} ms, p99 {row.result.quantile(0.99):.2f} ms"
    return f"c{row.concurrency:<3} {row.name:<48} {cost}, {row.rate:,.0f}/s, {times}"


def verdict(value: float, budget: float | None, places: int = 3) -> str:
    """`met` or `MISSED`, with the budget."""
    return "" if budget is None else f"{'met' if round(value, places) <= budget else '**MISSED**'} (≤ {budget:g})"


def table(facts: Facts, rows: list[Row]) -> str:
    """The whole page."""
    static = {row.concurrency: row.rate for row in rows if row.name.startswith("static")}
    out = [
        "# What Osler costs",
        "",
        f"Written by `make bench` on {facts.day}, {facts.machine}, {facts.patients} demo patients; load generator, server and PostgreSQL on the same",
        "two cores. CPU is of the server plus PostgreSQL, per request (or per resource where the row says so); it travels between machines, the",
        "rates and times do not. Sign-in, the role check, validation and the durable, hash-chained audit row are on in every row;",
        "`synchronous_commit` and `fsync` are on.",
        "",
        "| workload | at once | CPU-ms | of it server | of it PostgreSQL | budget | per second | p50 ms | p99 ms | of static | failed |",
        "|---|--:|--:|--:|--:|---|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        share = row.rate / static[row.concurrency] if row.concurrency in static else 0
        out.append(
            f"| {row.name} | {row.concurrency} | {row.cost:.3f} | {row.server_ms:.3f} | {row.postgres_ms:.3f} | {verdict(row.cost, row.budget)} "
            f"| {row.rate:,.0f} | {row.result.quantile(0.5):.2f} | {row.result.quantile(0.99):.2f} | {share:.2f} | {row.result.failed} |"
        )
    out += ["", "| once | figure | budget |", "|---|--:|---|"]
    out.append(f"| start on an existing data folder, seconds | {facts.start:.2f} | {verdict(facts.start, 2.0, 2)} |")
    out.append(f"| first start: initdb, migrations, {facts.patients} patients, seconds | {facts.first_start:.1f} | |")
    total = sum(facts.memory)
    out.append(
        f"| idle memory, MB (server {facts.memory[0]:.0f} + PostgreSQL {facts.memory[1]:.0f}) | {total:.0f} | {verdict(total, 150, 0)} |"
    )
    if facts.storage is not None:
        held = facts.storage
        what = f"stored KB per KB of resource ({held.resources:,} resources, {held.bodies / held.resources:,.0f} bytes each)"
        out.append(f"| {what} | {held.ratio:.2f} | {verdict(held.ratio, 1.8, 2)} |")
    if facts.pgbench:
        out += ["", "| the same SQL by pgbench, no HTTP, no Python | per second |", "|---|--:|"]
        out += [f"| {name} | {rate:,.0f} |" for name, rate in facts.pgbench.items()]
    return "\n".join([*out, ""])
