"""Installs dist/osler-*.whl alone into a fresh environment, serves the demo clinic from it without Node, and looks for a patient."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from http.cookiejar import CookieJar
from pathlib import Path

PATIENTS = "17"
LIMIT_SECONDS = 180


def main() -> None:
    """Exit 0 when the wheel serves the app, signs a user in and finds a patient."""
    top = Path(__file__).resolve().parent.parent
    (wheel,) = (top / "dist").glob("osler-*.whl")
    with tempfile.TemporaryDirectory(prefix="osler-wheel-") as folder:
        place = Path(folder)
        place.chmod(0o755)  # as root, PostgreSQL runs as another user, who must get in
        venv.create(place / "venv", with_pip=True)
        python = place / "venv/bin/python"
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", top / "constraints.txt", wheel]
        subprocess.run(pip, check=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {
            "PATH": f"{place / 'venv/bin'}:/usr/bin:/bin",
            "HOME": str(place),
            "OSLER_DATA": str(place / "data"),
            "OSLER_PORT": str(port),
            "OSLER_DEMO_PATIENTS": PATIENTS,
        }
        server = subprocess.Popen([place / "venv/bin/osler", "serve", "--demo"], cwd=place, env=environment)
        try:
            look(f"http://127.0.0.1:{port}", server)
        finally:
            server.terminate()
            server.wait(60)
    print("The wheel serves the app")


def look(base: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server is ready, then load the app, sign in and search."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    end = time.monotonic() + LIMIT_SECONDS
    while True:
        try:
            opener.open(f"{base}/health/ready", timeout=5).read()
            break
        except (urllib.error.URLError, ConnectionError):
            if server.poll() is not None or time.monotonic() > end:
                sys.exit("The installed wheel did not become ready")
            time.sleep(0.2)
    page = opener.open(f"{base}/demo/app/").read().decode()
    assert "<script" in page, "the app's page carries no script"

    def post(path: str, body: object) -> dict[str, object]:
        request = urllib.request.Request(
            f"{base}{path}", json.dumps(body).encode(), {"Content-Type": "application/json", "X-Osler-Request": "1"}
        )
        answer: dict[str, object] = json.load(opener.open(request))
        return answer

    post("/demo/auth/sign-in", {"username": "physician", "password": "osler-demo-2026!"})
    found = post("/demo/graphql", {"query": '{ patients(search: "") { items { id name } } }'})
    assert found["data"]["patients"]["items"], found  # type: ignore[index]  # the shape of our own answer


if __name__ == "__main__":
    os.umask(0o022)
    main()
