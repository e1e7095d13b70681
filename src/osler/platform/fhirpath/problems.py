"""How an expression can fail: it cannot be read, it cannot mean anything, or it cannot be carried out on this data."""

from __future__ import annotations

from osler.platform.errors import Invalid


class FhirPathProblem(Invalid):
    """A FHIRPath expression that has no answer. https://hl7.org/fhirpath/N1/"""

    stage = "execution"


class SyntaxProblem(FhirPathProblem):
    """The text does not follow the grammar."""

    stage = "syntax"


class SemanticProblem(FhirPathProblem):
    """The text follows the grammar and names a function or element there is not, or compares what cannot be compared."""

    stage = "semantic"


class ExecutionProblem(FhirPathProblem):
    """The data is not of the shape the expression needs."""


class LimitReached(ExecutionProblem):
    """The expression would take more time or memory than one caller may have."""
