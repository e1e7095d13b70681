"""The values of a token, reference or URI parameter as they stand in a record: for orders and for references written in full.

The index holds such values as numbers, which find but do not sort; here the parameter's paths are walked through the stored JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from osler.platform.fhir import SearchParameter
from osler.platform.fhir.index_paths import ABSENT, PRESENT, Path, Step
from osler.platform.fhir.search_parameters import searchable_paths


def texts(parameter: SearchParameter | None, content: bytes) -> list[str]:
    """Every value of a parameter in a stored body."""
    return [] if parameter is None else values_of(parameter, msgspec.json.decode(content))


def values_of(parameter: SearchParameter, resource: Any) -> list[str]:
    """Every value of a parameter in a resource: codes, identifiers' values, references, URIs, plain words."""
    found: list[str] = []
    for path in searchable_paths(parameter):
        for value in _reached(path, resource):
            found += _written(value, path.datatype)
    return found


def _reached(path: Path, resource: Any) -> Iterator[Any]:
    here = [resource]
    for step in path.steps:
        here = [found for value in here for found in _stepped(step, value)]
    return iter(here)


def _stepped(step: Step, value: Any) -> list[Any]:
    if not isinstance(value, dict):
        return []
    name = step.name.removesuffix("_")
    if step.kind == "member":
        found = value.get(name)
        if found is None:
            return []
        if not isinstance(found, list):
            return [found]
        return found if step.index < 0 else found[step.index : step.index + 1]
    if step.kind == "equals":
        return [value] if value.get(name) == step.text else []
    if step.kind == "target":
        return [value] if _points_at(value, step.name) else []
    return [value] if not any(member in value for member in step.name.split()) else []


def _points_at(reference: dict[str, Any], target: str) -> bool:
    text = reference.get("reference", "")
    return text.startswith(f"{target}/") or f"/{target}/" in text or reference.get("type") == target


def _written(value: Any, datatype: str) -> list[str]:
    if datatype in (PRESENT, ABSENT):
        return ["true" if datatype == PRESENT else "false"]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if not isinstance(value, dict):
        return [str(value)]
    if datatype == "CodeableConcept":
        codes = [coding["code"] for coding in value.get("coding", ()) if "code" in coding]
        return codes or ([value["text"]] if "text" in value else [])
    member = {"Coding": "code", "Identifier": "value", "ContactPoint": "value", "Reference": "reference"}.get(datatype, "value")
    return [value[member]] if isinstance(value.get(member), str) else []
