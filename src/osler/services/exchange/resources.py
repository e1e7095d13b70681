"""The FHIR types exchange owns: what comes in from and goes out to other systems. Only this service writes them."""

from __future__ import annotations

TYPES: tuple[str, ...] = (
    "Basic",
    "Binary",
    "Bundle",
    "CapabilityStatement",
    "CompartmentDefinition",
    "DocumentManifest",
    "Endpoint",
    "ExampleScenario",
    "GraphDefinition",
    "ImplementationGuide",
    "Linkage",
    "MessageDefinition",
    "MessageHeader",
    "OperationDefinition",
    "OperationOutcome",
    "Parameters",
    "SearchParameter",
    "StructureDefinition",
    "StructureMap",
    "Subscription",
    "TestReport",
    "TestScript",
)
