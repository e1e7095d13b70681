"""How the caller wants the answer: format, `_pretty`, `_elements`, `_summary`, `Prefer`. https://hl7.org/fhir/R4/http.html#mime-type"""

from __future__ import annotations

from dataclasses import dataclass, field

from osler.gateway.fhir.media import Form, accepted, chosen_format
from osler.platform.errors import Malformed

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
    form: Form = "json"
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
            wishes.form, wishes.mime = chosen_format(value)
        elif name == "_pretty":
            wishes.pretty = truth(name, value)
        elif name == "_elements":
            wishes.elements += tuple(element.strip() for element in value.split(",") if element.strip())
        elif name == "_summary":
            if value not in SUMMARIES:
                raise Malformed("_summary is true, text, data, count or false")
            if any(said == name for said, _ in wishes.said):
                raise Malformed("_summary is given more than once")
            wishes.summary = value
        else:
            remaining.append((name, value))
            continue
        wishes.said.append((name, value))
    if accept is not None and not formatted:
        wishes.form, wishes.mime = accepted(accept)
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
