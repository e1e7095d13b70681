"""The web app's files, the same for every tenant, with the tenant's path written into the page so that deep links find them."""

from __future__ import annotations

import gzip
import mimetypes
import re
from functools import lru_cache
from pathlib import Path

from osler.platform.errors import MethodNotAllowed, NotFound
from osler.platform.web import Request, Response

WEB_DIST = Path(__file__).resolve().parents[1] / "web_dist"
SAFE = re.compile(r"^[A-Za-z0-9._\-]+(?:/[A-Za-z0-9._\-]+)*$")
POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; "
    b"connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
FOR_EVER = b"public, max-age=31536000, immutable"
"""Files under `assets/` carry their content's hash in their name."""
ASK_AGAIN = b"no-cache"
PACKED = frozenset({".js", ".css", ".svg", ".html", ".json", ".map", ".webmanifest"})


class WebApp:
    """Serves `/{tenant}/app/…`: a file when there is one, else the page, which reads the rest of the path itself."""

    def __init__(self, folder: Path = WEB_DIST) -> None:
        self.folder = folder
        self.file = lru_cache(maxsize=512)(self._file)

    async def answer(self, request: Request) -> Response:
        """A file of the app or its page. Raises `NotFound` for a missing asset and when the app has not been built."""
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed("The app's files can only be read")
        _, tenant, _, path = (request.path + "/").split("/", 3)
        name = path.strip("/")
        if name and "." in name.rpartition("/")[2] and SAFE.match(name) and ".." not in name:
            body, kind, packed = self.file(name)
            headers = [(b"cache-control", FOR_EVER if name.startswith("assets/") else ASK_AGAIN)]
            return Response(200, body, kind, headers, gzipped=packed)
        return self.page(tenant)

    def page(self, tenant: str) -> Response:
        """`index.html` with this tenant's paths."""
        body, kind, packed = self.file("index.html")
        text = gzip.decompress(body) if packed else body
        there = f'"/{tenant}/app/'.encode()
        return Response(200, text.replace(b'"./', there), kind, [(b"content-security-policy", POLICY), (b"cache-control", ASK_AGAIN)])

    def _file(self, name: str) -> tuple[bytes, bytes, bool]:
        place = self.folder / name
        if not place.is_file():
            if not (self.folder / "index.html").is_file():
                raise NotFound("The web app is not built: `make run` builds it, and the wheel carries it")
            raise NotFound("There is no such file")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        charset = "; charset=utf-8" if kind.startswith("text/") or kind == "application/json" else ""
        body = place.read_bytes()
        packed = place.suffix in PACKED and len(body) > 1024
        return gzip.compress(body, 6) if packed else body, f"{kind}{charset}".encode(), packed
