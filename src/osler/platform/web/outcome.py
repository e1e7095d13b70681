"""Issues as an OperationOutcome, the one form in which Osler says no. https://hl7.org/fhir/R4/operationoutcome.html"""

from __future__ import annotations

from typing import Any

import orjson

from osler.platform.errors import Issue

LINE = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line"
COLUMN = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-col"


def operation_outcome(issues: list[Issue]) -> bytes:
    """The OperationOutcome's JSON: element paths in `expression`, line and column in the standard extensions."""
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": [issue_json(issue) for issue in issues]})


def issue_json(issue: Issue) -> dict[str, Any]:
    """One OperationOutcome.issue as JSON."""
    said: dict[str, Any] = {}
    places = [(LINE, issue.line), (COLUMN, issue.column)]
    extension = [{"url": url, "valueInteger": place} for url, place in places if place is not None]
    if extension:
        said["extension"] = extension
    said |= {"severity": issue.severity, "code": issue.code, "diagnostics": issue.diagnostics}
    if issue.expression:
        said["expression"] = [issue.expression]
    return said
