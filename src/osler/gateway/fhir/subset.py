"""Part of a resource: `_elements`, `_summary` and the SUBSETTED tag. https://hl7.org/fhir/R4/search.html#summary"""

from __future__ import annotations

from typing import Any

import msgspec

from osler.gateway.fhir.preferences import Preferences
from osler.gateway.fhir.tree import text, tree
from osler.platform.fhir import is_modifier, mandatory_elements, summary_elements
from osler.platform.fhir.elements import elements

SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encoder = msgspec.json.Encoder()


def shown(content: bytes, kind: str, wishes: Preferences) -> bytes:
    """A stored body as the caller wants to see it; the bytes themselves when nothing special was asked."""
    if not wishes.elements and wishes.summary in ("false", "count"):
        return content
    members = _members.decode(content)
    kept = {name: value for name, value in members.items() if keeps(kind, name.removeprefix("_"), wishes)}
    kept["meta"] = tagged(members.get("meta"))
    return _encoder.encode({"resourceType": members["resourceType"], **kept})


def keeps(kind: str, name: str, wishes: Preferences) -> bool:
    """Is this top-level element part of the subset? Mandatory and modifier elements always are where FHIR says so."""
    if name in ("resourceType", "id", "meta"):
        return True
    if wishes.elements:
        asked = {element.removeprefix(f"{kind}.").partition(".")[0] for element in wishes.elements if serves(element, kind)}
        return name in asked or choice_of(kind, name) in asked or name in mandatory_elements(kind) or is_modifier(kind, name)
    if wishes.summary == "data":
        return name != "text"
    if wishes.summary == "text":
        return name == "text" or name in mandatory_elements(kind)
    return name in summary_elements(kind)


def choice_of(kind: str, name: str) -> str | None:
    """`value` for Observation.valueQuantity: the name under which `_elements` may ask for it, whichever type is there."""
    known = elements(kind).get(name)
    return known.choice or None if known is not None else None


def serves(element: str, kind: str) -> bool:
    """`Patient.name` speaks of Patients only, `name` of every type."""
    head = element.partition(".")[0]
    return head == kind or not head[:1].isupper()


def tagged(raw: msgspec.Raw | None) -> msgspec.Raw:
    """The meta with the tag that warns clients not to write this part back as the whole."""
    meta: dict[str, Any] = tree(bytes(raw)) if raw is not None else {}
    meta["tag"] = [*meta.get("tag", []), SUBSETTED]
    return msgspec.Raw(text(meta))
