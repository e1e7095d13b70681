"""One served demo for the whole replay."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from osler.platform.testing.database import TestDatabase
from tests.conformance.served_demo import ServedDemo, demo_served
from tests.conformance.us_core.replay import Replay

PATIENTS = ("complete-woman", "complete-elder", "complete-child", "deceased")
"""The patients whose records together hold every must-support element."""


@pytest.fixture(scope="module")
async def demo(module_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServedDemo]:
    async with demo_served(module_database, Path(tmp_path_factory.mktemp("demo")), frozenset(PATIENTS)) as served:
        yield served


@pytest.fixture(scope="module")
async def replay(demo: ServedDemo) -> Replay:
    """The replay, done."""
    began = time.monotonic()
    replayed = Replay(demo.http, demo.base, PATIENTS)
    await replayed.run()
    print(f"\nUS Core replay: {replayed.requests:,} requests in {time.monotonic() - began:.1f} s")
    return replayed
