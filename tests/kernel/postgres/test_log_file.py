"""What PostgreSQL writes down is for the owner of the data folder alone."""

from __future__ import annotations

import stat

from osler.platform.testing.database import TestServer


def test_the_servers_log_can_be_read_by_its_owner_alone(postgres_server: TestServer) -> None:
    assert stat.S_IMODE(postgres_server.server.places.log.stat().st_mode) == 0o600
