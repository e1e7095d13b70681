"""What this server can do, generated from what is registered in this process. https://hl7.org/fhir/R4/capabilitystatement.html"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib.metadata import version
from typing import Any

import orjson

from osler.platform.fhir import TYPES, SearchParameter, search_parameters

READS = ("read", "vread", "search-type", "history-instance", "history-type")
WRITES = ("create", "update", "patch", "delete")


class Capabilities:
    """Builds the CapabilityStatement once per base URL; it changes only with the process."""

    def __init__(self, serves: Callable[[str], bool], started: datetime) -> None:
        self.started = started
        self.resources = [resource(kind) for kind in TYPES if serves(kind)]
        self.made: dict[str, bytes] = {}

    def statement(self, base: str) -> bytes:
        """The CapabilityStatement of the tenant whose FHIR base this is."""
        if base not in self.made:
            if len(self.made) > 100:
                self.made.clear()
            self.made[base] = orjson.dumps(self.content(base))
        return self.made[base]

    def content(self, base: str) -> dict[str, Any]:
        """The statement as JSON."""
        release = version("osler")
        return {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": self.started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "kind": "instance",
            "software": {"name": "Osler", "version": release},
            "implementation": {"description": "Osler, an EHR that is FHIR R4 inside", "url": base},
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json", "application/fhir+xml", "application/fhir+ndjson", "json", "xml", "ndjson"],
            "patchFormat": ["application/json-patch+json", "application/fhir+json"],
            "rest": [
                {
                    "mode": "server",
                    "security": {"cors": True, "description": "OAuth 2.0 bearer token or the app's session"},
                    "resource": self.resources,
                    "interaction": [{"code": code} for code in ("transaction", "batch", "history-system", "search-system")],
                }
            ],
        }


def resource(kind: str) -> dict[str, Any]:
    """One type: its interactions, its search parameters and what may be included."""
    parameters = supported(kind)
    references = sorted(name for name, parameter in parameters.items() if parameter.kind == "reference")
    said: dict[str, Any] = {
        "type": kind,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{kind}",
        "interaction": [{"code": code} for code in READS + WRITES],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "searchParam": [{"name": name, "type": parameter.kind} for name, parameter in sorted(parameters.items())],
    }
    if references:
        said["searchInclude"] = [f"{kind}:{name}" for name in references]
    if pointing := pointing_at().get(kind):
        said["searchRevInclude"] = pointing
    return said


def supported(kind: str) -> dict[str, SearchParameter]:
    """The search parameters that are answered; the others are refused, so they are not listed."""
    return {name: parameter for name, parameter in search_parameters(kind).items() if parameter.searchable}


@cache
def pointing_at() -> dict[str, list[str]]:
    """Type -> the reference parameters of other types that may point at it, as `_revinclude` names them."""
    found: dict[str, list[str]] = {kind: [] for kind in TYPES}
    for source in TYPES:
        for name, parameter in sorted(supported(source).items()):
            for target in targets(parameter):
                found[target].append(f"{source}:{name}")
    return found


def targets(parameter: SearchParameter) -> tuple[str, ...]:
    """The types a reference parameter names; one that may point anywhere is not listed under every type."""
    return parameter.targets if parameter.kind == "reference" and "*" not in parameter.targets else ()
