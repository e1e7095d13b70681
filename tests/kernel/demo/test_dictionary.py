"""The shipped compression dictionary: the recorded bytes, worth its place, and trained the same way twice."""

from __future__ import annotations

import hashlib
import importlib.util
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest
import zstandard

from osler.demo.clinic import Clinic
from osler.platform.testing import shared_data

SCRIPT = Path(__file__).parents[3] / "scripts" / "build_dictionary.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_dictionary", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shrunk(bodies: list[bytes], dictionary: bytes | None) -> float:
    """How many times smaller the bodies become, each on its own."""
    shared = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    packer = zstandard.ZstdCompressor(level=3, dict_data=shared, write_dict_id=False) if shared else zstandard.ZstdCompressor(level=3)
    return sum(map(len, bodies)) / sum(len(packer.compress(body)) for body in bodies)


def test_the_shipped_dictionary_is_the_one_bodies_were_written_with(script: ModuleType) -> None:
    assert hashlib.sha256(script.SHIPPED.read_bytes()).hexdigest() == script.DIGEST


def test_generated_records_it_has_not_seen_become_seven_times_smaller(script: ModuleType) -> None:
    bodies = [body for _, body in script.generated(script.HELD_OUT)]

    assert shrunk(bodies, script.SHIPPED.read_bytes()) > 7
    assert shrunk(bodies, None) < 2


def test_synthea_records_become_three_times_smaller(script: ModuleType) -> None:
    bodies = [body for _, body in script.synthea(shared_data("synthea", "blaze-2021"), 8)]

    assert shrunk(bodies, script.SHIPPED.read_bytes()) > 3


def test_training_twice_gives_the_same_bytes(script: ModuleType) -> None:
    small = Clinic(date(2026, 1, 5), seed=20, patients=30)

    assert script.train(small, 8192) == script.train(small, 8192)
