"""The few ways a request can fail, each with its HTTP status and FHIR issue code.

Services subclass by name beside the rule that raises it; one handler (`platform.web`) makes the OperationOutcome.
Messages carry ids and element paths, never names, notes or results.
Codes: https://hl7.org/fhir/R4/valueset-issue-type.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

Severity = Literal["fatal", "error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One OperationOutcome.issue: what is wrong, where in the resource (FHIRPath), and where in the text sent."""

    code: str
    diagnostics: str
    expression: str | None = None
    severity: Severity = "error"
    line: int | None = None
    column: int | None = None


@dataclass(eq=False)
class OslerError(Exception):
    """A refusal that the caller is told about. `issues` wins over `message` when it is given."""

    message: str
    issues: list[Issue] = field(default_factory=list)
    status: ClassVar[int] = 500
    code: ClassVar[str] = "exception"

    def __str__(self) -> str:  # noqa: D105 - the message
        return self.message

    def outcome(self) -> list[Issue]:
        """The issues to answer with: those given, or one made of the message."""
        return self.issues or [Issue(self.code, self.message)]


class Malformed(OslerError):
    """The body or URL cannot be read as what it claims to be: broken JSON, unknown element, wrong type."""

    status, code = 400, "structure"


class Unsupported(OslerError):
    """A parameter, modifier or operation this server does not know."""

    status, code = 400, "not-supported"


class Unauthenticated(OslerError):
    """No valid sign-in or token came with the request."""

    status, code = 401, "login"


class Forbidden(OslerError):
    """The actor's role does not include this."""

    status, code = 403, "forbidden"


class NotFound(OslerError):
    """No such record, or another tenant's, or one this actor may not know of."""

    status, code = 404, "not-found"


@dataclass(eq=False)
class MethodNotAllowed(OslerError):
    """The path exists, the method does not; `allow` names those that do."""

    allow: tuple[str, ...] = ()
    status, code = 405, "not-supported"


class NotAcceptable(OslerError):
    """No representation in the format asked for."""

    status, code = 406, "not-supported"


class Conflict(OslerError):
    """The request is well-formed but does not fit the record's present state."""

    status, code = 409, "conflict"


class Gone(OslerError):
    """The record was here and has been deleted; its history remains."""

    status, code = 410, "deleted"


class VersionConflict(OslerError):
    """`If-Match` names a version that is no longer the current one, or a conditional matched several."""

    status, code = 412, "conflict"


class TooLarge(OslerError):
    """The body is over the limit the CapabilityStatement names."""

    status, code = 413, "too-long"


class UrlTooLong(OslerError):
    """The query string is over the limit; a search that long goes by POST."""

    status, code = 414, "too-long"


class UnsupportedMediaType(OslerError):
    """The body's Content-Type is not one we read."""

    status, code = 415, "not-supported"


class Invalid(OslerError):
    """The resource can be read but breaks a FHIR or clinical rule."""

    status, code = 422, "invalid"


class Busy(OslerError):
    """The server cannot take this now; the caller may try again."""

    status, code = 503, "transient"
