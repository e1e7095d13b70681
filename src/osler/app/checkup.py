"""What `osler doctor` looks at: everything that commonly keeps Osler from starting or from being safe, without starting anything."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.request import urlopen

import asyncpg

from osler.app.database import NAMES, check_reachable, reached
from osler.app.serving import PortTaken, bound
from osler.platform.config import Settings
from osler.platform.errors import OslerError
from osler.platform.postgres import url_login
from osler.platform.postgres.account import Account, blocked_at, choose_account
from osler.platform.postgres.binaries import FLOOR, Binaries, find_binaries
from osler.platform.postgres.postmaster import read_postmaster, state_of
from osler.platform.postgres.secret import FILE as SECRET_FILE
from osler.platform.store.index_versions import stale
from osler.platform.store.migrate import owner

State = Literal["good", "note", "bad"]
GIGABYTE = 1024**3
FULL, LOW = GIGABYTE // 2, 5 * GIGABYTE
OPTIONAL = {"pg_trgm": "finding text inside words", "btree_gist": "refusing double bookings"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, and in plain words what was found and what to do."""

    state: State
    words: str


async def examine(settings: Settings) -> list[Finding]:
    """Everything that can be seen from outside."""
    database = [await outside_database(settings)] if settings.database_url else list(embedded(settings))
    return [*database, *await indexes(settings), *folder(settings.data), *secrets(settings), port(settings), node()]


async def indexes(settings: Settings) -> list[Finding]:
    """Whether the search rows were made by this release; asked only of a database that runs already."""
    postmaster = None if settings.database_url else read_postmaster(settings.data / "postgres")
    if not settings.database_url and (postmaster is None or state_of(postmaster.pid, settings.data / "postgres") != "alive"):
        return []
    try:
        async with reached(settings, lambda _: None) as (admin, _), owner(admin, NAMES) as connection:
            behind = await stale(connection, NAMES)
    except (OslerError, OSError, asyncpg.PostgresError):
        return []  # said by others already
    if not behind:
        return [Finding("good", "The search index was made by this release")]
    types = sorted({name for _, name in behind})
    shown = ", ".join(types[:10]) + (f" and {len(types) - 10} more" if len(types) > 10 else "")
    return [Finding("note", f"The search index of {shown} was made by another release: run `osler reindex`; searches may miss records")]


def embedded(settings: Settings) -> Iterator[Finding]:
    """The programs of the embedded server and the state of its cluster."""
    cluster = settings.data / "postgres"
    try:
        made_by = int((cluster / "PG_VERSION").read_text()) if (cluster / "PG_VERSION").exists() else None
        found = find_binaries(settings.postgres_bin, made_by)
    except PermissionError:
        yield Finding("bad", f"The database in {cluster} belongs to another user: run osler as that user, or set OSLER_DATA")
        return
    except OslerError as trouble:
        yield Finding("bad", sentence(str(trouble)))
        return
    yield Finding("good", f"PostgreSQL {found.major} from the {found.source} in {found.folder}")
    yield from extensions(found)
    yield from account(settings.data, found)
    postmaster = read_postmaster(cluster)
    if postmaster is None:
        yield Finding("good", "The database is not running; it starts with `osler serve`")
        return
    state = state_of(postmaster.pid, cluster)
    if state == "alive":
        yield Finding("good", f"The database is running (process {postmaster.pid})")
    else:
        yield Finding("note", "The database was not stopped in order the last time; it recovers by itself at the next start")


def extensions(binaries: Binaries) -> Iterator[Finding]:
    """Extensions that make some features better where they are there; nothing needs them."""
    share = (binaries.folder.parent / "share", Path("/usr/share/postgresql") / str(binaries.major))
    for name, use in OPTIONAL.items():
        if not any(list(place.rglob(f"extension/{name}.control")) for place in share if place.is_dir()):
            yield Finding("note", f"PostgreSQL's extension {name} is missing ({use}); install postgresql-contrib if you want it")


def account(data: Path, binaries: Binaries) -> Iterator[Finding]:
    """Root cannot run PostgreSQL itself; whom it lends the server to, and whether that user gets there."""
    try:
        lent = choose_account(data / "postgres")
    except OslerError as trouble:
        yield Finding("bad", sentence(str(trouble)))
        return
    if lent is None:
        return
    yield Finding("good", f"You are root; PostgreSQL runs as {lent.name}")
    yield from reach(data if data.exists() else data.absolute().parent, lent, "the database will lie in /var/lib/osler")
    yield from reach(binaries.folder / "postgres", lent, "a copy of the programs will lie in /var/lib/osler")


def reach(place: Path, lent: Account, instead: str) -> Iterator[Finding]:
    """Whether the account may enter."""
    closed = blocked_at(place, lent)
    if closed is not None:
        yield Finding("note", f"The user {lent.name} may not enter {closed}: {instead}")


def folder(data: Path) -> Iterator[Finding]:
    """The data folder: ours, writable, with room left."""
    place = data.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir():
        yield Finding("bad", f"{place} is a file, not a folder: choose another data folder with OSLER_DATA")
        return
    if not os.access(place, os.W_OK | os.X_OK):
        yield Finding("bad", f"The data folder {place} is not ours to write: run osler as its owner, or choose another with OSLER_DATA")
        return
    free = shutil.disk_usage(place).free
    left = f"{free / GIGABYTE:.1f} GB free in {data.absolute()}"
    if free < FULL:
        yield Finding("bad", f"The disk is full: {left}; make room before you start")
    elif free < LOW:
        yield Finding("note", f"The disk is getting full: {left}")
    else:
        yield Finding("good", f"The data folder is ours, {left}")


def secrets(settings: Settings) -> Iterator[Finding]:
    """Files that only their owner may read."""
    for path in (settings.data / SECRET_FILE, settings.data / "demo-client.secret"):
        try:
            mode = path.stat().st_mode
        except (FileNotFoundError, PermissionError, NotADirectoryError):
            continue
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding("bad", f"Others can read {path}: chmod 600 {path}")
        else:
            yield Finding("good", f"Only we can read {path}")


def port(settings: Settings) -> Finding:
    """The port we would serve on."""
    try:
        with closing(bound(settings.host, settings.port)):
            return Finding("good", f"Port {settings.port} is free")
    except PortTaken as taken:
        if is_osler(settings):
            return Finding("good", f"Osler is running on port {settings.port}")
        return Finding("bad", sentence(str(taken)))


def is_osler(settings: Settings) -> bool:
    """Whether it is Osler that answers there."""
    try:
        with urlopen(f"http://{settings.host}:{settings.port}/health/live", timeout=2) as answer:
            return b'"osler"' in answer.read(200)
    except (OSError, ValueError):
        return False


def node() -> Finding:
    """Node builds the web app in a checkout; an installed Osler needs none."""
    found = shutil.which("node")
    return Finding("good", f"Node is at {found}" if found else "There is no Node here; only building the web app needs it")


async def outside_database(settings: Settings) -> Finding:
    """The server of OSLER_DATABASE_URL: reachable, new enough, and its role good enough."""
    login = url_login(settings.database_url or "")
    try:
        await check_reachable(login)
        connection = await login.connect(timeout=10)
    except (OslerError, OSError, asyncpg.PostgresError) as trouble:
        return Finding("bad", sentence(str(trouble)))
    try:
        version = await connection.fetchval("select current_setting('server_version_num')::int / 10000")
        able = await connection.fetchval("select rolsuper or rolcreaterole from pg_roles where rolname = current_user")
    finally:
        await connection.close()
    if version < FLOOR:
        return Finding("bad", f"PostgreSQL {version} at OSLER_DATABASE_URL is too old: Osler needs {FLOOR} or newer")
    if not able:
        return Finding("bad", f"The role {login.user} at OSLER_DATABASE_URL may not make roles: alter role {login.user} createrole")
    return Finding("good", f"PostgreSQL {version} answers at OSLER_DATABASE_URL")


def sentence(text: str) -> str:
    """A refusal as a line of its own."""
    return text[:1].upper() + text[1:]
