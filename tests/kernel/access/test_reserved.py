"""Some acts go with no grant of types: each has the few roles that may, and the server itself."""

import pytest

from osler.platform.access import ROLES, may
from osler.platform.context import Actor


def person(role):
    return Actor("user/1", "user", frozenset({role}))


@pytest.mark.parametrize(("act", "roles"), [("declassify", {"compliance", "system"}), ("expunge", {"admin", "system"}), ("fly", set())])
def test_only_these_roles_may(act, roles):
    assert {role for role in ROLES if may(person(role), act, "Patient")} == roles


def test_the_servers_own_processes_may_what_exists_and_nothing_else():
    own = Actor("system/1", "system")

    assert may(own, "expunge", "Patient")
    assert not may(own, "fly", "Patient")
    assert not may(Actor("user/1", "user", frozenset({"unheard of"})), "expunge", "Patient")
