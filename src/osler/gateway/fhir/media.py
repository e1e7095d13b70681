"""The forms a resource travels in: which one an `Accept` or `_format` asks for, and what a body claims to be.

https://hl7.org/fhir/R4/http.html#mime-type
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

from osler.platform.errors import NotAcceptable, UnsupportedMediaType

Form = Literal["json", "xml", "ndjson", "csv"]

JSON_TYPES = frozenset({"application/fhir+json", "application/json", "text/json", "json"})
XML_TYPES = frozenset({"application/fhir+xml", "application/xml", "text/xml", "xml"})
NDJSON_TYPES = frozenset({"application/fhir+ndjson", "application/ndjson", "application/x-ndjson", "ndjson"})
CSV_TYPES = frozenset({"text/csv", "csv"})
FORMATS = JSON_TYPES | XML_TYPES
"""What a resource may come in."""
MIME: dict[Form, bytes] = {
    "json": b"application/fhir+json",
    "xml": b"application/fhir+xml",
    "ndjson": b"application/fhir+ndjson",
    "csv": b"text/csv",
}
R4 = frozenset({"4.0", "4.0.1"})
_FORM: dict[str, Form] = {
    **dict.fromkeys(JSON_TYPES, "json"),
    **dict.fromkeys(XML_TYPES, "xml"),
    **dict.fromkeys(NDJSON_TYPES, "ndjson"),
    **dict.fromkeys(CSV_TYPES, "csv"),
}
_SHORT = frozenset({"json", "xml", "ndjson", "csv"})
_BY_WILDCARD: dict[str, tuple[Form, ...]] = {"*/*": ("json", "xml"), "application/*": ("json", "xml"), "text/*": ("json", "xml")}
_OFFERED = (
    "This server answers application/fhir+json and application/fhir+xml, FHIR 4.0; searches also application/fhir+ndjson and text/csv"
)


def chosen_format(value: str) -> tuple[Form, bytes]:
    """The form `_format` asks for and the media type to answer with. A '+' that was not escaped arrives as a space."""
    kind, *parameters = value.replace(" ", "+").lower().split(";")
    form = _FORM.get(kind)
    if form is None or not speaks_r4(parameters):
        raise NotAcceptable(_OFFERED)
    return form, b"application/json" if kind in ("application/json", "text/json") else MIME[form]


@lru_cache(maxsize=512)
def accepted(accept: str) -> tuple[Form, bytes]:
    """The form the caller likes best of those we write; JSON where several are liked alike. Raises `NotAcceptable`."""
    if not accept.strip():
        return "json", MIME["json"]
    wanted: list[tuple[float, str]] = []
    refused: set[Form] = set()
    for item in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in item.split(";"))
        weight = _weight(parameters)
        if weight <= 0 and kind in _FORM:
            refused.add(_FORM[kind])
        elif weight > 0 and speaks_r4(parameters) and kind not in _SHORT | {"json"}:
            wanted.append((weight, kind))
    # Python's sort keeps the caller's own order among equals; a wildcard never beats a form named with the same weight.
    for _, kind in sorted(wanted, key=lambda one: (-one[0], "*" in one[1])):
        for form in _BY_WILDCARD.get(kind) or ((_FORM[kind],) if kind in _FORM else ()):
            if form not in refused:
                return form, kind.encode() if kind in ("application/xml", "text/xml") else MIME[form]
    raise NotAcceptable(_OFFERED)


def wishes_xml(query: str, accept: str | None) -> bool:
    """Whether a refusal should be told in XML; whatever cannot be understood here is told in JSON."""
    if "_format=" in query:
        value = unquote(query.partition("_format=")[2].partition("&")[0]).replace(" ", "+")
        return value.partition(";")[0].lower() in XML_TYPES
    if not accept or "xml" not in accept.lower():
        return False
    try:
        return accepted(accept)[0] == "xml"
    except NotAcceptable:
        return False


def speaks_r4(parameters: list[str]) -> bool:
    """False when the `fhirVersion` of a media type is not R4."""
    for parameter in parameters:
        name, _, value = parameter.replace(" ", "").partition("=")
        if name == "fhirversion" and value.strip('"') not in R4:
            return False
    return True


def check_content_type(sent: str | None, readable: frozenset[str] = FORMATS) -> str:
    """The media type of the body, without parameters. Raises `UnsupportedMediaType` when it is none of `readable`."""
    kind, *parameters = (part.strip() for part in (sent or "").lower().split(";"))
    good = kind in readable and speaks_r4(parameters)
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8", "us-ascii"):
            good = False
    if not good:
        said = " or ".join(sorted(name for name in readable if "/" in name))
        raise UnsupportedMediaType(f"The body's Content-Type must be {said}, FHIR 4.0, in UTF-8")
    return kind


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0
