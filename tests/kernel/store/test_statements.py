"""Every statement of the store is understood by a migrated database, and finds its rows by an index."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from osler.platform.audit import RECORD
from osler.platform.audit.verify import ROWS
from osler.platform.context import Context
from osler.platform.store import chart_sql, everything_sql, expunging_sql, labels_sql, reading_sql, writing_sql
from osler.platform.store.connections import SETTINGS
from osler.platform.store.everything_plan import Place, Wanted
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


def of_operations(schemas: tuple[str, ...]) -> list[str]:
    """What `$everything`, `$meta` and `$expunge` ask."""
    found: list[str] = []
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    types = tuple((schema, (1, 2)) for schema in schemas)
    wanted = Wanted(1, (schemas[0], 1), types, types, moment, moment, moment, (1, 2))
    bare = Wanted(1, None, types, ())
    places = (None, *(Place(rank, 1, moment, 1) for rank in (0, 1, 2)))
    pages = [everything_sql.members(one, after, 10, everything_sql.Values()) for one in (wanted, bare) for after in places]
    found += [page for page in pages if page]
    found.append(everything_sql.named([(schema, [1]) for schema in schemas], [0], [1], everything_sql.Values()))
    for schema in schemas:
        found += [everything_sql.anchor(schema), everything_sql.following(schema), everything_sql.present(schema)]
        found += [everything_sql.pointing_at(schema), labels_sql.walk(schema), expunging_sql.state(schema)]
        found += [expunging_sql.destroy(schema, last=last) for last in (False, True)]
        for where, most in (("h.rtype = $2", "$3"), ("h.rid = $2 and h.id = $3", "$4")):
            found.append(expunging_sql.superseded(schema, where))
            found += [expunging_sql.doomed(schema, where, most, old=old, deleted=not old) for old in (False, True)]
            found.append(expunging_sql.doomed(schema, where, most, old=True, deleted=True))
    return found


async def test_every_statement_of_an_operation_prepares_and_finds_its_rows_by_an_index(ctx: Context, database: TestDatabase) -> None:
    connection = await database.login.connect(server_settings=SETTINGS)
    await connection.execute("select set_config('osler.tenant', '1', false)")
    for statement in of_operations(tuple(name for name, _ in ctx.store.kernel.owners.schemas)):
        prepared = await connection.prepare(statement)
        nulls = ", ".join(["null"] * len(prepared.get_parameters()))
        await connection.execute(f"prepare q as {statement}")
        plan = "\n".join(row[0] for row in await connection.fetch(f"explain execute q({nulls})"))
        await connection.execute("deallocate q")
        assert "Seq Scan" not in plan, f"{statement}\n{plan}"
    await connection.close()


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
