"""Every statement of the store is understood by a migrated database, and finds its rows by an index."""

from __future__ import annotations

import itertools

from osler.platform.audit import RECORD
from osler.platform.audit.verify import ROWS
from osler.platform.context import Context
from osler.platform.store import chart_sql, reading_sql, writing_sql
from osler.platform.store.connections import SETTINGS
from osler.platform.testing.database import TestDatabase


def statements(schemas: tuple[str, ...]) -> list[str]:
    found = [RECORD, ROWS, writing_sql.settle(), chart_sql.CACHED, chart_sql.KEEP]
    flags = (False, True)
    for schema in schemas:
        found += [reading_sql.read(schema), reading_sql.vread(schema)]
        found += [reading_sql.current(schema, lock=lock) for lock in flags]
        found += [
            reading_sql.history(((schema, ()),), scope, after=after, at=at)
            for scope in ("instance", "type")
            for after in flags
            for at in flags
        ]
        found += [writing_sql.insert(schema, tables, settle=settle) for tables in writing_sql.NEW_SHAPES for settle in flags]
        found += [writing_sql.replace(schema, tables, settle=settle) for tables in writing_sql.CHANGE_SHAPES for settle in flags]
    found += [
        reading_sql.history(tuple((schema, (1, 2)) for schema in schemas), "system", after=after, at=at) for after in flags for at in flags
    ]
    shapes = tuple((schemas[place % len(schemas)], *each) for place, each in enumerate(itertools.product(flags, repeat=3)))
    found += [chart_sql.sections("patient", shapes), chart_sql.sections("patient", ())]
    return found


async def test_every_statement_prepares_under_the_processs_role(ctx: Context, database: TestDatabase) -> None:
    connection = await database.login.connect(server_settings=SETTINGS)
    every = statements(tuple(name for name, _ in ctx.store.kernel.owners.schemas))
    for statement in every:
        await connection.prepare(statement)
    await connection.close()

    assert len(ctx.store.kernel.owners.schemas) == 11
    assert len(every) == len(set(every)) > 250


async def test_no_statement_reads_a_whole_table(ctx: Context, database: TestDatabase) -> None:
    connection = await database.login.connect(server_settings=SETTINGS)
    await connection.execute("select set_config('osler.tenant', '1', false)")
    for statement in statements(("encounter", "patient")):
        prepared = await connection.prepare(statement)
        nulls = ", ".join(["null"] * len(prepared.get_parameters()))
        await connection.execute(f"prepare q as {statement}")
        plan = "\n".join(row[0] for row in await connection.fetch(f"explain execute q({nulls})"))
        await connection.execute("deallocate q")
        assert "Seq Scan" not in plan, f"{statement}\n{plan}"
    await connection.close()
