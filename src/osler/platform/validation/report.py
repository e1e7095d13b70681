"""The issues found so far: each said once, and no more than a report can hold."""

from __future__ import annotations

from osler.platform.errors import Issue, Severity
from osler.platform.fhir.diagnosis import Found
from osler.platform.validation.items import At, Item

MOST_ISSUES = 1000


class Enough(Exception):
    """The report is full."""


class Report:
    """Issues in the order in which they were found."""

    def __init__(self, most: int = MOST_ISSUES) -> None:
        self.issues: list[Found] = []
        self.most = most
        self._seen: dict[tuple[str, str | None, At], int] = {}

    @property
    def failed(self) -> bool:
        """Whether there is an error."""
        return any(issue.severity in ("error", "fatal") for issue in self.issues)

    def add(self, severity: Severity, code: str, message: str, path: str, at: At) -> None:
        """Note an issue; the same one at the same place is noted once, with the graver severity."""
        key = (message, path, at)
        known = self._seen.get(key)
        issue = Found(code, message, path, severity, at=at)
        if known is not None:
            if _GRAVITY[severity] < _GRAVITY[self.issues[known].severity]:
                self.issues[known] = issue
            return
        self._seen[key] = len(self.issues)
        self.issues.append(issue)
        if len(self.issues) >= self.most:
            raise Enough

    def error(self, code: str, message: str, item: Item, beyond: str = "") -> None:
        """What must be put right."""
        self.add("error", code, message, item.path + beyond, item.at)

    def warning(self, code: str, message: str, item: Item, beyond: str = "") -> None:
        """What should be looked at."""
        self.add("warning", code, message, item.path + beyond, item.at)

    def note(self, code: str, message: str, item: Item, beyond: str = "") -> None:
        """What is good to know."""
        self.add("information", code, message, item.path + beyond, item.at)

    def take(self, other: Report, suffix: str = "") -> None:
        """Note everything another report holds."""
        for issue in other.issues:
            self.add(issue.severity, issue.code, issue.diagnostics + suffix, issue.expression or "", issue.at)


_GRAVITY = {"fatal": 0, "error": 1, "warning": 2, "information": 3}


def public(issue: Issue) -> Issue:
    """The issue as it is answered."""
    return Issue(issue.code, issue.diagnostics, issue.expression, issue.severity, issue.line, issue.column)
