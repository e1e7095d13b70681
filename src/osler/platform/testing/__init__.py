"""What tests stand on: real PostgreSQL with a fresh migrated database per test, real HTTP, and the shared real-world data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def shared_data(*parts: str) -> Path:
    """A file or folder of the shared real-world data (`<repository>/../shared/data`, or `OSLER_SHARED_DATA`).

    Without it a test cannot run: on a developer's machine it is skipped with the path named, under `CI=true` it fails.
    """
    root = Path(os.environ.get("OSLER_SHARED_DATA") or Path(__file__).parents[5] / "shared" / "data")
    place = root.joinpath(*parts)
    if not place.exists():
        missing = f"{place} is missing: set OSLER_SHARED_DATA"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return place
