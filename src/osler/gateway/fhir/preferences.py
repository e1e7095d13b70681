"""How the caller wants the answer: format, `_pretty`, `_elements`, `_summary`, `Prefer`. https://hl7.org/fhir/R4/http.html#mime-type"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from osler.platform.errors import Malformed, NotAcceptable, UnsupportedMediaType

FORMATS = frozenset({"json", "application/json", "application/fhir+json", "text/json"})
ACCEPTED = FORMATS | {"*/*", "application/*", "text/*"}
REFUSED = re.compile(r"q\s*=\s*0(?:\.0*)?\Z")
"""A media type with this weight is one the caller does not read."""
R4 = frozenset({"4.0", "4.0.1"})
SUMMARIES = frozenset({"true", "text", "data", "count", "false"})
PRESENTATION = frozenset({"_format", "_pretty", "_elements", "_summary"})


@dataclass(slots=True)
class Preferences:
    """The caller's wishes about the answer's form; none of them changes what is read or written."""

    pretty: bool = False
    elements: tuple[str, ...] = ()
    summary: str = "false"
    returns: str = ""
    """`minimal`, `representation`, `OperationOutcome`, or empty when the caller did not say."""
    lenient: bool = False
    mime: bytes = b"application/fhir+json"
    said: list[tuple[str, str]] = field(default_factory=list)
    """The wishes as they stood in the URL, so that links to further pages carry them on."""

    @property
    def whole(self) -> bool:
        """True when stored bytes can be answered as they are."""
        return not self.pretty and not self.elements and self.summary == "false"


def preferences(query: list[tuple[str, str]], accept: str | None, prefer: str | None) -> tuple[Preferences, list[tuple[str, str]]]:
    """Read the caller's wishes; what remains of the query is about content. Unknown `Prefer` items are ignored, as RFC 7240 asks."""
    wishes = Preferences()
    remaining = []
    formatted = False
    for name, value in query:
        if name == "_format":
            formatted = True
            wishes.mime = chosen_format(value)
        elif name == "_pretty":
            wishes.pretty = truth(name, value)
        elif name == "_elements":
            wishes.elements += tuple(element.strip() for element in value.split(",") if element.strip())
        elif name == "_summary":
            if value not in SUMMARIES:
                raise Malformed("_summary is true, text, data, count or false")
            wishes.summary = value
        else:
            remaining.append((name, value))
            continue
        wishes.said.append((name, value))
    if accept is not None and not formatted:
        check_accept(accept)
    for item in (prefer or "").replace(";", ",").split(","):
        name, _, value = item.strip().partition("=")
        name, value = name.strip().lower(), value.strip().strip('"')
        if name == "return" and value in ("minimal", "representation", "OperationOutcome"):
            wishes.returns = value
        elif name == "handling":
            wishes.lenient = value == "lenient"
    return wishes, remaining


def truth(name: str, value: str) -> bool:
    """A true/false parameter."""
    if value not in ("true", "false"):
        raise Malformed(f"{name} is true or false")
    return value == "true"


def chosen_format(value: str) -> bytes:
    """The media type `_format` asks for. A '+' that was not escaped arrives as a space."""
    kind, *parameters = value.replace(" ", "+").lower().split(";")
    if kind not in FORMATS or not speaks_r4(parameters):
        raise NotAcceptable("This server answers application/fhir+json, FHIR 4.0")
    return b"application/json" if kind in ("application/json", "text/json") else b"application/fhir+json"


def check_accept(accept: str) -> None:
    """Raise `NotAcceptable` unless the caller reads JSON. https://hl7.org/fhir/R4/http.html#version-parameter"""
    for item in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in item.split(";"))
        if kind in ACCEPTED and not any(REFUSED.match(parameter) for parameter in parameters) and speaks_r4(parameters):
            return
    if accept.strip():
        raise NotAcceptable("This server answers application/fhir+json, FHIR 4.0")


def speaks_r4(parameters: list[str]) -> bool:
    """False when the `fhirVersion` of a media type is not R4."""
    for parameter in parameters:
        name, _, value = parameter.replace(" ", "").partition("=")
        if name == "fhirversion" and value.strip('"') not in R4:
            return False
    return True


def check_content_type(sent: str | None, accepted: frozenset[str] = FORMATS) -> str:
    """The media type of the body, without parameters. Raises `UnsupportedMediaType` when it is none of `accepted`."""
    kind, *parameters = (part.strip() for part in (sent or "").lower().split(";"))
    readable = kind in accepted and speaks_r4(parameters)
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8", "us-ascii"):
            readable = False
    if not readable:
        raise UnsupportedMediaType(f"The body's Content-Type must be {' or '.join(sorted(accepted))}, FHIR 4.0, in UTF-8")
    return kind
