"""The statements of `$expunge`. `$1` is the tenant."""

from __future__ import annotations

COLUMNS = "rid, prid, id, version"


def state(schema: str) -> str:
    """Whether there is such a record. `$2` its type, `$3` its id."""
    return f"select deleted from {schema}.resource where tenant = $1 and rtype = $2 and id = $3"


def superseded(schema: str, where: str) -> str:
    """Old versions. `where` speaks of `h`."""
    return f"select h.rid, h.prid, h.id, h.version, false as last from {schema}.resource_history h where h.tenant = $1 and {where}"


def doomed(schema: str, where: str, most: str, *, old: bool, deleted: bool) -> str:
    """Old versions, and deleted records with their old versions; of each record the oldest first. `where` speaks of `h`, `most` is `$n`."""
    parts = []
    if old:
        parts.append(f"({superseded(schema, where)} order by h.updated desc, h.rid, h.version limit {most})")
    if deleted:
        here = where.replace("h.", "r.")
        first = f"select * from {schema}.resource r where r.tenant = $1 and {here} and r.deleted order by r.updated, r.rid limit {most}"
        records = f"select {COLUMNS}, true as last from ({first}) r"
        of_records = f"""select h.rid, h.prid, h.id, h.version, false as last
  from (select rid from ({records}) r) r join {schema}.resource_history h on h.tenant = $1 and h.rid = r.rid"""
        parts += [f"({records})", f"({of_records})"]
    return f"select distinct on (rid, version) * from ({' union all '.join(parts)}) d order by rid, version limit {most}"


def destroy(schema: str, *, last: bool) -> str:
    """The functions that alone may do it (migration 0007). `$2` numbers, `$3` versions."""
    return f"select {schema}.{'expunge_deleted' if last else 'expunge_superseded'}($1, $2, $3) as gone"
