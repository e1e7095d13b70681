"""Serve HTTP until told to stop, and then stop in order: no new requests, those under way answered, the database last."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import gc
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from osler.platform.config import Settings
from osler.platform.postgres import PostgresTrouble

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
GRACE = 20
BACKLOG = 2048


class PortTaken(PostgresTrouble):
    """Another program listens where we should."""


def bound(host: str, port: int) -> socket.socket:
    """The address, ours from now on though nobody listens yet. Raises `PortTaken` in plain words before anything else is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as failure:
        taken.close()
        if failure.errno == errno.EADDRINUSE:
            raise PortTaken(f"port {port} is taken by another program: stop it, or choose another with --port or OSLER_PORT") from None
        if failure.errno == errno.EACCES:
            raise PortTaken(f"port {port} may only be opened by root: choose one above 1023") from None
        raise PortTaken(f"cannot listen on {host}: {failure.strerror or failure}") from None
    return taken


class Server(uvicorn.Server):
    """uvicorn without its own signal handling, which would end the process before our database is put away."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `Stop`."""
        yield


class Stop:
    """What Ctrl-C and SIGTERM do: while starting, give up the start; while serving, finish what is under way; the second time, at once."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.starting = asyncio.current_task()
        self.server: Server | None = None
        self.asked = False
        for number in STOP_SIGNALS:
            self.loop.add_signal_handler(number, self.stop)

    def stop(self) -> None:
        """Called once per signal."""
        if self.server is not None:
            self.server.force_exit = self.asked
            self.server.should_exit = True
        elif self.starting is not None and not self.asked:
            self.starting.cancel()
        self.asked = True

    def serving(self, server: Server) -> None:
        """The start is done: from now on a signal ends this server."""
        self.server = server


def settle_memory() -> None:
    """Give back what only the start needed, and let the collector pass over what stays for the life of the process."""
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; others return memory by themselves
    if trim is not None:
        trim(0)


def http_server(app: ASGIApp, settings: Settings) -> Server:
    """The HTTP server with the settings that Osler needs."""
    return Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE,
        )
    )
