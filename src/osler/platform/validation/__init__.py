"""Validation of resources against R4 and any profile: every issue, with its place. https://hl7.org/fhir/R4/validation.html"""

from osler.platform.validation.acceptance import accepts
from osler.platform.validation.definitions import SHIPPED, Definitions
from osler.platform.validation.options import Options
from osler.platform.validation.validate import validate, validate_tree

__all__ = ["SHIPPED", "Definitions", "Options", "accepts", "validate", "validate_tree"]
