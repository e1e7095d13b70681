"""Which reference parameters place a resource in a compartment. https://hl7.org/fhir/R4/compartmentdefinition.html"""

from __future__ import annotations

from functools import cache

from osler.platform.fhir.generated.compartments import COMPARTMENTS
from osler.platform.fhir.registry import TYPES
from osler.platform.fhir.search_parameters import search_parameters

COMPARTMENT_TYPES = tuple(COMPARTMENTS)


@cache
def compartment_parameters(compartment: str, type: str) -> tuple[str, ...]:  # noqa: A002 - FHIR's word
    """The parameters by which a resource of this type lies in this compartment; none: it never does, unless it is the compartment's own."""
    known = search_parameters(type)
    return tuple(code for code in COMPARTMENTS[compartment].get(type, "").split() if code in known and known[code].searchable)


@cache
def compartment_members(compartment: str) -> tuple[str, ...]:
    """Every type that a compartment may hold, its own included."""
    return tuple(kind for kind in TYPES if kind == compartment or compartment_parameters(compartment, kind))
