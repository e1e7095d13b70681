"""The budgets and shapes of the house: sizes, names, one owner a type, one door to the clock, no trace of one machine."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from osler.platform.fhir import TYPES
from osler.platform.manifest import Service

TOP = Path(__file__).resolve().parents[2]
SOURCES = TOP / "src/osler"
SERVICES = (
    "billing",
    "decisions",
    "encounter",
    "exchange",
    "identity",
    "orders",
    "patient",
    "portal",
    "privacy",
    "scheduling",
    "terminology",
)
MODULES = {"__init__.py", "README.md", "contract.py", "resources.py", "rules.py", "queries.py", "subscribers.py", "api.py", "graphql.py",
           "schema.graphql", "service.py", "sql", "workflows", "migrations", "tests"}  # fmt: skip
NEEDED = {"__init__.py", "README.md", "contract.py", "resources.py", "service.py", "workflows", "tests"}
BANNED = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
FILE_LINES, FEW_OVER, FEW, FUNCTION_LINES, METHODS = 600, 400, 12, 80, 15


def tracked(*endings: str) -> list[Path]:
    """The repository's own files, without what a script generates."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=TOP, capture_output=True, text=True, check=True
    )
    paths = [TOP / line for line in listing.stdout.splitlines()]
    return [path for path in paths if path.suffix in endings and "generated" not in path.parts and path.is_file()]


def trees() -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file under src with its syntax tree."""
    for path in sorted(SOURCES.rglob("*.py")):
        if "generated" not in path.parts:
            yield path, ast.parse(path.read_text())


def services() -> list[Service]:
    """The manifests of all eleven services."""
    return [importlib.import_module(f"osler.services.{name}.service").service for name in SERVICES]


def test_no_file_is_over_600_lines_and_few_are_over_400() -> None:
    sizes = {str(path.relative_to(TOP)): len(path.read_text().splitlines()) for path in tracked(".py", ".ts", ".tsx", ".mjs")}

    assert {name: size for name, size in sizes.items() if size > FILE_LINES} == {}
    assert len([name for name, size in sizes.items() if size > FEW_OVER]) <= FEW


def test_no_function_is_over_80_lines_and_no_class_has_over_15_methods() -> None:
    long, wide = [], []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES:
                long.append(f"{path.relative_to(TOP)}:{node.name}")
            if isinstance(node, ast.ClassDef):
                # A set: the overloads of one method are one method.
                names = {item.name for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)}
                methods = [name for name in names if not name.startswith("_")]
                if len(methods) > METHODS:
                    wide.append(f"{path.relative_to(TOP)}:{node.name} {len(methods)}")

    assert (long, wide) == ([], [])


def test_no_module_is_a_dumping_ground() -> None:
    assert [str(path) for path in tracked(".py", ".ts", ".tsx") if path.stem in BANNED] == []


def test_only_the_clock_reads_the_time_of_day() -> None:
    pattern = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time)\(")

    found = [str(path.relative_to(SOURCES)) for path, _ in trees() if pattern.search(path.read_text())]

    assert found == ["platform/clock.py"]


def test_every_service_has_the_same_shape_and_tests() -> None:
    assert {path.name for path in (SOURCES / "services").iterdir() if path.is_dir() and path.name != "__pycache__"} == set(SERVICES)
    for name in SERVICES:
        folder = SOURCES / "services" / name
        names = {path.name for path in folder.iterdir() if path.name != "__pycache__"}
        assert names >= NEEDED, name
        assert names - MODULES == set(), name
        assert list((folder / "tests").glob("test_*.py")), f"{name} has no tests"


def test_every_r4_type_has_exactly_one_owner() -> None:
    owners = Counter(kind for service in services() for kind in service.types)

    assert len(TYPES) == 146
    assert [kind for kind, count in owners.items() if count > 1] == []
    assert set(owners) == set(TYPES)


def test_every_readme_of_a_service_names_the_types_it_owns() -> None:
    for service in services():
        text = (service.folder / "README.md").read_text()
        assert [kind for kind in service.types if kind not in text] == [], service.name


@pytest.mark.parametrize(
    "pattern",
    [
        r"/(work|root)/[a-z]",
        r"https?://(registry\.|pypi\.|files\.pythonhosted|[a-z.-]*artifactory|[a-z.-]*nexus)",
        r"BEGIN (RSA |EC )?PRIVATE KEY",
    ],
)
def test_no_file_names_a_machine_a_registry_or_a_secret(pattern: str) -> None:
    here = Path(__file__)
    endings = (".py", ".ts", ".tsx", ".md", ".sh", ".toml", ".json", ".sql", ".yml", ".mjs", ".txt", ".css", ".html")
    found = [str(path.relative_to(TOP)) for path in tracked(*endings) if path != here and re.search(pattern, path.read_text())]

    assert found == []


def test_no_code_is_left_for_later() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    here = Path(__file__)

    assert [
        str(path.relative_to(TOP)) for path in tracked(".py", ".ts", ".tsx", ".sh") if path != here and words.search(path.read_text())
    ] == []
