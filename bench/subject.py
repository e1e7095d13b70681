"""The server under measurement: `osler serve` on a data folder of its own, with the demo clinic in it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.cpu import Usage, descendants, memory_mb, usage

READY_SECONDS = 180


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Subject:
    """A running server, its token, and what it holds."""

    data: Path
    patients: int
    port: int = field(default_factory=free_port)
    token: str = ""

    def start(self) -> float:
        """Start, wait until ready; answers the seconds it took."""
        environment = os.environ | {"OSLER_DATA": str(self.data), "OSLER_PORT": str(self.port), "OSLER_DEMO_PATIENTS": str(self.patients)}
        begun = time.perf_counter()
        program = Path(sys.executable).with_name("osler")
        with (self.data.parent / "server.log").open("ab") as log:
            self.process = subprocess.Popen([program, "serve", "--demo"], env=environment, stdout=log, stderr=log)
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5).read()
                break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if self.process.poll() is not None or time.perf_counter() - begun > READY_SECONDS:
                    sys.exit(f"The server did not start; see {self.data.parent / 'server.log'}")
                time.sleep(0.02)
        return time.perf_counter() - begun

    def sign_in(self) -> None:
        """Take a token as the demo machine client."""
        secret = (self.data / "demo-client.secret").read_text().strip()
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": secret})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/demo/oauth/token", form.encode()) as answer:
            self.token = json.load(answer)["access_token"]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)

    @property
    def postmaster(self) -> int:
        """The process id of the embedded PostgreSQL."""
        (found,) = self.data.rglob("postmaster.pid")
        return int(found.read_text().split("\n", 1)[0])

    def cpu(self) -> Usage:
        return usage(self.process.pid, self.postmaster)

    def memory(self) -> tuple[float, float]:
        """MB of the server and of PostgreSQL."""
        database = descendants(self.postmaster)
        return memory_mb([pid for pid in descendants(self.process.pid) if pid not in database]), memory_mb(database)

    def get(self, path: str) -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def message(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """One HTTP request as bytes, ready to be sent again and again."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Authorization: Bearer {self.token}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if body:
            lines += [f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body
