"""FHIR R4's types as structs: `from osler.platform.fhir.r4 import Patient, HumanName`."""

from osler.platform.fhir.generated.datatypes import *  # noqa: F403
from osler.platform.fhir.generated.resources import *  # noqa: F403
