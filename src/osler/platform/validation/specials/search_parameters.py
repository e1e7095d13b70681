"""SearchParameters: an expression that can be evaluated on their types, and bases that fit what they derive from.

https://hl7.org/fhir/R4/searchparameter.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osler.platform.fhir.generated.registry import TYPES
from osler.platform.fhir.generated.search_parameters import PARAMETERS
from osler.platform.fhirpath import FhirPathProblem, compile  # noqa: A004 - what it does
from osler.platform.validation.items import Item
from osler.platform.validation.report import Report

if TYPE_CHECKING:
    from osler.platform.validation.engine import Engine

_KNOWN = frozenset(TYPES)
_BASE = "http://hl7.org/fhir/SearchParameter/"
_SHARED = frozenset({"clinical", "conformance", "individual", "medications"})


def official(url: str) -> tuple[frozenset[str], str] | None:
    """The bases and the type of one of R4's own parameters, by its canonical URL."""
    name, _, code = url.removeprefix(_BASE).partition("|")[0].partition("-")
    if not url.startswith(_BASE) or not (name in PARAMETERS or name in _SHARED):
        return None
    found = {
        base: fields[1]
        for base, table in PARAMETERS.items()
        if name in (base, "Resource") or name in _SHARED
        for fields in (line.split("\t") for line in table.splitlines())
        if fields[0] in (code, f"_{code}")
    }
    return (frozenset(found), next(iter(found.values()))) if found else None


def check(engine: Engine, item: Item, report: Report) -> None:
    """One SearchParameter."""
    _expression(item, report)
    master = item.said("derivedFrom")
    if not master:
        return
    known = official(master)
    if known is None:
        report.warning("business-rule", "The SearchParameter this is derived from is not at hand", item)
        return
    bases, kind = known
    for base in item.all("base"):
        if base.text and base.text not in bases and "Resource" not in bases:
            report.error("business-rule", f"{base.text} is not a base of the SearchParameter this is derived from", item)
    if item.said("type") not in (None, kind):
        report.error("business-rule", f"The SearchParameter this is derived from is of type {kind}", item)


def _expression(item: Item, report: Report) -> None:
    expression = item.one("expression")
    if expression is None or not expression.text:
        return
    bases = [b.text for b in item.all("base") if b.text in _KNOWN]
    problems = [problem for base in bases if (problem := _problem(expression.text, base or "")) is not None]
    if bases and len(problems) == len(bases):
        report.error("invalid", f"The expression cannot be evaluated on {' or '.join(b for b in bases if b)}: {problems[0]}", expression)


def _problem(expression: str, base: str) -> str | None:
    try:
        compile(expression, base)
    except FhirPathProblem as problem:
        return str(problem)[:300]
    return None
