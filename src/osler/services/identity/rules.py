"""What a username, a password and a set of roles must be like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from osler.platform.access import ROLES
from osler.platform.errors import Invalid

USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?\Z")
SHORTEST = 12
LONGEST = 1024


def canonical_username(typed: str) -> str:
    """The form in which a username is stored and compared: folded, without surrounding space."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()[:64]


def canonical_password(typed: str) -> str:
    """The form in which a password is hashed (NIST SP 800-63B 5.1.1.2: normalise Unicode)."""
    return unicodedata.normalize("NFKC", typed)


def check_username(username: str) -> None:
    """A username is letters, digits and `. _ @ -`, so that it reads the same everywhere."""
    if not USERNAME.match(username):
        raise Invalid("A username has 1 to 64 letters a-z, digits or . _ @ -, and begins and ends with a letter or digit")


def check_password(password: str, username: str) -> None:
    """At least twelve characters, and not the username (NIST SP 800-63B: length, no composition rules)."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"A password has at least {SHORTEST} characters")
    if canonical_username(password) == username:
        raise Invalid("The password must not be the username")


def check_roles(roles: Iterable[str]) -> None:
    """Every role is one that the access table knows; `system` is for machine clients only."""
    for role in roles:
        if role not in ROLES or role == "system":
            raise Invalid(f"No such role: {role[:40]!r}. Roles are {', '.join(sorted(set(ROLES) - {'system'}))}")
