"""FHIR R4 as the kernel knows it: reading, checking, stamping and indexing resources."""

from osler.platform.fhir.compartments import COMPARTMENT_TYPES, compartment_members, compartment_parameters
from osler.platform.fhir.dates import date_range
from osler.platform.fhir.elements import is_modifier, mandatory_elements, summary_elements
from osler.platform.fhir.index import IndexRows, index
from osler.platform.fhir.keys import code_value, fold, new_id, parameter_key, reference_value, rid, system_value, token_value
from osler.platform.fhir.parsing import Envelope, Parsed, from_struct, parse, parse_envelope, parse_value
from osler.platform.fhir.references import conditional_references, rewrite_references, rewrite_text
from osler.platform.fhir.registry import TYPE_CODE, TYPE_NAME, TYPES
from osler.platform.fhir.search_parameters import SearchParameter, search_parameters
from osler.platform.fhir.stamping import stamp

__all__ = [
    "COMPARTMENT_TYPES",
    "TYPES",
    "TYPE_CODE",
    "TYPE_NAME",
    "Envelope",
    "IndexRows",
    "Parsed",
    "SearchParameter",
    "code_value",
    "compartment_members",
    "compartment_parameters",
    "conditional_references",
    "date_range",
    "fold",
    "from_struct",
    "index",
    "is_modifier",
    "mandatory_elements",
    "new_id",
    "parameter_key",
    "parse",
    "parse_envelope",
    "parse_value",
    "reference_value",
    "rewrite_references",
    "rewrite_text",
    "rid",
    "search_parameters",
    "stamp",
    "summary_elements",
    "system_value",
    "token_value",
]
