"""URIs: their forms, and where a local one must lead. https://hl7.org/fhir/R4/datatypes.html#uri"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osler.platform.validation.items import Item
from osler.platform.validation.report import Report

if TYPE_CHECKING:
    from osler.platform.validation.engine import Engine

CANONICAL_RESOURCES = frozenset({
    "ActivityDefinition", "CapabilityStatement", "ChargeItemDefinition", "CodeSystem", "CompartmentDefinition", "ConceptMap",
    "EffectEvidenceSynthesis", "EventDefinition", "Evidence", "EvidenceVariable", "ExampleScenario", "GraphDefinition",
    "ImplementationGuide", "Library", "Measure", "MessageDefinition", "NamingSystem", "OperationDefinition", "PlanDefinition",
    "Questionnaire", "ResearchDefinition", "ResearchElementDefinition", "RiskEvidenceSynthesis", "SearchParameter",
    "StructureDefinition", "StructureMap", "TerminologyCapabilities", "TestScript", "ValueSet",
})  # fmt: skip
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_OID = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+\Z")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_EXAMPLE = re.compile(r"(?:example\.(?:org|com|net)|acme\.(?:com|org))(?:/|\Z)")
_EXAMPLE_OIDS = ("urn:oid:1.3.6.1.4.1.32473.", "urn:oid:2.999.")
_EXEMPT = frozenset({"Extension", "BundleEntryRequest", "MessageHeaderSource", "MessageHeaderDestination"})


def absolute(url: str) -> bool:
    """Whether a URI names its scheme."""
    return _SCHEME.match(url) is not None


def is_example(url: str) -> bool:
    """Whether a URL belongs to those kept for examples."""
    return _EXAMPLE.search(url) is not None or url.startswith(_EXAMPLE_OIDS)


def check(engine: Engine, item: Item, url: str, report: Report) -> None:
    """One uri, url, canonical, oid or uuid."""
    if url.startswith("oid:"):
        report.error("invalid", "URIs do not start with oid: but with urn:oid:", item)
    if url.startswith("uuid:"):
        report.error("invalid", "URIs do not start with uuid: but with urn:uuid:", item)
    if any(c.isspace() for c in url):
        report.error("invalid", "URIs have no blanks", item)
    if item.type == "oid" and not url.startswith("urn:oid:"):
        report.error("invalid", "OIDs start with urn:oid:", item)
    if item.type == "uuid" and not url.startswith("urn:uuid:"):
        report.error("invalid", "UUIDs start with urn:uuid:", item)
    if item.type == "canonical" and not url.startswith("#") and not absolute(url):
        report.error("invalid", "Canonical URLs must be absolute if they are not fragments", item)
    _names(item, url, report)
    if _defines(item):
        if not absolute(url):
            inner = "in contained resources must be absolute if present" if item.resource.special == "contained" else "must be absolute"
            report.error("invalid", f"Canonical URLs {inner}", item)
    elif not (item.name == "fullUrl" and item.parent is not None and item.parent.type == "BundleEntry"):
        _target(engine, item, url, report)


def _names(item: Item, url: str, report: Report) -> None:
    """What stands behind urn:uuid: and urn:oid:."""
    if url.startswith("urn:uuid:"):
        name = url[9:].partition("#")[0]
        if item.type == "canonical":
            name = name.partition("|")[0]
        if not _UUID.match(name):
            report.error("invalid", "UUIDs must be valid and in lower case", item)
    if url.startswith("urn:oid:"):
        name = url[8:]
        if not _OID.match(name) or (name.rfind(".") < 4 and not name.startswith("1.3")):
            report.error("invalid", "OIDs must be valid", item)


def _defines(item: Item) -> bool:
    """Whether this is the URL by which a resource is known."""
    return item.name == "url" and item.parent is not None and item.parent.is_resource and item.parent.type in CANONICAL_RESOURCES


def _target(engine: Engine, item: Item, url: str, report: Report) -> None:
    """A local URI must lead somewhere; an example is none where examples are not allowed."""
    if url.startswith("#"):
        if item.type != "uuid" and not leads(item, url[1:]):
            report.error("invalid", "The local reference leads nowhere", item)
        return
    exempt = item.parent is not None and item.parent.type in _EXEMPT
    if not engine.options.examples and not exempt and is_example(url):
        report.error("invalid", "Example URLs are not allowed here", item)


def leads(item: Item, fragment: str) -> bool:
    """Whether an id within the resource, or within the one it is contained in, is this fragment."""
    if not fragment:
        return True
    return any(found.said("id") == fragment for found in item.root.within() if not found.primitive)
