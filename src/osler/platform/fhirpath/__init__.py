"""FHIRPath 2.0 on R4: expressions read once, checked where asked, evaluated within limits. https://hl7.org/fhirpath/N1/"""

from osler.platform.fhirpath.compiler import Expression, compile  # noqa: A004 - what it does
from osler.platform.fhirpath.environment import Environment
from osler.platform.fhirpath.nodes import Node
from osler.platform.fhirpath.problems import ExecutionProblem, FhirPathProblem, LimitReached, SemanticProblem, SyntaxProblem

__all__ = [
    "Environment",
    "ExecutionProblem",
    "Expression",
    "FhirPathProblem",
    "LimitReached",
    "Node",
    "SemanticProblem",
    "SyntaxProblem",
    "compile",
]
