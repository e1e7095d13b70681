"""What bounds the table: the bare HTTP server, the same SQL without us, the bytes on disk."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import asyncpg

from bench.cpu import Usage, seconds
from bench.report import Storage
from bench.subject import Subject
from osler.platform.postgres import Login, launch
from osler.platform.store.codec import Codec

Answer = TypeVar("Answer")
SAMPLE = 5000


def wait_for(port: int) -> None:
    """Until somebody listens there."""
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit(f"Nobody listens on port {port}")


def alone(pid: int) -> Usage:
    """CPU of a single process."""
    return Usage(seconds(pid), 0.0)


def on_database(subject: Subject, work: Callable[[asyncpg.Connection, Login], Awaitable[Answer]]) -> Answer:
    """Do something as the database's administrator, beside the running server."""
    server = launch(subject.data)
    login = server.login.to("osler")

    async def run() -> Answer:
        connection = await login.connect()
        try:
            return await work(connection, login)
        finally:
            await connection.close()

    try:
        return asyncio.run(run())
    finally:
        server.release()


def settle(subject: Subject) -> None:
    """Statistics taken and dirty pages written, as on a server that has been up for an hour."""

    async def work(connection: asyncpg.Connection, _login: Login) -> None:
        await connection.execute("vacuum analyze")
        await connection.execute("checkpoint")

    on_database(subject, work)


async def schemas(connection: asyncpg.Connection) -> list[str]:
    """The services' schemas: those with a table `resource`."""
    found = await connection.fetch("select table_schema from information_schema.tables where table_name = 'resource' order by 1")
    return [row["table_schema"] for row in found]


def storage(subject: Subject) -> Storage:
    """Bytes of tables and indexes of current resources, against the bytes of their bodies as answered."""

    async def work(connection: asyncpg.Connection, _login: Login) -> Storage:
        codec, count, bodies, stored = Codec(), 0, 0.0, 0
        for schema in await schemas(connection):
            # Schema names come from the catalogue, never from outside.
            total = await connection.fetchval(f"select count(*) from {schema}.resource where not deleted")
            rows = await connection.fetch(f"select codec, content from {schema}.resource where not deleted order by rid limit {SAMPLE}")
            if not total:
                continue
            mean = sum(len(codec.unpack(row["codec"], row["content"])) for row in rows) / len(rows)
            count, bodies = count + total, bodies + mean * total
            stored += await connection.fetchval(
                "select sum(pg_total_relation_size(c.oid)) from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                "where n.nspname = $1 and c.relkind = 'r' and c.relname <> 'resource_history'",
                schema,
            )
        return Storage(count, int(bodies), int(stored))

    return on_database(subject, work)


def pgbench(subject: Subject, duration: float) -> dict[str, float]:
    """Statements per second of the same SQL by pgbench, with prepared statements, at both concurrencies."""

    async def work(connection: asyncpg.Connection, login: Login) -> dict[str, float]:
        row = dict(await connection.fetchrow("select tenant, rtype, id from patient.resource where not deleted limit 1"))
        pair = dict(
            await connection.fetchrow(
                "select tenant, key, val, prid from encounter.idx_token where prid <> 0 group by 1, 2, 3, 4 having count(*) between 20 and 60 limit 1"
            )
        )
        await connection.execute("create schema if not exists bench")
        await connection.execute("create table if not exists bench.row (id bigserial primary key, content bytea)")
        kinds = {
            "read one row by key": "select content from patient.resource where tenant = {tenant} and rtype = {rtype} and id = '{id}';".format(
                **row
            ),
            "one patient's results of one code, newest 20": (
                "with t as materialized (select rid, d from encounter.idx_token where tenant = {tenant} and key = {key} and val = {val} "
                "and prid = {prid} order by d desc, rid limit 21) select r.content from t join encounter.resource r on r.tenant = {tenant} "
                "and r.rid = t.rid;"
            ).format(**pair),
            "insert one 1.1 KB row, commit": "insert into bench.row (content) values (convert_to(repeat('0123456789a', 100), 'UTF8'));",
        }
        rates = {
            f"{name}, {clients} clients": await run_pgbench(subject, login, script, clients, duration)
            for name, script in kinds.items()
            for clients in (8, 32)
        }
        await connection.execute("drop schema bench cascade")
        return rates

    return on_database(subject, work)


async def run_pgbench(subject: Subject, login: Login, script: str, clients: int, duration: float) -> float:
    """Transactions per second."""
    program = Path(f"/proc/{subject.postmaster}/exe").resolve().with_name("pgbench")
    given = login.arguments()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.sql"
        path.write_text(script)
        options = ["-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(max(2, int(duration))), "-f", path]
        address = f"{given['dsn']}&dbname={given['database']}"
        environment = os.environ | {"PGPASSWORD": given["password"], "PGUSER": given["user"]}
        process = await asyncio.create_subprocess_exec(
            program, *options, address, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        out, _ = await process.communicate()
    found = re.search(rb"tps = ([0-9.]+)", out)
    if found is None:
        raise SystemExit(f"pgbench: {out.decode()[:500]}")
    return float(found[1])
