"""After a bulk load: the indexes are rebuilt, the rows are as they were."""

from __future__ import annotations

from osler.platform.store.tidying import tidy
from osler.platform.testing.database import TestDatabase

ROWS = """insert into encounter.idx_token (tenant, key, val, prid, d, rid, sys)
  select $1, 1, hashint8(n), hashint8(n + 1), now(), n, 0 from generate_series(1, 20000) n"""
SIZE = "select pg_relation_size('encounter.idx_token_val')"
FOUND = "select rid from encounter.idx_token where tenant = $1 and key = 1 and val = hashint8(77)"
ANALYZED = "select reltuples from pg_class where oid = 'encounter.idx_token'::regclass"


async def test_tidying_after_a_load_gives_room_back_and_changes_no_row(database: TestDatabase) -> None:
    async with database.owner() as owner:
        await owner.execute(ROWS, database.alpha.key)
        before = await owner.fetchval(SIZE)

        await tidy(owner)

        assert await owner.fetchval(SIZE) < 0.9 * before
        assert await owner.fetchval(FOUND, database.alpha.key) == 77
        assert await owner.fetchval(ANALYZED) == 20000
