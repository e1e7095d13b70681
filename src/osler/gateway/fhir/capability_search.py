"""What the CapabilityStatement says of search: parameters with their modifiers and prefixes, includes, combinations.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from functools import cache
from typing import Any

from osler.gateway.fhir.us_core import COMBINATIONS
from osler.platform.fhir import TYPES, SearchParameter, search_parameters
from osler.platform.store.parameters import ParametersOf
from osler.platform.store.search.hierarchies import upwards

COMBINATION = "http://hl7.org/fhir/StructureDefinition/capabilitystatement-search-parameter-combination"
PREFIXES = "eq ne gt ge lt le sa eb ap"
UNMODIFIED = frozenset({"_id", "_text", "_content", "phonetic"})
"""Parameters that take no modifier but `:missing`."""
WHOLE = (
    ("_filter", "special", "Conditions joined by and, or, not: https://hl7.org/fhir/R4/search_filter.html"),
    ("_has", "string", "Reverse chaining, nested where wanted: `_has:Observation:patient:code=…`"),
    ("_list", "string", "The records that a List names"),
    ("_type", "token", "Several types in one search at the base address"),
)
"""What every search takes besides the type's own parameters."""


def search_part(kind: str, parameters_of: ParametersOf = search_parameters) -> dict[str, Any]:
    """The search members of `rest.resource` for one type."""
    parameters = supported(kind, parameters_of)
    references = sorted(name for name, parameter in parameters.items() if parameter.kind == "reference")
    said: dict[str, Any] = {"searchParam": [_said(parameter) for _, parameter in sorted(parameters.items())]}
    if references:
        said = {"searchInclude": ["*", *(f"{kind}:{name}" for name in references)]} | said
    if pointing := pointing_at().get(kind):
        said = {"searchRevInclude": pointing} | said
    if together := [_combination(names) for names in COMBINATIONS.get(kind, ())]:
        said["extension"] = together
    return said


def _said(parameter: SearchParameter) -> dict[str, str]:
    said = {"name": parameter.code, "type": parameter.kind}
    notes = [f"Prefixes: {PREFIXES}."] if parameter.kind in ("date", "number", "quantity") else []
    notes.append(f"Modifiers: {' '.join(f':{name}' for name in modifiers(parameter))}.")
    return said | {"documentation": " ".join(notes)}


def modifiers(parameter: SearchParameter) -> tuple[str, ...]:
    """The modifiers a parameter takes; `[type]` stands for the types it may refer to. https://hl7.org/fhir/R4/search.html#modifiers"""
    kind = parameter.kind
    if parameter.code in UNMODIFIED:
        return ("missing",)
    if kind == "string":
        return ("missing", "exact", "contains", "text")
    if kind == "token":
        if parameter.identifies:
            return ("missing", "not", "text", "of-type")
        return ("missing", "not", "text") if parameter.folds else ("missing", "not", "text", "in", "not-in", "above", "below")
    if kind == "reference":
        climbs = any(upwards(name) is not None for name in parameter.targets)
        return ("missing", "identifier", "[type]", *(("above", "below") if climbs else ()))
    if kind == "uri" and parameter.code not in ("_profile", "_source"):
        return ("missing", "above", "below")
    return ("missing",)


def _combination(names: tuple[str, ...]) -> dict[str, Any]:
    return {"url": COMBINATION, "extension": [{"url": "required", "valueString": name} for name in names]}


def supported(kind: str, parameters_of: ParametersOf = search_parameters) -> dict[str, SearchParameter]:
    """The search parameters that are answered; the others are refused, so they are not listed."""
    return {name: parameter for name, parameter in parameters_of(kind).items() if parameter.searchable and not parameter.pending}


def added(parameters_of: ParametersOf) -> frozenset[tuple[str, str, str]]:
    """What a tenant has added to R4's search parameters: type, code and kind."""
    if parameters_of is search_parameters:
        return frozenset()
    return frozenset(
        (kind, name, parameter.kind)
        for kind in TYPES
        for name, parameter in supported(kind, parameters_of).items()
        if search_parameters(kind).get(name) is not parameter
    )


@cache
def pointing_at() -> dict[str, list[str]]:
    """Type -> the reference parameters of other types that may point at it, as `_revinclude` names them."""
    found: dict[str, list[str]] = {kind: [] for kind in TYPES}
    for source in TYPES:
        for name, parameter in sorted(supported(source).items()):
            if parameter.kind == "reference":
                for target in parameter.targets:
                    found[target].append(f"{source}:{name}")
    return found
