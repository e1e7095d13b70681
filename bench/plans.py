"""What PostgreSQL does for a search: EXPLAIN ANALYZE of the statement that the store runs, and how much of which table it reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import asyncpg

from osler.platform.fhir import TYPES
from osler.platform.store.connections import SETTINGS
from osler.platform.store.search import parse_query
from osler.platform.store.search.page import page
from osler.platform.store.search.scope import World


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One statement as it ran."""

    text: str
    sql: str
    rows: int
    """Rows read from tables and indexes, those thrown away included."""
    pages: int
    milliseconds: float
    found: int
    sequential: tuple[str, ...]
    """Tables read from end to end."""
    tree: dict[str, Any]


def nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield tree
    for below in tree.get("Plans", ()):
        yield from nodes(below)


def rows_read(node: dict[str, Any]) -> float:
    """Of a node that reads a table or index: what it returned and what it threw away."""
    kind = node["Node Type"]
    if kind != "Bitmap Index Scan" and ("Relation Name" not in node or kind.startswith(("ModifyTable", "Bitmap Heap"))):
        return 0
    each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float(each * node["Actual Loops"])


def literal(value: Any) -> str:
    """A value inside the text of EXECUTE, which takes no parameters."""
    if value is None:
        return "null"
    if isinstance(value, list | tuple):
        return (
            "'{" + ",".join("null" if item is None else json.dumps(item) if isinstance(item, str) else str(item) for item in value) + "}'"
        )
    return "'" + str(value).replace("'", "''") + "'"


async def prepare(connection: asyncpg.Connection, tenant: int) -> None:
    """Let a connection plan as the store's do."""
    for name in ("jit", "plan_cache_mode", "enable_seqscan"):
        await connection.execute(f"set {name} = {SETTINGS[name]}")
    await connection.execute("select set_config('osler.tenant', $1, false)", str(tenant))


async def explained(connection: asyncpg.Connection, tenant: int, text: str, schema_of: Callable[[str], str]) -> Plan:
    """Run a search (`Observation?code=8480-6`) and look at its plan."""
    kind, _, rest = text.partition("?")
    query = parse_query(kind, parse_qsl(rest, keep_blank_values=True))
    statement = page(query, World(schema_of, frozenset(TYPES)), audited=False)
    await connection.execute(f"prepare asked as {statement.sql}")
    try:
        given = ", ".join(map(literal, (tenant, *statement.values)))
        ((answer,),) = await connection.fetch(f"explain (analyze, buffers, timing off, format json) execute asked ({given})")
    finally:
        await connection.execute("deallocate asked")
    (found,) = json.loads(answer)
    tree = found["Plan"]
    every = list(nodes(tree))
    return Plan(
        text,
        statement.sql,
        int(sum(rows_read(node) for node in every)),
        tree["Shared Hit Blocks"] + tree["Shared Read Blocks"],
        found["Execution Time"],
        int(tree["Actual Rows"]),
        tuple(node["Relation Name"] for node in every if node["Node Type"] == "Seq Scan"),
        tree,
    )


def line(plan: Plan) -> str:
    """One plan on one line."""
    flag = f"  READS ALL OF {', '.join(plan.sequential)}" if plan.sequential else ""
    return f"{plan.milliseconds:9.2f} ms {plan.rows:9,} rows {plan.pages:8,} pages  {plan.found:5} found  {plan.text}{flag}"
