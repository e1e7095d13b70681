"""Says before any data is seen whether an expression can mean anything on a type."""

from __future__ import annotations

from osler.platform.fhirpath.syntax import Syntax


def check(syntax: Syntax, context: str, ordered: bool) -> None:
    """Raise SemanticProblem."""
