"""Parameters resources as operations answer them. https://hl7.org/fhir/R4/parameters.html"""

from __future__ import annotations

from typing import Any

import msgspec

from osler.gateway.fhir.tree import text


def parameter(name: str, kind: str, value: Any) -> dict[str, Any]:
    """A parameter with a value: `kind` is the datatype as it stands in `valueString`."""
    return {"name": name, f"value{kind}": value}


def resource(name: str, body: bytes) -> dict[str, Any]:
    """A parameter that is a whole resource, in the bytes it is stored in."""
    return {"name": name, "resource": msgspec.Raw(body)}


def grouped(name: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """A parameter of parts."""
    return {"name": name, "part": parts}


def parameters(items: list[dict[str, Any]]) -> bytes:
    """The Parameters resource."""
    return text({"resourceType": "Parameters", "parameter": items} if items else {"resourceType": "Parameters"})
