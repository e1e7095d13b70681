"""The session cookie is closed to scripts, other sites and, wherever https is spoken, to plain http."""

from __future__ import annotations

import pytest

from osler.platform.context import Tenant
from osler.platform.web import Request
from osler.services.identity.api import cookie


async def nothing() -> dict[str, object]:
    return {"type": "http.disconnect"}


def flags(scheme: str, headers: list[tuple[bytes, bytes]], always_https: bool) -> list[str]:
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "scheme": scheme, "query_string": b""}
    text = cookie(Request(scope, nothing, 0), Tenant(1, "clinic"), "token", 60, always_https).decode()  # type: ignore[arg-type]  # never called
    return text.split("; ")


@pytest.mark.parametrize(
    ("scheme", "headers", "always_https", "secure"),
    [
        ("http", [], False, False),
        ("https", [], False, True),
        ("http", [(b"x-forwarded-proto", b"https")], False, True),
        ("http", [], True, True),
    ],
)
def test_the_session_cookie_is_secure_wherever_https_is_spoken(
    scheme: str, headers: list[tuple[bytes, bytes]], always_https: bool, secure: bool
) -> None:
    found = flags(scheme, headers, always_https)

    assert {"Path=/clinic/", "HttpOnly", "SameSite=Strict"} <= set(found)
    assert ("Secure" in found) is secure
