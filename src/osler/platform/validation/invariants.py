"""The invariants of an element, each evaluated once. https://hl7.org/fhir/R4/conformance-rules.html#constraints"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osler.platform.errors import Severity
from osler.platform.fhirpath import Environment, FhirPathProblem, Node, compile  # noqa: A004 - what it does
from osler.platform.validation import references
from osler.platform.validation.items import Item
from osler.platform.validation.report import Report
from osler.platform.validation.rows import Constraint
from osler.platform.validation.shapes import Rule

if TYPE_CHECKING:
    from osler.platform.validation.engine import Engine

# dom-3 is settled by looking for references, which FHIRPath would do by comparing everything with everything; the narrative's
# rules by reading the narrative.
_NATIVE = frozenset({"dom-3", "txt-1", "txt-2"})
_LOCAL = "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))"
# Expressions published wrongly in R4, as HL7 has corrected them since.
_CORRECTED = {
    "probability is decimal implies (probability as decimal) <= 100": (
        "probability.empty() or ((probability is decimal) implies ((probability as decimal) <= 100))"
    ),
    "enableWhen.count() > 2 implies enableBehavior.exists()": "enableWhen.count() >= 2 implies enableBehavior.exists()",
    _LOCAL: f"reference.exists() implies (reference = '#' or ({_LOCAL}))",
    "fullUrl.contains('/_history/').not()": "fullUrl.exists() implies fullUrl.contains('/_history/').not()",
    "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')": "name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')",
    "isModifier implies isModifierReason.exists()": "(isModifier.exists() and isModifier) implies isModifierReason.exists()",
    "differential.element.all(id) and differential.element.id.trace('ids').isDistinct()": (
        "differential.element.all(id.exists()) and differential.element.id.isDistinct()"
    ),
    "snapshot.element.all(id) and snapshot.element.id.trace('ids').isDistinct()": (
        "snapshot.element.all(id.exists()) and snapshot.element.id.isDistinct()"
    ),
    "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))": (
        "offset.empty() or (when.exists() and when.select($this in ('C' | 'CM' | 'CD' | 'CV')).allFalse())"
    ),
}


def corrected(constraint: Constraint) -> str:
    """The expression to evaluate."""
    return _CORRECTED.get(constraint.expression, constraint.expression)


def check(engine: Engine, item: Item, rule: Rule, report: Report) -> None:
    """Each invariant of a rule on an element; best practice is a warning."""
    for constraint in rule.row.constraints:
        if constraint.key in _NATIVE:
            continue
        said = f"{constraint.key}: {constraint.human}"
        expression = corrected(constraint)
        key = (id(item), expression)
        known = engine.tested.get(key)
        if known is None:
            known = engine.tested[key] = _holds(engine, item, expression)
        if known == "":
            continue
        severity: Severity = "warning" if constraint.best_practice or constraint.severity != "error" or known == "unsure" else "error"
        text = f"The constraint could not be evaluated: {said}" if known == "unsure" else f"Constraint failed: {said}"
        report.add(severity, "invariant" if known == "broken" else "not-supported", text, item.path, item.at)


def _holds(engine: Engine, item: Item, expression: str) -> str:
    try:
        return "" if compile(expression).test(item.node, environment(engine, item)) else "broken"
    except FhirPathProblem:
        return "unsure"


def environment(engine: Engine, item: Item) -> Environment:
    """What an expression evaluated on this element may ask for."""

    def resolve(reference: str) -> Node | None:
        found = references.resolve(engine, item, reference)
        return None if found is None else found.node

    def member_of(node: Node, url: str) -> bool | None:
        return engine.member_of(node, url)

    return Environment(resolve=resolve, member_of=member_of, conforms_to=engine.conforms)
