"""FHIR operations (`$everything`, `$match`, …): one file an operation, and one table. https://hl7.org/fhir/R4/operations.html"""

from osler.gateway.fhir.operations.calling import asks_operation, bodies, invocation
from osler.gateway.fhir.operations.definitions import defines_operation, read_definition
from osler.gateway.fhir.operations.operation import Operation, Parameter
from osler.gateway.fhir.operations.table import OPERATIONS, operations_of

__all__ = [
    "OPERATIONS",
    "Operation",
    "Parameter",
    "asks_operation",
    "bodies",
    "defines_operation",
    "invocation",
    "operations_of",
    "read_definition",
]
