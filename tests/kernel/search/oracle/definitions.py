"""R4's own SearchParameter resources: what the oracle goes by, not what the product has made of them."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from osler.platform.testing import shared_data


@dataclass(frozen=True)
class Definition:
    type: str
    code: str
    kind: str
    expression: str
    targets: tuple[str, ...]
    components: tuple[tuple[str, str], ...]
    """(URL of the component's definition, expression)."""


@cache
def _all() -> list[dict[str, Any]]:
    text = gzip.decompress(shared_data("fhir-r4-definitions", "search-parameters.json.gz").read_bytes())
    return [entry["resource"] for entry in json.loads(text)["entry"]]


@cache
def by_url() -> dict[str, Definition]:
    return {one["url"]: made(one, one["base"][0]) for one in _all()}


@cache
def definitions(type_name: str) -> dict[str, Definition]:
    """The parameters of a type by code, those of every resource included."""
    bases = {"Resource", "DomainResource", type_name}
    return {one["code"]: made(one, type_name) for one in _all() if bases & set(one["base"])}


def of_many(expression: str) -> str:
    """R4's parameters say `as` of lists, where FHIRPath has it of one item: what they mean is `ofType`."""
    told = re.sub(r"\(([A-Za-z.]+) as ([A-Za-z]+)\)", r"\1.ofType(\2)", expression)
    return re.sub(r"\.as\(([A-Za-z]+)\)", r".ofType(\1)", told).replace("ofType(DateTime)", "ofType(dateTime)")


def made(one: dict[str, Any], type_name: str) -> Definition:
    components = tuple((part["definition"], of_many(part["expression"])) for part in one.get("component", ()))
    if one["id"] == "DocumentReference-relationship":
        # R4 has its two expressions the wrong way round: what is related would be a code, and how, a reference.
        (first, code), (second, target) = components
        components = (first, target), (second, code)
    return Definition(type_name, one["code"], one["type"], of_many(one.get("expression", "")), tuple(one.get("target", ())), components)


@cache
def compartment(kind: str) -> dict[str, tuple[str, ...]]:
    """Type -> the parameters that place its records in the compartment of a Patient, an Encounter, …"""
    found = shared_data("fhir-r4-definitions", "compartments", f"CompartmentDefinition-{kind[0].lower()}{kind[1:]}.json")
    rows = json.loads(found.read_bytes())["resource"]
    return {row["code"]: tuple(name for name in row["param"] if name != "{def}") for row in rows if "param" in row}
