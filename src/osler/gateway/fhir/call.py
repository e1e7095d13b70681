"""One FHIR interaction, whether it came as an HTTP request or as an entry of a batch or transaction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from osler.gateway.fhir.preferences import Preferences
from osler.platform.errors import Invalid, Issue, Malformed, VersionConflict
from osler.platform.fhir import TYPE_CODE, Parsed, parse, parse_value, rewrite_references
from osler.platform.store import Stored

ETAG = re.compile(r'(?:W/)?"([^"]*)"\Z')
ETAGS = re.compile(r'\s*(?:W/)?"([^"]*)"\s*(?:,|\Z)')
LEGAL_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(slots=True)
class Call:
    """What is asked: method, path below the FHIR base, parameters, preconditions and the resource sent."""

    method: str
    path: list[str]
    query: list[tuple[str, str]]
    base: str
    """The FHIR base URL as the caller knows it, without a slash at the end."""
    if_match: str | None = None
    if_none_match: str | None = None
    if_none_exist: str | None = None
    if_modified_since: str | None = None
    wishes: Preferences = field(default_factory=Preferences)
    by_form: bool = False
    """The parameters came in a POST `_search` body, so they must not reappear in links."""
    content_type: str = "application/fhir+json"
    body: bytes = b""
    faults: tuple[Issue, ...] = ()
    """What was wrong with the form of a body that is to be validated, where it came as XML."""
    lines: Mapping[str, tuple[int, int]] | None = None
    """Line and column of each element of such a body, by path."""
    place: str = ""
    """Where the resource stands in the Bundle it came in, such as `Bundle.entry[2].resource`."""

    def resource(self, expected: str | None = None) -> Parsed:
        """The resource sent, read and checked. Raises `Malformed` or `Invalid` with the element's path."""
        if not self.body:
            message = f"{self.place} is missing" if self.place else "A resource is expected in the body"
            raise Malformed(message, [Issue("required", message, self.place or None)])
        parsed = parse_value(self.body, self.place) if self.place else parse(self.body)
        if expected is not None and parsed.type != expected:
            message = f"The URL is for {expected}, the body's resourceType is {parsed.type}"
            raise Malformed(message, [Issue("invalid", message, self.element(f"{parsed.type}.resourceType"))])
        return self._with_own_references_relative(parsed)

    def _with_own_references_relative(self, parsed: Parsed) -> Parsed:
        """A reference by our own address means the record here: it is kept as `Patient/1`, so that it is found and followed as one."""
        if not self.base or self.base.encode() not in parsed.body:
            return parsed

        def relative(reference: str) -> str | None:
            rest = reference.removeprefix(f"{self.base}/")
            kind, _, name = rest.partition("/")
            return rest if rest != reference and kind in TYPE_CODE and name else None

        return rewrite_references(parsed, relative)

    def element(self, path: str) -> str:
        """An element's path as the caller sees it: below the Bundle entry when the resource came in one."""
        return f"{self.place}.{path.partition('.')[2]}" if self.place else path


@dataclass(slots=True)
class Answer:
    """What came of a call: the status, a finished body, and the version it speaks of."""

    status: int
    body: bytes = b""
    stored: Stored | None = None
    """The version read or written: gives ETag and Last-Modified."""
    location: str | None = None
    """Set where the answer must name the version made: creates and updates."""
    wrote: bool = False
    """A write: `Prefer: return` decides about the body."""
    outcome: str = ""
    """What a write did, in words, for `return=OperationOutcome`."""
    issues: tuple[Issue, ...] = ()
    """What a resource written has against its profiles."""
    plain: bool = False
    """The body is no FHIR resource, so it has no other form."""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


def at_lines(issues: Iterable[Issue], lines: Mapping[str, tuple[int, int]]) -> list[Issue]:
    """The issues with the line and column of their elements in the text that was sent, not in the JSON made of it."""
    found = ((issue, lines.get(issue.expression or "", (None, None))) for issue in issues)
    return [replace(issue, line=line, column=column) for issue, (line, column) in found]


def legal_id(call: Call) -> str:
    """The id in the URL of a write. https://hl7.org/fhir/R4/datatypes.html#id"""
    given = call.path[1]
    if not LEGAL_ID.match(given):
        message = "An id is 1 to 64 letters, digits, '-' or '.'"
        raise Malformed(message, [Issue("value", message, f"{call.path[0]}.id")])
    return given


def required_version(if_match: str | None) -> int | None:
    """The version `If-Match` demands. A well-formed tag that is no version of ours can never match."""
    if if_match is None:
        return None
    tag = ETAG.match(if_match.strip())
    if tag is None:
        raise Malformed('If-Match must be one version tag such as W/"3"')
    if not tag[1].isascii() or not tag[1].isdigit() or len(tag[1]) > 9:
        raise VersionConflict("If-Match names a version this server never gave")
    return int(tag[1])


def any_version_refused(if_none_match: str | None) -> bool:
    """True for `If-None-Match: *` on a write: only when there is nothing yet."""
    if if_none_match is None:
        return False
    if if_none_match.strip() != "*":
        raise Malformed("If-None-Match on a write must be '*'")
    return True


def not_modified(call: Call, stored: Stored) -> bool:
    """Does the caller already hold this version? https://hl7.org/fhir/R4/http.html#cread"""
    if call.if_none_match is not None:
        return call.if_none_match.strip() == "*" or str(stored.version) in ETAGS.findall(call.if_none_match)
    if call.if_modified_since is not None:
        since = http_moment(call.if_modified_since)
        return since is not None and stored.updated.replace(microsecond=0) <= since
    return False


def http_moment(text: str) -> datetime | None:
    """An HTTP date, or the instant a Bundle entry has in its place; None when it is neither (RFC 9110 says: then ignore it)."""
    try:
        moment = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def http_date(moment: datetime) -> bytes:
    """A moment as an HTTP date: `Sat, 21 Nov 2026 09:44:09 GMT`."""
    return _http_date(int(moment.timestamp()))


@lru_cache(maxsize=4096)
def _http_date(seconds: int) -> bytes:
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{DAYS[at.weekday()]}, {at.day:02} {MONTHS[at.month - 1]} {at.year:04} {at:%H:%M:%S} GMT".encode()


def etag(version: int) -> bytes:
    """The version as FHIR's weak entity tag."""
    return b'W/"%d"' % version


def rule_broken(message: str, element: str, code: str = "invalid") -> Invalid:
    """A 422 that names the element."""
    return Invalid(message, [Issue(code, message, element)])
