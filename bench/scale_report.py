"""The second half of bench/results.md: the published workloads at both sizes."""

from __future__ import annotations

from bench.plans import Plan
from bench.scale import Measured, Size
from bench.talk import Op

TITLE = "# The published workloads, at two sizes"
MOST_ROWS = 12_000
"""Rows a bounded search may read: √(page x rows) at two million is 6,500."""


def verdict(good: bool, budget: str) -> str:
    return f"{'met' if good else '**MISSED**'} ({budget})"


def section(found: list[Size], day: str) -> str:
    """Everything."""
    sizes = " and ".join(f"{size.resources:,}" for size in found)
    out = [
        TITLE,
        "",
        f"Measured by `make bench` on {day} at {sizes} resources: 80 Synthea patients (`OSLER_SHARED_DATA`/synthea), and the same with every id",
        "and identifier written anew, many times over (`bench/clones.py`; a test holds the copies to what the API writes). T1, T2 and T3 are the",
        "workloads of Health Samurai's FHIR server benchmark, M2 those of mock.health's fhir-server-compare; `bench/suites.py` says how ours differ.",
        "Generator, server and PostgreSQL share two cores. CPU-seconds are of the server and PostgreSQL, for 1,000 requests. Times in ms.",
        "",
        "| workload | resources | at once | per second | p50 | p95 | p99 | failed | with entries | CPU-s / 1,000 | of it PostgreSQL |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for size in found:
        out += [row(size, one) for one in size.runs.values()]
    out += ["", "| target | figure | |", "|---|--:|---|", *targets(found)]
    for size in found:
        out += [
            "",
            f"Bytes per resource at {size.resources:,}: {size.bytes / max(1, size.resources):,.0f} (tables and indexes of current records)",
        ]
    out += ["", "## Per operation", ""]
    for name in dict.fromkeys(name for size in found for name in size.runs):
        out += operations(name, [(size, size.runs[name]) for size in found if name in size.runs])
    out += ["## Query plans", ""]
    for size in found:
        out += plan_lines(size)
    return "\n".join([*out, ""])


def row(size: Size, one: Measured) -> str:
    """One run."""
    run, every = one.run, one.run.whole()
    done = max(1, run.done)
    rate = f"{run.done / run.seconds:,.0f}" + (f" ({run.units / run.seconds:,.0f} resources)" if run.units else "")
    filled = f"{every.filled / every.opened:.2f}" if every.opened else ""
    cost = (one.used.server + one.used.postgres) / done * 1000
    return (
        f"| {run.name} | {size.resources:,} | {run.clients} | {rate} | {every.quantile(0.5):.2f} | {every.quantile(0.95):.2f} "
        f"| {every.quantile(0.99):.2f} | {run.failed} | {filled} | {cost:.2f} | {one.used.postgres / done * 1000:.2f} |"
    )


def targets(found: list[Size]) -> list[str]:
    """What the issue asks for."""
    out = []
    first = found[0].runs
    if "T1 crud" in first:
        rate = first["T1 crud"].run.done / first["T1 crud"].run.seconds
        out.append(f"| T1, requests per second | {rate:,.0f} | {verdict(rate >= 2000, '≥ 2,000')} |")
    if "T2 import" in first:
        run = first["T2 import"].run
        out.append(f"| T2, resources per second | {run.units / run.seconds:,.0f} | {verdict(run.units / run.seconds >= 3000, '≥ 3,000')} |")
    if len(found) > 1:
        small, large = (size.runs["T3 search"].run.whole().quantile(0.99) for size in found)
        ratio = large / small if small else 0.0
        out.append(
            f"| T3, p99 at {found[1].resources:,} ÷ p99 at {found[0].resources:,} | {ratio:.2f} | {verdict(ratio <= 1.5, '≤ 1.5')} |"
        )
    for size in found:
        for name in ("T3 search", "M2 search"):
            worst = max(((op.quantile(0.99), kind) for kind, op in size.runs[name].run.ops.items()), default=(0.0, ""))
            what = f"{name}, slowest query's p99 at {size.resources:,}: {cell(worst[1])}"
            out.append(f"| {what} | {worst[0]:.1f} | {verdict(worst[0] <= 50, '≤ 50 ms')} |")
    return out


def operations(name: str, of: list[tuple[Size, Measured]]) -> list[str]:
    """p50 and p99 of each kind of request, at each size."""
    kinds = list(dict.fromkeys(kind for _, one in of for kind in one.run.ops))
    heads = " | ".join(f"p50 at {size.resources:,} | p95 | p99 | failed | with entries" for size, _ in of)
    out = [f"| {name} | {heads} |", "|---|" + "--:|--:|--:|--:|--:|" * len(of)]
    for kind in sorted(kinds):
        cells = " | ".join(figures(one.run.ops.get(kind, Op())) for _, one in of)
        out.append(f"| {cell(kind)} | {cells} |")
    return [*out, ""]


def figures(op: Op) -> str:
    filled = f"{op.filled / op.opened:.2f}" if op.opened else ""
    return f"{op.quantile(0.5):.2f} | {op.quantile(0.95):.2f} | {op.quantile(0.99):.2f} | {op.failed.total()} | {filled}"


def cell(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`" if text else ""


def plan_lines(size: Size) -> list[str]:
    """What EXPLAIN says of every search: the worst, and those that read more than a bounded search may."""
    if not size.plans:
        return []
    whole = [plan for plan in size.plans if plan.sequential]
    far = [plan for plan in size.plans if plan.rows > MOST_ROWS]
    out = [
        f"At {size.resources:,} resources, EXPLAIN ANALYZE of {len(size.plans)} searches (every T3 parameter with its prefixes and modifiers, M2, and",
        f"those other servers are known to be slow at): {len(whole)} read a table from end to end, {len(far)} read more than {MOST_ROWS:,} rows.",
        "",
        "| the slowest statements | ms | rows read | pages |",
        "|---|--:|--:|--:|",
    ]
    worst = sorted(size.plans, key=lambda plan: -plan.milliseconds)[:12]
    out += [plan_row(plan) for plan in dict.fromkeys([*worst, *far])]
    return [*out, ""]


def plan_row(plan: Plan) -> str:
    return f"| {cell(plan.text)} | {plan.milliseconds:.2f} | {plan.rows:,} | {plan.pages:,} |"
