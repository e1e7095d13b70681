"""What this server can do, generated from what is registered in this process. https://hl7.org/fhir/R4/capabilitystatement.html"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from typing import Any

import orjson

from osler.gateway.fhir.capability_search import WHOLE, added, search_part
from osler.gateway.fhir.operations import operations_of
from osler.gateway.fhir.us_core import GUIDE, PROFILES, SERVER, VERSIONS
from osler.platform.fhir import TYPES, search_parameters
from osler.platform.fhir.compartments import COMPARTMENT_TYPES
from osler.platform.fhir.limits import LONGEST_STRING, MOST_DEPTH, MOST_ENTRIES, MOST_ISSUES
from osler.platform.store.parameters import ParametersOf
from osler.platform.store.search import DEFAULT_COUNT, MOST_COUNT
from osler.platform.store.search.chaining import DEEPEST
from osler.platform.store.search.includes import MOST_INCLUDED, MOST_STEPS
from osler.platform.store.search.values import MOST_ALTERNATIVES

INTERACTIONS = ("read", "vread", "search-type", "history-instance", "history-type", "create", "update", "patch", "delete")
SYSTEM = ("transaction", "batch", "history-system", "search-system")
FORMATS = ("application/fhir+json", "application/fhir+xml", "application/fhir+ndjson", "text/csv", "json", "xml")
PATCHES = ("application/json-patch+json", "application/fhir+json", "application/fhir+xml")
OAUTH = {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "OAuth", "display": "OAuth"}
LIMITS = f"""
Limits, each answered with an OperationOutcome or said in the Bundle, never silent:

- a page of a search or history holds {DEFAULT_COUNT} entries, or what `_count` asks, up to {MOST_COUNT:,}; with at most {MOST_INCLUDED:,}
  included records, found in at most {MOST_STEPS} steps of `:iterate`
- one parameter takes up to {MOST_ALTERNATIVES:,} values joined by commas; chains go {DEEPEST} steps deep
- `:in`, `:not-in`, `:above` and `:below` of codes need a value set or code system that is stored or built in here
- a Bundle sent here holds up to {MOST_ENTRIES:,} entries; JSON and XML up to {MOST_DEPTH} levels, one string up to
  {LONGEST_STRING // 1024 // 1024} MiB; the first {MOST_ISSUES} problems of a body are told

What is not stated here is refused: an unknown parameter, modifier, operation or format is an error unless `Prefer: handling=lenient`
asks otherwise, and is then named in a warning. NDJSON and CSV are answers of searches.
""".strip()


class Capabilities:
    """Builds the CapabilityStatement once per base URL and what its tenant has added; the rest changes only with the process."""

    def __init__(self, serves: Callable[[str], bool], started: datetime) -> None:
        self.started = started
        self.kinds = [kind for kind in TYPES if serves(kind)]
        self.made: dict[tuple[str, frozenset[tuple[str, str, str]]], bytes] = {}

    def statement(self, base: str, parameters_of: ParametersOf = search_parameters) -> bytes:
        """The CapabilityStatement of the tenant whose FHIR base this is, with the search parameters it has added."""
        key = (base, added(parameters_of))
        if key not in self.made:
            if len(self.made) > 100:
                self.made.clear()
            self.made[key] = orjson.dumps(self.content(base, parameters_of))
        return self.made[key]

    def content(self, base: str, parameters_of: ParametersOf = search_parameters) -> dict[str, Any]:
        """The statement as JSON."""
        release = version("osler")
        return {
            "resourceType": "CapabilityStatement",
            "url": f"{base}/metadata",
            "version": release,
            "name": "Osler",
            "title": "Osler, an EHR that is FHIR R4 inside",
            "status": "active",
            "date": self.started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "kind": "instance",
            "instantiates": [SERVER, *(f"{SERVER}|{each}" for each in VERSIONS)],
            "software": {"name": "Osler", "version": release},
            "implementation": {"description": "Osler, an EHR that is FHIR R4 inside", "url": base},
            "fhirVersion": "4.0.1",
            "format": list(FORMATS),
            "patchFormat": list(PATCHES),
            "implementationGuide": [f"{GUIDE}|{each}" for each in VERSIONS],
            "rest": [
                {
                    "mode": "server",
                    "documentation": LIMITS,
                    "security": {
                        "cors": True,
                        "service": [{"coding": [OAUTH]}],
                        "description": "OAuth 2.0 bearer token or the app's session",
                    },
                    "resource": [resource(kind, base, parameters_of) for kind in self.kinds],
                    "interaction": [{"code": code} for code in SYSTEM],
                    "searchParam": [{"name": name, "type": kind, "documentation": words} for name, kind, words in WHOLE],
                    "operation": operations(None, base),
                    "compartment": [f"http://hl7.org/fhir/CompartmentDefinition/{kind.lower()}" for kind in COMPARTMENT_TYPES],
                }
            ],
        }


def resource(kind: str, base: str, parameters_of: ParametersOf) -> dict[str, Any]:
    """One type: its profiles, interactions, operations, search parameters and what may be included."""
    searching = search_part(kind, parameters_of)
    said: dict[str, Any] = {
        "extension": searching.pop("extension", None),
        "type": kind,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{kind}",
        "supportedProfile": list(PROFILES.get(kind, ())),
        "interaction": [{"code": code} for code in INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical"],
        **searching,
        "operation": operations(kind, base),
    }
    return {name: value for name, value in said.items() if value}


def operations(kind: str | None, base: str) -> list[dict[str, str]]:
    """The operations of a type, or of the whole system, by name without the `$`."""
    return [{"name": one.name.removeprefix("$"), "definition": one.definition.replace("{base}", base)} for one in operations_of(kind)]
