"""Start the embedded PostgreSQL of a data folder, or join the one that runs; the last process to leave stops it."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from osler.platform.postgres.account import reachable_copy
from osler.platform.postgres.binaries import Binaries, find_binaries
from osler.platform.postgres.configuration import write_configuration
from osler.platform.postgres.holders import Hold, one_at_a_time
from osler.platform.postgres.login import Login, socket_login
from osler.platform.postgres.places import LENT, Places, settle, socket_folder
from osler.platform.postgres.postmaster import Postmaster, clear_socket, clear_the_way, read_postmaster, state_of, stop
from osler.platform.postgres.secret import deployment_secret, derived
from osler.platform.postgres.trouble import PostgresTrouble

ADMIN = "postgres"
Say = Callable[[str], None]
COMPLAINT = re.compile(r"(?:FATAL|PANIC|error|LOG: +(?=invalid|unrecognized|parameter|could not)):? *(.+)")
LEFT: list[subprocess.Popen[bytes]] = []
"""Servers we started and left to other processes; kept so that Python does not take them for forgotten."""


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
                if self._child is not None:
                    LEFT.append(self._child)
                return
            found = read_postmaster(self.places.cluster)
            if found is not None and state_of(found.pid, self.places.cluster) == "alive":
                stop(found.pid, self.places.cluster, self._child.poll if self._child else lambda: None, self._say)
                if not Path(found.socket_folder).is_relative_to(self.places.data):
                    with contextlib.suppress(OSError):
                        Path(found.socket_folder).rmdir()
        if self._child is not None:
            self._child.wait()


def launch(data: Path, *, binaries: Path | None = None, listen: str = "", port: int = 5432, say: Say = print) -> Server:
    """The server of this data folder: joined when it runs, else started (and its cluster made on first use). Blocks until it is ready.

    Raises `PostgresTrouble` in plain words.
    """
    places = settle(data, say)
    with one_at_a_time(places.data / "postgres.lock", lambda: say("Another osler is starting or stopping this database; waiting for it")):
        hold = Hold(places.data / "postgres.users")
        try:
            joined, child, ready = join_or_start(places, binaries, listen, port, say)
        except BaseException:
            # A child that has not become ready is left alone: recovering, it would begin anew, and the next start joins it.
            hold.leave()
            raise
        password = derived(deployment_secret(places.data), ADMIN)
        return Server(places, socket_login(ready.socket_folder, ready.port, ADMIN, password), joined, hold, child, say)


def join_or_start(
    places: Places, binaries: Path | None, listen: str, port: int, say: Say
) -> tuple[bool, subprocess.Popen[bytes] | None, Postmaster]:
    """The server that runs, when it really answers (it may have been killed a moment ago), else one we start."""
    while True:
        clear_the_way(places.cluster, say)
        found = read_postmaster(places.cluster)
        logged = places.log.stat().st_size if places.log.exists() else 0
        if found is None or state_of(found.pid, places.cluster) != "alive":
            child = start(places, binaries, listen, port, say)
            return False, child, until_ready(places, child, logged, say)
        ready = until_joined(places, say)
        if ready is not None and answers(ready):
            return True, None, ready


def start(places: Places, binaries: Path | None, listen: str, port: int, say: Say) -> subprocess.Popen[bytes]:
    """Start the server process in a session of its own, so that Ctrl-C at the terminal reaches us and not it."""
    programs = programs_for(places, binaries)
    if not (places.cluster / "PG_VERSION").exists():
        make_cluster(places, programs)
    folder = socket_folder(places, port, say)
    clear_socket(folder, port, places.cluster)
    write_configuration(places.cluster, programs.major, folder, listen, port)
    keep_log_small(places.log)
    places.log.touch()
    places.log.chmod(0o600)  # an error of PostgreSQL's may quote the values of a statement
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


def until_ready(places: Places, child: subprocess.Popen[bytes], logged: int, say: Say) -> Postmaster:
    """The server we started, when it takes connections. Raises `PostgresTrouble` with the reason when it ends instead."""
    for _ in moments(say):
        found = read_postmaster(places.cluster)
        if found is not None and found.ready and found.pid == child.pid:
            return found
        if child.poll() is not None:
            break
    raise PostgresTrouble(f"the database did not start: {in_plain_words(tail(places.log, logged))} (log: {places.log})")


def until_joined(places: Places, say: Say) -> Postmaster | None:
    """The server that another process started, when it takes connections; None when it ended instead."""
    for _ in moments(say):
        found = read_postmaster(places.cluster)
        if found is None or state_of(found.pid, places.cluster) != "alive":
            break
        if found.ready:
            return found
    return None


def moments(say: Say) -> Iterator[None]:
    """Time to look again, as long as it takes: recovery after a crash may take minutes and is never cut short."""
    began = told = time.monotonic()
    while True:
        yield
        if time.monotonic() - told > 5:
            told = time.monotonic()
            say(f"The database is still starting after {told - began:.0f} s: it recovers from a crash. Nothing is lost; waiting")
        time.sleep(0.01)


def answers(found: Postmaster) -> bool:
    """Whether somebody listens at its socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(f"{found.socket_folder}/.s.PGSQL.{found.port}")
        except OSError:
            return False
    return True


def keep_log_small(log: Path, limit: int = 16 * 1024 * 1024) -> None:
    """Begin a new log when the old one is large; one old one is kept."""
    if log.exists() and log.stat().st_size > limit:
        log.replace(log.with_suffix(".log.1"))


def tail(log: Path, logged: int, size: int = 8000) -> str:
    """What the server has logged since it had logged so many bytes; the end of it."""
    text = log.read_bytes()
    return text[logged if len(text) >= logged else 0 :][-size:].decode(errors="replace")


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
    complaints = [words for line in text.splitlines() for words in COMPLAINT.findall(line)]
    return "; ".join(complaints) or "no reason given"
