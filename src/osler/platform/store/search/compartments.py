"""Compartment searches: `Patient/1/Observation` finds what belongs to that patient by any of the compartment's parameters.

https://hl7.org/fhir/R4/http.html#vsearch, https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from __future__ import annotations

from osler.platform.errors import Issue, Malformed, NotFound
from osler.platform.fhir import compartment_parameters, rid
from osler.platform.store.search import values
from osler.platform.store.search.conditions import Reading
from osler.platform.store.search.logic import Any
from osler.platform.store.search.query import Condition, Ids, Tokens


def inside(compartment: str, reading: Reading) -> Condition:
    """That a record of the type lies in the compartment `Type/id`. Raises `NotFound` for a type the compartment does not hold."""
    kind, _, name = compartment.partition("/")
    if not values.LEGAL_ID.fullmatch(name):
        message = f"That is not the id of a {kind}"
        raise Malformed(message, [Issue("invalid", message)])
    number = rid(kind, name)
    parts: list[Condition] = []
    for code in compartment_parameters(kind, reading.type):
        parameter = reading.parameters_of(reading.type)[code]
        if kind == "Patient" and parameter.narrows_by_patient:
            parts.append(Tokens(parameter, (), (number,)))
        else:
            parts.append(Tokens(parameter, ((number, None),)))
    if reading.type == kind:
        parts.append(Ids((number,)))
    if not parts:
        message = f"The {kind} compartment holds no {reading.type}"
        raise NotFound(message, [Issue("not-found", message)])
    return parts[0] if len(parts) == 1 else Any(tuple(parts))
