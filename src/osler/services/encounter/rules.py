"""What must hold of the clinical record: pure decisions."""

from __future__ import annotations

from hashlib import sha256

from osler.platform.errors import Invalid, Issue
from osler.platform.fhir.r4 import Identifier, Observation


class ResultNotIdentified(Invalid):
    """A result without patient or identifier could be filed twice, or into nobody's chart."""


def check_result_can_be_filed(result: Observation) -> Identifier:
    """The identifier under which a result is filed. Raises `ResultNotIdentified` when it, or the patient, is missing."""
    if result.subject is None or not (result.subject.reference or "").startswith("Patient/"):
        raise ResultNotIdentified("A result must name its patient", [Issue("required", "A result must name its patient", "Observation.subject")])
    for identifier in result.identifier or ():
        if identifier.system and identifier.value:
            return identifier
    raise ResultNotIdentified(
        "A result must carry the laboratory's identifier",
        [Issue("required", "A result must carry the laboratory's identifier: system and value", "Observation.identifier")],
    )


def result_id(identifier: Identifier) -> str:
    """The FHIR id of the result with this identifier, so that a result that arrives twice at once is one resource."""
    return f"r-{sha256(f'{identifier.system}|{identifier.value}'.encode()).hexdigest()[:40]}"
