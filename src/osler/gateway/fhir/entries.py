"""The entries of a batch or transaction Bundle as calls. https://hl7.org/fhir/R4/http.html#transaction"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import unquote

from osler.gateway.fhir import framing
from osler.gateway.fhir.call import Answer, Call
from osler.gateway.fhir.preferences import Preferences, preferences
from osler.platform.errors import Issue, Malformed, OslerError
from osler.platform.fhir import TYPE_CODE, Envelope
from osler.platform.web import operation_outcome, pairs

ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}


@dataclass(slots=True)
class Entry:
    """One entry: where it stands, the temporary name others refer to it by, and what it asks."""

    index: int
    full_url: str | None
    call: Call

    @property
    def place(self) -> str:
        """The entry's own path in the Bundle."""
        return f"Bundle.entry[{self.index}]"

    @property
    def turn(self) -> int:
        """DELETE, POST, PUT and PATCH, GET: the order in which the specification wants them done."""
        return ORDER[self.call.method]


def entries_of(envelope: Envelope, base: str, wishes: Preferences) -> list[Entry | Malformed]:
    """Each entry as a call, or what is wrong with its request."""
    found: list[Entry | Malformed] = []
    for index in range(len(envelope.resources)):
        try:
            found.append(entry_of(envelope, index, base, wishes))
        except OslerError as error:
            named = at(f"Bundle.entry[{index}].request.url", error)
            found.append(Malformed(named.message, named.issues))
    return found


def entry_of(envelope: Envelope, index: int, base: str, wishes: Preferences) -> Entry:
    """One entry as a call. Raises `Malformed` when it does not say what to do."""
    entry = (envelope.bundle.entry or [])[index]
    request, raw = entry.request, envelope.resources[index]
    if request is None:
        message = "An entry of a batch or transaction needs a request"
        raise Malformed(message, [Issue("required", message, f"Bundle.entry[{index}].request")])
    url, _, text = request.url.removeprefix(base).partition("?")
    path = [unquote(part) for part in url.strip("/").split("/")]
    if ":" in path[0]:
        raise Malformed("The request's url is relative to this server's base")
    own, query = preferences(pairs(text.encode()), None, None)
    call = Call(
        request.method,
        [] if path == [""] else path,
        query,
        base,
        request.ifMatch,
        request.ifNoneMatch,
        request.ifNoneExist,
        request.ifModifiedSince,
        replace(own, returns=wishes.returns, lenient=wishes.lenient),
        body=bytes(raw) if raw is not None else b"",
        place=f"Bundle.entry[{index}].resource",
    )
    return Entry(index, entry.fullUrl, call)


def response(call: Call, answer: Answer) -> bytes:
    """What came of an entry. Writes answer with the resource only when `Prefer: return=representation` asks for it."""
    resource, outcome = answer.body, b""
    if answer.wrote:
        if call.wishes.returns != "representation":
            resource = b""
        if call.wishes.returns == "OperationOutcome":
            outcome = operation_outcome([Issue("informational", answer.outcome, severity="information"), *answer.issues])
    location = answer.location.removeprefix(call.base + "/") if answer.location else None
    return framing.responded(answer.status, answer.stored, location, b"" if call.method == "HEAD" else resource, outcome)


def refused(error: OslerError) -> bytes:
    """An entry of a batch that was refused: its own status and outcome, like a request of its own."""
    return framing.responded(error.status, None, None, b"", operation_outcome(error.outcome()))


def at(place: str, error: OslerError) -> OslerError:
    """The error with every issue naming its element in the Bundle: the entry it is about, or the element of its resource."""
    error.issues = [replace(issue, expression=_in_bundle(place, issue.expression or "")) for issue in error.outcome()]
    return error


def _in_bundle(place: str, expression: str) -> str:
    kind, dot, below = expression.partition(".")
    if kind == "Bundle" or kind not in TYPE_CODE:
        return expression or place
    return f"{place}.resource{dot}{below}"


@contextmanager
def speaking_of(entry: Entry) -> Iterator[None]:
    """Whatever is refused in this block is said of this entry."""
    try:
        yield
    except OslerError as error:
        at(entry.place, error)
        raise
