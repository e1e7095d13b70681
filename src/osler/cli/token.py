"""`osler token --client demo-client`: a bearer token for scripts and load tests, from the running server."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import typer

from osler.platform.config import settings_from
from osler.platform.errors import Busy, Malformed, Unauthenticated


def register(app: typer.Typer) -> None:
    """Add `osler token`."""
    app.command("token")(token)


def token(
    client: Annotated[str, typer.Option(help="Id of the machine client.")] = "demo-client",
    tenant: Annotated[str, typer.Option(help="The tenant the token is for.")] = "demo",
    url: Annotated[str | None, typer.Option(help="Where Osler answers; default: OSLER_PUBLIC_URL, or OSLER_HOST and OSLER_PORT.")] = None,
    secret_file: Annotated[Path | None, typer.Option(help="Where the secret is; default: OSLER_DATA/CLIENT.secret.")] = None,
) -> None:
    """Print a bearer token (OAuth 2.0 client credentials) and nothing else. OSLER_CLIENT_SECRET wins over the file."""
    settings = settings_from(os.environ)
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - the address to listen on, not to call
    base = url or settings.public_url or f"http://{host}:{settings.port}"
    file = secret_file or settings.data / f"{client}.secret"
    secret = os.environ.get("OSLER_CLIENT_SECRET") or secret_in(file)
    typer.echo(granted(f"{base.rstrip('/')}/{quote(tenant)}/oauth/token", client, secret))


def secret_in(file: Path) -> str:
    """The secret kept in this file. Raises `Malformed` when it is not there."""
    if not file.is_file():
        raise Malformed(f"{file} is not there: set OSLER_CLIENT_SECRET, or OSLER_DATA to the server's data folder")
    return file.read_text("utf-8").strip()


def granted(url: str, client: str, secret: str) -> str:
    """Ask the server. Raises `Unauthenticated` when it refuses, `Busy` when nothing answers."""
    if not url.startswith(("http://", "https://")):
        raise Malformed("The URL must begin with http:// or https://")
    form = urlencode({"grant_type": "client_credentials", "client_id": client, "client_secret": secret}).encode()
    try:
        with urlopen(Request(url, form), timeout=10) as answer:  # noqa: S310 - http or https, seen above
            return str(json.load(answer)["access_token"])
    except HTTPError as refused:
        raise Unauthenticated(f"{url} refuses the client {client} ({refused.code})") from None
    except URLError as failure:
        raise Busy(f"nothing answers at {url} ({failure.reason})") from None
