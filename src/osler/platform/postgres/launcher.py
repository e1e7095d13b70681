"""Start the embedded PostgreSQL of a data folder, or join the one that runs; the last process to leave stops it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from osler.platform.postgres.account import reachable_copy
from osler.platform.postgres.binaries import Binaries, find_binaries
from osler.platform.postgres.configuration import write_configuration
from osler.platform.postgres.holders import Hold, one_at_a_time
from osler.platform.postgres.login import Login, socket_login
from osler.platform.postgres.places import LENT, Places, settle, socket_folder
from osler.platform.postgres.postmaster import Postmaster, clear_the_way, read_postmaster, state_of, stop
from osler.platform.postgres.secret import deployment_secret, derived
from osler.platform.postgres.trouble import PostgresTrouble

ADMIN = "postgres"
Say = Callable[[str], None]


@dataclass(slots=True)
class Server:
    """A running server that this process holds. `release` it when done: the last holder stops it."""

    places: Places
    login: Login
    """The superuser's; only migrations, tests and doctor use it."""
    joined: bool
    """Whether another process had started it (or left it running when it was killed)."""
    _hold: Hold = field(repr=False)
    _child: subprocess.Popen[bytes] | None = field(repr=False)
    _say: Say = field(repr=False)

    def release(self) -> None:
        """Leave the server to those who still use it, or stop it when there are none."""
        with one_at_a_time(self.places.data / "postgres.lock", lambda: None):
            if not self._hold.leave():
                return
            found = read_postmaster(self.places.cluster)
            if found is not None and state_of(found.pid, self.places.cluster) == "alive":
                stop(found.pid, self.places.cluster, self._child.poll if self._child else lambda: None, self._say)


def launch(data: Path, *, binaries: Path | None = None, listen: str = "", port: int = 5432, say: Say = print) -> Server:
    """The server of this data folder: joined when it runs, else started (and its cluster made on first use). Blocks until it is ready.

    Raises `PostgresTrouble` in plain words.
    """
    places = settle(data, say)
    with one_at_a_time(places.data / "postgres.lock", lambda: say("Another osler is starting or stopping this database; waiting for it")):
        hold = Hold(places.data / "postgres.users")
        try:
            clear_the_way(places.cluster, say)
            found = read_postmaster(places.cluster)
            joined = found is not None and state_of(found.pid, places.cluster) == "alive"
            child = None if joined else start(places, binaries, listen, port, say)
            ready = wait_until_ready(places, child, say)
        except BaseException:
            hold.leave()
            raise
        password = derived(deployment_secret(places.data), ADMIN)
        return Server(places, socket_login(ready.socket_folder, ready.port, ADMIN, password), joined, hold, child, say)


def start(places: Places, binaries: Path | None, listen: str, port: int, say: Say) -> subprocess.Popen[bytes]:
    """Start the server process in a session of its own, so that Ctrl-C at the terminal reaches us and not it."""
    programs = programs_for(places, binaries)
    if not (places.cluster / "PG_VERSION").exists():
        make_cluster(places, programs)
    write_configuration(places.cluster, programs.major, socket_folder(places, port, say), listen, port)
    keep_log_small(places.log)
    with places.log.open("ab") as log:
        child: subprocess.Popen[bytes] = subprocess.Popen(
            [programs.program("postgres"), "-D", str(places.cluster)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={"LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            **(places.account.process() if places.account else {}),  # type: ignore[call-overload]  # user, group, extra_groups
        )
    return child


def programs_for(places: Places, setting: Path | None) -> Binaries:
    """Programs of the cluster's version that the account may run."""
    try:
        cluster_major = int((places.cluster / "PG_VERSION").read_text())
    except FileNotFoundError:
        cluster_major = None
    found = find_binaries(setting, cluster_major)
    if places.account is None:
        return found
    return Binaries(reachable_copy(found.folder, places.account, LENT), found.major, found.source)


def make_cluster(places: Places, programs: Binaries) -> None:
    """`initdb`: data checksums, UTF-8, text compared by code point, passwords by scram. All or nothing."""
    if places.cluster.exists() and any(places.cluster.iterdir()):
        raise PostgresTrouble(f"{places.cluster} is not empty and not a database: move it away")
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] if programs.major >= 17 else ["--locale=C.UTF-8"]
    making = places.cluster.with_name(
        f"{places.cluster.name}.making"
    )  # renamed when whole: an initdb that was killed leaves no half cluster
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    if places.account:
        places.account.give(making)
    with tempfile.NamedTemporaryFile("w", prefix="osler-") as password:
        password.write(derived(deployment_secret(places.data), ADMIN))
        password.flush()
        if places.account:
            places.account.give(Path(password.name))
        command = [programs.program("initdb"), "-D", str(making), "-U", ADMIN, "-A", "scram-sha-256", f"--pwfile={password.name}"]
        command += ["-E", "UTF8", "--data-checksums", "--no-instructions", *locale]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd="/",
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"},
            **(places.account.process() if places.account else {}),  # type: ignore[call-overload]  # user, group, extra_groups
        )
    if done.returncode != 0:
        raise PostgresTrouble(f"the database could not be made in {places.cluster}: {in_plain_words(done.stderr)}")
    making.rename(places.cluster)


def wait_until_ready(places: Places, child: subprocess.Popen[bytes] | None, say: Say) -> Postmaster:
    """Wait as long as the server works on its start: recovery after a crash may take minutes and is never cut short."""
    began = time.monotonic()
    told = began
    while True:
        found = read_postmaster(places.cluster)
        if found is not None and found.ready and (child is None or found.pid == child.pid):
            return found
        if child is not None and child.poll() is not None:
            raise PostgresTrouble(f"the database did not start: {in_plain_words(tail(places.log))} (log: {places.log})")
        if child is None and (found is None or state_of(found.pid, places.cluster) != "alive"):
            raise PostgresTrouble("the database server that was running stopped while we joined it: try again")
        if time.monotonic() - told > 5:
            told = time.monotonic()
            say(f"The database is still starting after {told - began:.0f} s: it recovers from a crash. Nothing is lost; waiting")
        time.sleep(0.01)


def keep_log_small(log: Path, limit: int = 16 * 1024 * 1024) -> None:
    """Begin a new log when the old one is large; one old one is kept."""
    if log.exists() and log.stat().st_size > limit:
        log.replace(log.with_suffix(".log.1"))


def tail(log: Path, size: int = 4000) -> str:
    """The end of the server's log."""
    return log.read_bytes()[-size:].decode(errors="replace") if log.exists() else ""


def in_plain_words(text: str) -> str:
    """What PostgreSQL complained about, and what to do where we know it."""
    known = {
        "No space left on device": "the disk is full: make room and start again",
        "Address already in use": "its port is taken by another server: set OSLER_POSTGRES_PORT",
        "could not resize shared memory segment": "the machine's shared memory is too small (/dev/shm)",
        "Permission denied": "it may not read or write one of its files: the data folder's owner has been changed",
        "invalid locale": "the machine lacks the locale C.UTF-8",
    }
    for sign, words in known.items():
        if sign in text:
            return words
    fatal = [line for line in text.splitlines() if "FATAL" in line or "PANIC" in line or "error:" in line]
    return (fatal or text.strip().splitlines() or ["no reason given"])[-1].strip()
