"""What bounds the table: the bare HTTP server, the same SQL without us, the bytes on disk."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from pathlib import Path

import asyncpg

from bench.cpu import Usage, seconds
from bench.report import Storage
from bench.subject import Subject
from osler.platform.config import settings_from


def wait_for(port: int) -> None:
    """Until somebody listens there."""
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"Nobody listens on port {port}")


def alone(pid: int) -> Usage:
    """CPU of a single process."""
    return Usage(seconds(pid), 0.0)
