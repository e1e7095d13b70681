"""The generated structs are what the script makes of the official definitions, and nothing else."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from osler.platform.testing import shared_data

REPOSITORY = Path(__file__).parents[3]
WRITTEN = ("__init__.py", "codes.py", "datatypes.py", "elements.json", "registry.py", "resources.py")


def test_the_generated_files_are_exactly_what_the_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("build_definitions", REPOSITORY / "scripts/build_definitions.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, script)  # dataclasses look their module up
    spec.loader.exec_module(script)

    script.build(shared_data("fhir-r4-definitions"), tmp_path)

    for name in WRITTEN:
        kept = REPOSITORY / "src/osler/platform/fhir/generated" / name
        assert (tmp_path / name).read_text() == kept.read_text(), f"{name}: run scripts/build_definitions.py"
