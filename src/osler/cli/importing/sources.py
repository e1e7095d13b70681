"""Which files of the named paths are loaded, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from osler.platform.errors import Malformed

NAME = re.compile(r"\.(json|ndjson|jsonl)(\.gz|\.bz2)?\Z", re.IGNORECASE)
FIRST = (
    "Organization",
    "Location",
    "Practitioner",
    "PractitionerRole",
    "HealthcareService",
    "Medication",
    "Device",
    "Patient",
    "RelatedPerson",
)
"""What others point to comes first, so that conditional references find it."""
SYNTHEA = ("hospitalinformation", "practitionerinformation")


@dataclass(frozen=True, slots=True)
class Source:
    """One file. Files of a lower `turn` are done before any of a higher one begins."""

    path: Path
    lines: bool
    """NDJSON: one resource a line."""
    turn: int


def sources(paths: Iterable[Path]) -> list[Source]:
    """Every file to load, in order. Raises `Malformed` for a path that is not there or a file we cannot read by its name."""
    found = {source.path: source for path in paths for source in _in(path)}
    return sorted(found.values(), key=lambda source: (source.turn, str(source.path)))


def _in(path: Path) -> Iterator[Source]:
    if path.is_dir():
        for inside in sorted(path.rglob("*")):
            if inside.is_file() and NAME.search(inside.name):
                yield _source(inside)
    elif not path.is_file():
        raise Malformed(f"{path} is not there")
    elif NAME.search(path.name) is None:
        raise Malformed(f"{path} is none of .json, .ndjson, .jsonl, with or without .gz or .bz2")
    else:
        yield _source(path)


def _source(path: Path) -> Source:
    ending = NAME.search(path.name)
    lines = ending is not None and ending[1].lower() != "json"
    return Source(path, lines, _turn(path.name))


def _turn(name: str) -> int:
    lowered = name.lower()
    for turn, word in enumerate(SYNTHEA):
        if word in lowered:
            return turn
    kind = re.split(r"[^A-Za-z]", name, maxsplit=1)[0]
    return 2 + FIRST.index(kind) if kind in FIRST else 2 + len(FIRST)
