"""What one process signs for another is good for that command, that body and one minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from osler.platform.bus import VALID_SECONDS, Bus, CommandDoor, Envelope, digest, seal
from osler.platform.clock import FixedClock
from osler.platform.context import Actor
from osler.platform.errors import Unauthenticated

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = b"the deployment's"
BODY = b'{"a":1}'


async def no_context(*_: Any) -> Any:
    raise AssertionError("a refused command needs no context")


def door(clock: FixedClock) -> CommandDoor:
    return CommandDoor(Bus({}, {}, {}, SECRET), clock, no_context)


def sealed(secret: bytes = SECRET) -> str:
    until = NOON.timestamp() + VALID_SECONDS
    return seal(Envelope("encounter.FileResult", "clinic", Actor("user/1", "user"), "TREAT", "req-1", until, digest(BODY)), secret)


def test_a_seal_opens_for_its_command_and_body() -> None:
    assert door(FixedClock(NOON)).open("encounter.FileResult", sealed(), BODY).tenant == "clinic"


@pytest.mark.parametrize(
    ("path", "text", "body", "later"),
    [
        ("orders.ReleaseResults", sealed(), BODY, 0),
        ("encounter.FileResult", sealed(), b'{"a":2}', 0),
        ("encounter.FileResult", sealed(b"another"), BODY, 0),
        ("encounter.FileResult", sealed(), BODY, VALID_SECONDS + 1),
        ("encounter.FileResult", "é.ü", BODY, 0),
        ("encounter.FileResult", "", BODY, 0),
    ],
)
async def test_a_seal_of_another_command_body_secret_or_minute_is_refused(path: str, text: str, body: bytes, later: int) -> None:
    clock = FixedClock(NOON)
    clock.advance(timedelta(seconds=later))

    with pytest.raises(Unauthenticated):
        door(clock).open(path, text, body)

    assert (await door(clock).receive(path, text, body))[0] == 401
