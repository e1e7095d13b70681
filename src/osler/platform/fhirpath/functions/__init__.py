"""Every function, entered in one table by the modules of this package."""

from osler.platform.fhirpath.functions import collections, conversion, fhir, moments, numbers, strings
from osler.platform.fhirpath.functions.table import FUNCTIONS

__all__ = ["FUNCTIONS", "collections", "conversion", "fhir", "moments", "numbers", "strings"]
