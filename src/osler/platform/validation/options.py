"""How strictly a validation reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """What is an error is FHIR's; these settle what FHIR leaves to the one who asks."""

    examples: bool = True
    """Whether URLs of example.org and the like may stand where a real one is meant."""
    unknown_extensions: bool = True
    """Whether extensions without a definition at hand are only noted; otherwise they are errors."""
    html: bool = True
    """Whether text that looks like HTML is only noted outside narratives; otherwise it is an error."""
    targets: bool = True
    """Whether a reference that is not resolved must still name one of the types its element allows."""
    observations: bool = True
    """Whether an Observation with a vital sign's code is held to R4's vital signs profiles. https://hl7.org/fhir/R4/observation-vitalsigns.html"""
