"""The FHIR R4 REST face. https://hl7.org/fhir/R4/http.html"""

from osler.gateway.fhir.bundle import process_bundle
from osler.gateway.fhir.capability import Capabilities
from osler.gateway.fhir.face import FhirFace, fhir_face

__all__ = ["Capabilities", "FhirFace", "fhir_face", "process_bundle"]
