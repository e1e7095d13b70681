"""The import contracts hold, and each has been seen to fail: a contract nobody has seen fail is a comment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]

BREACHES = {
    "Composition root > demo > gateway > services > formats > platform": ("services/patient/service.py", "import osler.gateway.fhir\n"),
    "Every service has the same shape": ("services/patient/resources.py", "import osler.services.patient.service\n"),
    "A service reaches another only through its contract": (
        "services/orders/service.py",
        "import osler.services.encounter.resources\n",
    ),
    "Rules and contracts are pure": ("services/patient/contract.py", "import asyncpg\n"),
    "No package cycles": ("platform/events/codec.py", "import osler.platform.store\n"),
    "Services know each other in one order": ("services/identity/service.py", "import osler.services.portal.contract\n"),
    "The kernel is layered": ("platform/errors.py", "import osler.platform.web\n"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts over a copy of the tree."""
    program = Path(sys.executable).with_name("lint-imports")
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    command = [program, "--config", folder / ".importlinter", "--no-cache"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def copy_of_the_tree(place: Path) -> Path:
    """The sources without their data files; the imports are all that the contracts look at."""
    shutil.copytree(
        TOP / "src", place / "src", ignore=shutil.ignore_patterns("__pycache__", "web_dist", "*.zdict", "*.json", "*.gz", "*.sql")
    )
    shutil.copy(TOP / ".importlinter", place)
    return place


def test_the_import_contracts_hold() -> None:
    answer = lint(TOP)

    assert answer.returncode == 0, answer.stdout[-3000:]
    assert "0 broken" in answer.stdout


@pytest.mark.parametrize("contract", BREACHES)
def test_a_breach_of_each_contract_turns_it_red(contract: str, tmp_path: Path) -> None:
    file, line = BREACHES[contract]
    tree = copy_of_the_tree(tmp_path)
    target = tree / "src/osler" / file
    target.write_text(target.read_text() + line)

    answer = lint(tree)

    assert answer.returncode != 0
    assert any(contract in row and "BROKEN" in row for row in answer.stdout.splitlines()), answer.stdout[-3000:]


def test_a_module_outside_the_shape_of_a_service_turns_the_build_red(tmp_path: Path) -> None:
    tree = copy_of_the_tree(tmp_path)
    (tree / "src/osler/services/patient/manager.py").write_text('"""Nobody knows what this is for."""\n')

    answer = lint(tree)

    assert answer.returncode != 0
    assert "manager" in answer.stdout
